"""From a table's file to decisions: every row has its place, whatever stops the run and however it is cut."""

import csv
import json
import os
import re
import subprocess
import sys

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
import pytest

from tfvae.anomaly import VAEDetector
from tfvae.data.tables import files
from tfvae.data.tables.files import table_file
from tfvae.pipelines.cli.app import main
from tfvae.pipelines.scoring import batch_scorer, detector_export, score_command, score_table, table_detector
from tfvae.pipelines.scoring.batch_scorer import BatchScorer

SHOPS = ("web", "store", "fair")


def orders(rows, seed, odd=()):
    """Orders with numbers, categories, dates and gaps; those numbered in `odd` cost fifty times more."""
    g = np.random.default_rng(seed)
    days = np.datetime64("2024-03-01T09:00:00") + (g.integers(0, 200, rows) * 86400).astype("timedelta64[s]")
    pieces = g.poisson(3, rows)
    price = np.exp(g.normal(2, 0.3, rows)) * (1 + pieces)
    price[list(odd)] *= 50
    return pa.table(
        {
            "order": [f"{seed}-{i:05d}" for i in range(rows)],
            "shop": g.choice(SHOPS, rows),
            "pieces": pieces,
            "price (EUR)": price.round(2),
            "weight": pa.array(g.normal(5 + pieces, 1).round(3), mask=g.random(rows) < 0.1),
            "day": np.datetime_as_string(days),
        }
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A fitted detector, its export, and a table to score as CSV and Parquet."""
    folder = tmp_path_factory.mktemp("orders")
    pa.csv.write_csv(orders(600, 0), folder / "train.csv")
    new = orders(300, 1, odd=(7, 150))
    pa.csv.write_csv(new, folder / "new.csv")
    pa.parquet.write_table(new, folder / "new.parquet")
    code = main(
        ["detector", "fit", str(folder / "train.csv"), "-o", str(folder / "m.detector"), "--epochs", "30"]
    )
    assert code == 0
    assert main(["detector", "export", str(folder / "m.detector"), str(folder / "served")]) == 0
    return folder


@pytest.fixture(scope="module")
def opened(folder):
    return score_command.opened(folder / "served", None)


@pytest.fixture(scope="module")
def scores(folder, opened):
    """The table's scores by the exported detector."""
    output = folder / "expected" / "s.parquet"
    score_table.score(*opened[:2], "m", folder / "new.parquet", output)
    return pa.parquet.read_table(output)


def run(*arguments):
    assert main([str(argument) for argument in arguments]) == 0


def rejects_of(path):
    with path.open(newline="") as stream:
        return list(csv.DictReader(stream))


def test_the_worked_example(folder, tmp_path, capsys):
    """What a user types: a schema, edited; a fit; a table with anomalies and bad lines; new normal rows."""
    schema = tmp_path / "schema.json"
    run("detector", "schema", folder / "train.csv", "-o", schema)
    kinds = {column["name"]: column["kind"] for column in json.loads(schema.read_text())["columns"]}
    told = {"order": "key", "shop": "category", "weight": "real", "day": "date"}
    assert kinds == told | {name: kinds[name] for name in ("pieces", "price (EUR)")}
    edited = {"columns": [{"name": "price (EUR)", "kind": "positive"}, {"name": "pieces", "kind": "count"}]}
    schema.write_text(json.dumps(edited))
    model = tmp_path / "orders.detector"
    run("detector", "fit", folder / "train.csv", "-o", model, "--schema", schema,
        "--false-positive-rate", 0.02)  # fmt: skip
    assert "price (EUR)  positive" in capsys.readouterr().out
    table = orders(400, 2, odd=(10, 20))
    pa.csv.write_csv(table, tmp_path / "new.csv")
    lines = (tmp_path / "new.csv").read_text().splitlines()
    lines[101] = "only,three,fields"
    lines[201] = lines[201].rsplit(",", 1)[0] + ",someday"
    lines[301] = lines[301].replace("web", "Mars").replace("store", "Mars").replace("fair", "Mars")
    (tmp_path / "new.csv").write_text("\n".join(lines))
    output = tmp_path / "scored.csv"
    run("score", model, tmp_path / "new.csv", "-o", output)
    said = capsys.readouterr().out
    assert "400 rows = 398 scored + 2 rejected" in said
    assert "rejected 1: expected 6 fields\n" in said
    assert "rejected 1: column 'day': expected a date\n" in said
    scored = pa.csv.read_csv(output).to_pydict()
    assert scored["row"] == [row for row in range(400) if row not in (100, 200)]
    assert scored["order"] == [f"2-{row:05d}" for row in scored["row"]]
    rejects = rejects_of(tmp_path / "scored.rejects.csv")
    assert [(reject["row"], reject["line"]) for reject in rejects] == [("100", "102"), ("200", "202")]
    assert rejects[0]["text"] == "only,three,fields"
    by_score = np.argsort(scored["score"])[::-1]
    assert {scored["row"][place] for place in by_score[:3]} == {10, 20, 300}
    for place in by_score[:3]:
        expected = "shop" if scored["row"][place] == 300 else "price (EUR)"
        assert scored["feature_1"][place] == expected
        assert scored["is_anomaly"][place]
        assert scored["p_value"][place] < 0.02
    capsys.readouterr()
    run("detector", "recalibrate", model, folder / "train.csv")
    assert re.search(r"the scores have moved by [+-]\d+\.\d\d in the median", capsys.readouterr().out)
    again = table_detector.load(model).scorer_.calibration
    assert again.scores.shape == (600,)
    run("detector", "report", output)
    assert "<h1>" in output.with_suffix(".html").read_text()


def described(layer):
    """A layer's configuration without the numbers of Keras's automatic names."""
    return re.sub(r"(?<=[a-z])_\d+'", "'", repr(layer.get_config()))


def test_a_table_of_numbers_alone_has_the_default_detector(tmp_path):
    rows = np.random.default_rng(0).normal(size=(200, 3))
    np.savetxt(tmp_path / "t.csv", rows, delimiter=",", header="a,b,c", comments="")
    fitted = table_detector.fit(tmp_path / "t.csv", tmp_path / "t.detector", epochs=1).detector
    expected = VAEDetector(epochs=1).fit(rows)
    for part in ("score", "model"):
        assert described(getattr(fitted.scorer_, part)) == described(getattr(expected.scorer_, part))


def test_every_row_key_and_column_in_order(folder, scores):
    table = pa.parquet.read_table(folder / "new.parquet")
    assert scores.column("row").to_pylist() == list(range(300))
    assert scores.select(table.column_names).equals(table)
    assert scores.column_names[7:] == [
        "score", "p_value", "is_anomaly", "feature_1", "contribution_1", "feature_2", "contribution_2",
        "feature_3", "contribution_3",
    ]  # fmt: skip
    assert {7, 150} <= set(scores.filter(scores["is_anomaly"])["row"].to_pylist())


def test_one_score_in_python_from_the_command_and_from_the_export(folder, scores, tmp_path):
    run("score", folder / "m.detector", folder / "new.csv", "-o", tmp_path / "csv.parquet")
    from_text = pa.parquet.read_table(tmp_path / "csv.parquet")
    for name in scores.column_names[7:]:
        assert from_text[name].equals(scores[name])
    scorer = table_detector.load(folder / "m.detector").scorer_
    raw = scorer.preprocessing.raw_table().read(next(table_file(folder / "new.parquet").rows()).batch)
    found = scorer.explain_arrays(raw.values)
    values, contributions = found["score"], found["attribution"]
    assert values.tobytes() == scores["score"].to_numpy().tobytes()
    np.testing.assert_allclose(contributions.sum(axis=1), values, rtol=1e-4)
    assert contributions.max(axis=1).tobytes() == scores["contribution_1"].to_numpy().tobytes()


@pytest.mark.parametrize("rows", [1, 37, 300])
def test_one_score_in_any_batches(folder, opened, scores, rows):
    """As Spark's mapInArrow, a Dask partition or a pool of processes would cut them."""
    batches = (
        pa.parquet.read_table(folder / "new.parquet").slice(0, 111 if rows == 1 else 300).to_batches(rows)
    )
    found = pa.Table.from_batches(opened[0].score(batches))
    assert found["rejected"].null_count == len(found)
    for name in scores.column_names[1:]:
        assert found[name].combine_chunks().equals(scores[name].combine_chunks().slice(0, len(found)))


def test_batches_keep_the_rows_that_cannot_be_read(opened):
    batch = (
        orders(4, 1)
        .set_column(4, "weight", pa.array(["1.0", "heavy", "", "2"]))
        .combine_chunks()
        .to_batches()[0]
    )
    [found] = opened[0].score([batch])
    assert found.column("order").equals(batch.column("order"))
    reason = "column 'weight': expected a number, found 'heavy'"
    assert found.column("rejected").to_pylist() == [None, reason, None, None]
    assert [score is None for score in found.column("score").to_pylist()] == [False, True, False, False]
    [found] = opened[0].score([batch.slice(1, 1)])
    assert found.column("feature_1").to_pylist() == [None]


def test_an_export_is_used_without_the_models(folder, tmp_path):
    """In a process of its own, in which Keras and TensorFlow Probability cannot be imported."""
    code = (
        "import sys; absent = ('keras', 'tf_keras', 'tensorflow_probability');"
        "sys.modules |= dict.fromkeys(absent);"
        "import pyarrow.parquet as pq; from tfvae.pipelines.scoring import batch_scorer;"
        f"batches = pq.read_table({str(folder / 'new.parquet')!r}).to_batches();"
        f"found = list(batch_scorer.load({str(folder / 'served')!r}).score(batches));"
        "assert sum(map(len, found)) == 300"
    )
    lazily = {**os.environ, "TFVAE_LAZY_IMPORT": "1"}
    subprocess.run([sys.executable, "-c", code], check=True, env=lazily)


POOL = """
import functools, multiprocessing, sys
from concurrent.futures import ProcessPoolExecutor
import pyarrow as pa, pyarrow.parquet
from tfvae.pipelines.scoring import batch_scorer

@functools.cache
def scorer(path):
    return batch_scorer.load(path)

def scored(path, batch):
    return next(scorer(path).score([batch]))

if __name__ == "__main__":
    path, data, output = sys.argv[1:]
    batches = pa.parquet.read_table(data).to_batches(max_chunksize=70)
    with ProcessPoolExecutor(2, multiprocessing.get_context("spawn")) as pool:
        parts = pool.map(functools.partial(scored, path), batches)
        pa.parquet.write_table(pa.Table.from_batches(parts), output)
"""


@pytest.mark.slow
def test_a_pool_of_processes_takes_a_few_lines(folder, scores, tmp_path):
    """A script of its own, whose processes are as those of Dask and Ray."""
    (tmp_path / "pool.py").write_text(POOL)
    arguments = [tmp_path / "pool.py", folder / "served", folder / "new.parquet", tmp_path / "o.parquet"]
    subprocess.run([sys.executable, *map(str, arguments)], check=True)
    found = pa.parquet.read_table(tmp_path / "o.parquet")
    for name in scores.column_names[1:]:
        assert found[name].combine_chunks().equals(scores[name].combine_chunks())


class Killed(Exception):
    """In the place of a signal that ends the process."""


def killed_after(calls, scorer):
    """A scorer whose function ends the run after some calls."""
    left = [calls]

    def function(values):
        left[0] -= 1
        if left[0] < 0:
            raise Killed
        return scorer._function(values)

    return BatchScorer(scorer.table, scorer.features, function, scorer.top)


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_a_run_that_stopped_goes_on_and_ends_in_the_same_bytes(folder, opened, tmp_path, suffix):
    scorer, about, _ = opened
    data, output = folder / f"new.{suffix}", tmp_path / f"s.{suffix}"
    whole = score_table.score(scorer, about, "m", data, tmp_path / "whole" / f"s.{suffix}", part_rows=64)
    assert whole.resumed == 0
    for calls in (2, 1):
        with pytest.raises(Killed):
            score_table.score(killed_after(calls, scorer), about, "m", data, output, part_rows=64)
        assert not output.exists()
    summary = score_table.score(scorer, about, "m", data, output, part_rows=64)
    assert summary.resumed == 3 * 64
    assert (summary.rows, summary.scored, summary.rejected) == (300, 300, 0)
    assert output.read_bytes() == (tmp_path / "whole" / f"s.{suffix}").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == [f"s.{suffix}", "s.summary.json", "whole"]


@pytest.mark.parametrize("what", ["detector", "data", "top"])
def test_parts_of_other_work_are_not_continued(folder, opened, tmp_path, what):
    scorer, about, _ = opened
    data = tmp_path / "new.csv"
    data.write_bytes((folder / "new.csv").read_bytes())
    with pytest.raises(Killed):
        score_table.score(killed_after(1, scorer), about, "m", data, tmp_path / "s.csv", part_rows=64)
    if what == "data":
        data.write_text(data.read_text() + data.read_text().splitlines()[-1] + "\n")
    other = BatchScorer(scorer.table, scorer.features, scorer._function, 1 if what == "top" else 3)
    identity = "another" if what == "detector" else "m"
    assert score_table.score(other, about, identity, data, tmp_path / "s.csv", part_rows=64).resumed == 0


def test_rejects_at_the_edges_of_parts_are_counted_once(folder, opened, tmp_path):
    """Parts of 10 rows of which 9, 10, 19 and the last five are too short."""
    lines = (folder / "new.csv").read_text().splitlines()
    short = {9, 10, 19, *range(295, 300)}
    for row in short:
        lines[row + 1] = "x"
    data = tmp_path / "new.csv"
    data.write_text("\n".join(lines) + "\n")
    summary = score_table.score(*opened[:2], "m", data, tmp_path / "s.csv", part_rows=10)
    assert (summary.rows, summary.scored, summary.rejected) == (300, 292, 8)
    rejects = rejects_of(tmp_path / "s.rejects.csv")
    assert {int(reject["row"]) for reject in rejects} == short
    assert summary.reasons == {"expected 6 fields": 8}


def test_a_table_of_rejects_alone(folder, opened, tmp_path):
    data = tmp_path / "new.csv"
    data.write_text(",".join(orders(1, 0).column_names) + "\n,,,,,\nx\n")
    summary = score_table.score(*opened[:2], "m", data, tmp_path / "s.parquet")
    assert (summary.rows, summary.scored, summary.rejected) == (2, 0, 2)
    assert summary.reasons["no value in any column that is modeled"] == 1
    assert pa.parquet.read_table(tmp_path / "s.parquet").num_rows == 0


def test_a_damaged_file_keeps_what_was_done(folder, opened, tmp_path, monkeypatch):
    monkeypatch.setattr(files, "_BATCH_ROWS", 500)
    path = tmp_path / "new.parquet"
    pa.parquet.write_table(
        orders(3000, 1), path, row_group_size=500, use_dictionary=False, write_page_checksum=True
    )
    data = bytearray(path.read_bytes())
    data[len(data) * 3 // 4] ^= 255
    path.write_bytes(data)
    output = tmp_path / "s.parquet"
    with pytest.raises(OSError, match=r"new.parquet: .* reading failed after \d+ rows"):
        score_table.score(*opened[:2], "m", path, output, part_rows=500)
    assert not output.exists()
    assert len(list((tmp_path / "s.parquet.parts").glob("part-*"))) >= 1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t.drop_columns(["weight"]), "a column 'weight', as in training, received no such column"),
        (
            lambda t: t.rename_columns([name.upper() for name in t.column_names]),
            "a column 'shop' (and 4 more), as in training, received unknown ones: 'ORDER', 'SHOP'",
        ),
        (lambda t: t.append_column("score", t["weight"]), "no column with a name that is added"),
        (lambda t: t.slice(0, 0), "expected at least one row, but it holds none"),
    ],
)
def test_tables_that_do_not_fit_are_refused_by_the_column(folder, tmp_path, capsys, change, message):
    pa.parquet.write_table(change(orders(5, 1)), tmp_path / "t.parquet")
    code = main(
        ["score", str(folder / "m.detector"), str(tmp_path / "t.parquet"), "-o", str(tmp_path / "s.csv")]
    )
    error = capsys.readouterr().err
    assert code == 1
    assert message in error
    assert [path.name for path in tmp_path.iterdir()] == ["t.parquet"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("score", "none.detector", "t.csv", "-o", "s.csv"), "MODEL: expected a .detector file"),
        (("score", "FOLDER/m.detector", "none.csv", "-o", "s.csv"), "none.csv"),
        (("score", "FOLDER/m.detector", "FOLDER/new.csv", "-o", "s.txt"), "--output: expected"),
        (("score", "FOLDER/m.detector", "FOLDER/new.csv", "-o", "s.csv", "--samples", "3"), "--samples"),
        (("detector", "fit", "FOLDER/new.csv", "-o", "m.keras"), "--output"),
        (
            ("detector", "fit", "FOLDER/new.csv", "-o", "m.detector", "--contamination", "0.7"),
            "--contamination",
        ),
        (("detector", "fit", "none.csv", "-o", "m.detector"), "none.csv"),
        (("detector", "fit", "FOLDER/new.csv", "-o", "m.detector", "--schema", "none.json"), "none.json"),
    ],
)
def test_wrong_arguments_are_refused_at_once(folder, arguments, message, capsys):
    assert main([argument.replace("FOLDER", str(folder)) for argument in arguments]) == 2
    assert message in capsys.readouterr().err


