"""Scores of a table's file: every row in order, resumable, and nothing lost."""

import csv
import dataclasses

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
import pytest

from tfvae.data.tables import files
from tfvae.pipelines.cli.app import main
from tfvae.pipelines.scoring import score_table
from tfvae.pipelines.scoring.table_scorer import TableScorer


def run(*arguments):
    assert main([str(argument) for argument in arguments]) == 0


def rejects_of(path):
    with path.open(newline="") as stream:
        return list(csv.DictReader(stream))


def test_all_rows_and_columns_are_kept_in_order(folder, scores):
    table = pa.parquet.read_table(folder / "new.parquet")
    assert scores.column("row").to_pylist() == list(range(300))
    assert scores.select(table.column_names).equals(table)
    assert scores.column_names[7:] == [
        "score", "p_value", "is_anomaly", "feature_1", "contribution_1", "feature_2", "contribution_2",
        "feature_3", "contribution_3",
    ]  # fmt: skip
    assert {7, 150} <= set(scores.filter(scores["is_anomaly"])["row"].to_pylist())


class Killed(Exception):
    """Stands for a signal that ends the process."""


def killed_after(calls, detector):
    """A detector whose function ends the command after some calls."""
    left, scorer = [calls], detector.scorer

    def function(values):
        left[0] -= 1
        if left[0] < 0:
            raise Killed
        return scorer._function(values)

    killed = TableScorer(scorer.table, scorer.features, function, scorer.top)
    return dataclasses.replace(detector, scorer=killed)


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_an_interrupted_command_continues_and_ends_in_the_same_bytes(folder, detector, tmp_path, suffix):
    data, output = folder / f"new.{suffix}", tmp_path / f"s.{suffix}"
    whole = score_table.score(detector, data, tmp_path / "whole" / f"s.{suffix}", part_rows=64)
    assert whole.resumed == 0
    for calls in (2, 1):
        with pytest.raises(Killed):
            score_table.score(killed_after(calls, detector), data, output, part_rows=64)
        assert not output.exists()
    summary = score_table.score(detector, data, output, part_rows=64)
    assert summary.resumed == 3 * 64
    assert (summary.rows, summary.scored, summary.rejected) == (300, 300, 0)
    assert output.read_bytes() == (tmp_path / "whole" / f"s.{suffix}").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == [f"s.{suffix}", "s.summary.json", "whole"]


@pytest.mark.parametrize("what", ["detector", "data", "top"])
def test_parts_of_another_job_are_not_continued(folder, detector, tmp_path, what):
    data = tmp_path / "new.csv"
    data.write_bytes((folder / "new.csv").read_bytes())
    with pytest.raises(Killed):
        score_table.score(killed_after(1, detector), data, tmp_path / "s.csv", part_rows=64)
    if what == "data":
        data.write_text(data.read_text() + data.read_text().splitlines()[-1] + "\n")
    scorer, identity = detector.scorer, "another" if what == "detector" else detector.identity
    scorer = TableScorer(scorer.table, scorer.features, scorer._function, 1 if what == "top" else 3)
    other = dataclasses.replace(detector, scorer=scorer, identity=identity)
    assert score_table.score(other, data, tmp_path / "s.csv", part_rows=64).resumed == 0


def test_rejects_at_the_edges_of_parts_are_counted_once(folder, detector, tmp_path):
    """Parts of 10 rows of which 9, 10, 19 and the last five are too short."""
    lines = (folder / "new.csv").read_text().splitlines()
    short = {9, 10, 19, *range(295, 300)}
    for row in short:
        lines[row + 1] = "x"
    data = tmp_path / "new.csv"
    data.write_text("\n".join(lines) + "\n")
    summary = score_table.score(detector, data, tmp_path / "s.csv", part_rows=10)
    assert (summary.rows, summary.scored, summary.rejected) == (300, 292, 8)
    rejects = rejects_of(tmp_path / "s.rejects.csv")
    assert {int(reject["row"]) for reject in rejects} == short
    assert summary.reasons == {"expected 6 fields": 8}


def test_a_table_of_rejects_alone(orders, detector, tmp_path):
    data = tmp_path / "new.csv"
    data.write_text(",".join(orders(1, 0).column_names) + "\n,,,,,\nx\n")
    summary = score_table.score(detector, data, tmp_path / "s.parquet")
    assert (summary.rows, summary.scored, summary.rejected) == (2, 0, 2)
    assert summary.reasons["no value in any column that is modeled"] == 1
    assert pa.parquet.read_table(tmp_path / "s.parquet").num_rows == 0


def test_the_parts_before_the_damage_of_a_file_are_kept(orders, detector, tmp_path, monkeypatch):
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
        score_table.score(detector, path, output, part_rows=500)
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
def test_tables_with_other_columns_are_rejected(folder, orders, tmp_path, capsys, change, message):
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
def test_wrong_arguments_are_rejected_at_once(folder, arguments, message, capsys):
    assert main([argument.replace("FOLDER", str(folder)) for argument in arguments]) == 2
    assert message in capsys.readouterr().err


def test_more_features_than_there_are_is_rejected(folder, tmp_path, capsys):
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
