"""`tfvae score` with a run: every row of any source, in order."""

import numpy as np
import pyarrow.csv
import pyarrow.parquet
import pytest

from tfvae.pipelines.cli.app import main


def _run(*arguments):
    assert main([str(argument) for argument in arguments]) == 0


def _table_rows(run):
    return np.concatenate([chunk["x"] for chunk in run.source().chunks()])


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_every_row_is_scored_in_order(table_run, table, tmp_path, suffix):
    output = tmp_path / f"scores.{suffix}"
    _run("score", table_run.path, table, "-o", output, "--samples", 30)
    read = {"csv": pyarrow.csv.read_csv, "parquet": pyarrow.parquet.read_table}[suffix]
    scores = read(output).to_pydict()
    assert list(scores) == ["row", "score", "standard_error", "negative_elbo"]
    x = table_run.preprocessing().transform(_table_rows(table_run))
    assert scores["row"] == list(range(len(x)))
    expected, error = table_run.model().log_likelihood_with_error(x, 30, 0)
    np.testing.assert_allclose(scores["score"], -expected, rtol=1e-4)
    np.testing.assert_allclose(scores["standard_error"], error, rtol=1e-3, atol=1e-6)
    assert np.mean(scores["negative_elbo"]) > np.mean(scores["score"])


def test_batches_are_joined(image_run, tmp_path):
    _run("score", image_run.path, "sklearn:digits", "-o", tmp_path / "s.csv", "--samples", 2)
    rows = pyarrow.csv.read_csv(tmp_path / "s.csv").column("row").to_pylist()
    assert rows == list(range(1797))


def test_a_bad_row_is_named_and_no_file_is_left(table_run, tmp_path, capsys):
    x = np.zeros((1200, 4))
    x[1100, 2] = np.nan
    np.save(tmp_path / "x.npy", x)
    output = tmp_path / "s.csv"
    assert main(["score", str(table_run.path), str(tmp_path / "x.npy"), "-o", str(output)]) == 1
    err = capsys.readouterr().err
    assert "rows from 1024" in err
    assert "example 76" in err
    assert [path.name for path in tmp_path.iterdir()] == ["x.npy"]