def test_too_many_features_asked_for(folder, tmp_path, capsys):
    arguments = [
        "score",
        str(folder / "m.detector"),
        str(folder / "new.csv"),
        "-o",
        str(tmp_path / "s.csv"),
        "--top",
    ]
    assert main([*arguments, "9"]) == 1
    assert "top: expected an integer from 0 to 5, the number of features" in capsys.readouterr().err
    run(*arguments, 0)
    assert pa.csv.read_csv(tmp_path / "s.csv").column_names[-1] == "is_anomaly"


def test_a_detector_of_arrays_is_refused(tmp_path, capsys):
    from tfvae.anomaly import VAEDetector

    VAEDetector(epochs=1).fit(np.random.default_rng(0).normal(size=(50, 2))).save(tmp_path / "a.detector")
    (tmp_path / "t.csv").write_text("a,b\n1,2\n")
    assert (
        main(["score", str(tmp_path / "a.detector"), str(tmp_path / "t.csv"), "-o", str(tmp_path / "s.csv")])
        == 1
    )
    assert "expected a detector fitted to a table" in capsys.readouterr().err


def test_the_version_of_an_export_must_be_free(folder):
    fitted = table_detector.load(folder / "m.detector")
    with pytest.raises(ValueError, match="version: expected one that is not there yet"):
        detector_export.export(fitted, folder / "served", 1)


def test_folders_that_are_no_export(tmp_path):
    for message in ("there is no such folder", "it holds no saved_model.pb"):
        with pytest.raises(OSError, match=message):
            batch_scorer.load(tmp_path / "m")
        (tmp_path / "m").mkdir(exist_ok=True)
