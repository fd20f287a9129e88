"""Scores of a table's file: every row in order, resumable, and nothing lost."""

import csv
import dataclasses
import os
import subprocess
import sys

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
import pytest

from tfvae.core.errors import InvalidInput
from tfvae.data.tables import files
from tfvae.pipelines.cli.app import main
from tfvae.pipelines.scoring import score_table
from tfvae.pipelines.scoring.table_scorer import TableScorer


def run(*arguments):
    assert main([str(argument) for argument in arguments]) == 0


def rejects_of(path):
    with path.open(newline="", encoding="utf-8") as stream:
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
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        f"s.{suffix}",
        f"s.{suffix}.summary.json",
        "whole",
    ]


CELLS = [
    ("544157599796692941", "1.10", '"2024-03-01T09:00:00"', "web"),
    ('"007"', "1e3", "2024-03-01 09:00", '"store"'),
    (" x", "+5.", "NA", '"a ""b"", c"'),
    ('""', "NULL", "", "5 pieces"),
    ("=1+1", "0.1000000000000000055511151231257827", "2024-03-01", '"two\nlines"'),
    ("tr\N{LATIN SMALL LETTER U WITH DIAERESIS}b", "  2 ", "nan", "web "),
    ("-0.0", "00012", '"2024-03-01"', 'fair 5"'),
]


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_every_cell_of_a_csv_file_is_written_back_byte_for_byte(detector, tmp_path, line_end):
    header = '"order",shop,pieces,"price (EUR)",weight,day'
    records = [f"{key},{shop},1,{number},{number},{day}" for key, number, day, shop in CELLS]
    data, output = tmp_path / "new.csv", tmp_path / "s.csv"
    data.write_bytes(line_end.join([header, *records, ""]).encode())
    summary = score_table.score(detector, data, output)
    assert (summary.scored, summary.rejected) == (len(CELLS), 0)
    text = output.read_bytes().decode()
    assert text.startswith(f'"row",{header},"score","p_value","is_anomaly","feature_1"')
    for row, record in enumerate(records):
        assert f"\n{row},{record}," in text
    scored = pa.csv.read_csv(output, parse_options=pa.csv.ParseOptions(newlines_in_values=True))
    assert scored["row"].to_pylist() == list(range(len(CELLS)))
    assert scored["score"].null_count == scored["is_anomaly"].null_count == 0
    score_table.score(detector, data, tmp_path / "s.parquet")
    texts = pa.parquet.read_table(tmp_path / "s.parquet")
    assert texts["price (EUR)"].to_pylist() == [number for _, number, _, _ in CELLS]
    assert texts["order"].to_pylist() == [cell.strip('"') for cell, *_ in CELLS]
    assert texts["score"].equals(scored["score"].cast(pa.float32()))


def test_the_types_of_a_parquet_file_are_kept(orders, detector, tmp_path):
    many = {
        "long": pa.array([544157599796692941, None, 3]),
        "unsigned": pa.array([2**64 - 1, None, 3], pa.uint64()),
        "half": pa.array(np.array([1.5, 2, 3], np.float16)),
        "text": pa.array(["a", None, ""], pa.large_string()),
        "bytes": pa.array([b"\xff", None, b""]),
        "decimal": pa.array([1, None, 2], pa.decimal128(30, 4)),
        "date": pa.array([1, None, 3], pa.date32()),
        "when": pa.array([1, None, 3], pa.timestamp("ns", "Europe/Berlin")),
        "clock": pa.array([1, None, 3], pa.time64("us")),
        "lasting": pa.array([1, None, 3], pa.duration("us")),
        "listed": pa.array([[1.5], None, []]),
        "nested": pa.array([{"a": 1}, None, {"a": None}]),
        "named": pa.array(["x", None, "x"]).dictionary_encode(),
        "nothing": pa.nulls(3),
    }
    table = orders(3, 1)
    for name, column in many.items():
        table = table.append_column(name, column)
    pa.parquet.write_table(table, tmp_path / "new.parquet")
    score_table.score(detector, tmp_path / "new.parquet", tmp_path / "s.parquet", part_rows=2)
    expected = pa.parquet.read_table(tmp_path / "new.parquet")
    found = pa.parquet.read_table(tmp_path / "s.parquet").select(expected.column_names)
    assert found.schema.equals(expected.schema)
    assert found.to_pylist() == expected.to_pylist()


def test_an_impossible_output_is_rejected_before_the_work(orders, detector, tmp_path):
    table = orders(3, 1).append_column("tags", pa.array([["a"], [], None]))
    pa.parquet.write_table(table, tmp_path / "new.parquet")
    with pytest.raises(
        InvalidInput, match=r"--output: expected a .parquet file, .* column 'tags' holds list"
    ):
        score_table.score(killed_after(0, detector), tmp_path / "new.parquet", tmp_path / "s.csv")
    assert [path.name for path in tmp_path.iterdir()] == ["new.parquet"]


def test_one_bad_row_does_not_end_the_file(folder, detector, tmp_path):
    """A short row that is no UTF-8, a key that is none, and a row of two megabytes."""
    lines = (folder / "new.csv").read_bytes().splitlines()
    lines[6], lines[9] = b"\xff,1", b"1" * 2**21 + lines[9]
    lines[12] = b"\xff" + lines[12]
    data, output = tmp_path / "new.csv", tmp_path / "s.csv"
    data.write_bytes(b"\n".join(lines))
    summary = score_table.score(detector, data, output)
    assert (summary.rows, summary.scored, summary.rejected) == (300, 297, 3)
    rejects = rejects_of(tmp_path / "s.csv.rejects.csv")
    assert [(reject["row"], reject["line"]) for reject in rejects] == [("5", "7"), ("8", "10"), ("11", "13")]
    assert rejects[0]["text"] == "\N{REPLACEMENT CHARACTER},1"
    arguments = [data, "-o", tmp_path / "m.detector", "--epochs", 1]
    run("detector", "fit", *arguments)


@pytest.mark.slow
def test_the_rejects_are_utf8_in_any_locale(folder, detector, tmp_path):
    text = "\N{CJK UNIFIED IDEOGRAPH-4E2D}"
    data = tmp_path / "new.csv"
    data.write_text((folder / "new.csv").read_text() + text + "\n", encoding="utf-8")
    code = (
        "import sys; from pathlib import Path; from tfvae.pipelines.scoring import score_table;"
        "from tfvae.pipelines.scoring.loaded_detector import LoadedDetector as L;"
        "score_table.score(L.load(Path(sys.argv[1])), sys.argv[2], Path(sys.argv[3]))"
    )
    arguments = [folder / "served", data, tmp_path / "s.csv"]
    environment = {**os.environ, "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    environment |= {"TFVAE_LAZY_IMPORT": "1"}
    subprocess.run([sys.executable, "-c", code, *map(str, arguments)], check=True, env=environment)
    [reject] = rejects_of(tmp_path / "s.csv.rejects.csv")
    assert reject["text"] == text


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
    rejects = rejects_of(tmp_path / "s.csv.rejects.csv")
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


def formula_table(tmp_path, suffix):
    """A table with formulas in its cells and in a name, and a CSV file's row that is rejected."""
    columns = {
        "order": ["=cmd()", "+A1", "-7", "a=b"],
        "shop": ["@x", "web", "\t1", "a,=b"],
        "pieces": [1, 2, 3, 4],
        "price (EUR)": [-1.5, 2.0, 3.0, 4.0],
        "weight": [1.0, 2.0, None, 4.0],
        "day": ["2024-03-01"] * 4,
        "=name": ["-1-1", "", "-1e5", "x"],
    }
    data = tmp_path / f"new.{suffix}"
    if suffix == "parquet":
        pa.parquet.write_table(pa.table(columns), data)
    else:
        pa.csv.write_csv(pa.table(columns), data)
        data.write_text(data.read_text() + "=short,1\n")
    return data


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_formulas_in_a_csv_file_are_escaped_on_demand(folder, detector, tmp_path, suffix):
    data, plain, output = formula_table(tmp_path, suffix), tmp_path / "plain.csv", tmp_path / "s.csv"
    score_table.score(detector, data, plain)
    run("score", folder / "served", data, "-o", output, "--escape-formulas")
    rows, escaped = rejects_of(plain), rejects_of(output)
    assert rows[0]["order"] == "=cmd()"
    changed = {
        (row, name): (before[name], after[name if name in after else f"'{name}"])
        for row, (before, after) in enumerate(zip(rows, escaped, strict=True))
        for name in before
        if before[name] != after[name if name in after else f"'{name}"]
    }
    expected = {(0, "order"): "=cmd()", (1, "order"): "+A1", (0, "shop"): "@x", (2, "shop"): "\t1"}
    expected |= {(0, "=name"): "-1-1"}
    assert changed == {place: (cell, f"'{cell}") for place, cell in expected.items()}
    assert "'=name" in escaped[0]
    if suffix == "csv":
        [reject] = rejects_of(tmp_path / "s.csv.rejects.csv")
        assert reject["text"] == "'=short,1"


def test_formulas_in_a_parquet_file_are_unchanged(detector, tmp_path):
    data = formula_table(tmp_path, "parquet")
    score_table.score(detector, data, tmp_path / "s.parquet", escape_formulas=True)
    table = pa.parquet.read_table(data)
    assert pa.parquet.read_table(tmp_path / "s.parquet").select(table.column_names).equals(table)


def test_a_column_of_bytes_is_rejected_for_a_csv_file_before_the_work(detector, folder, tmp_path):
    table = pa.parquet.read_table(folder / "new.parquet")
    data = tmp_path / "a.parquet"
    pa.parquet.write_table(table.append_column("bytes", pa.array([b"\xff"] * len(table))), data)
    with pytest.raises(InvalidInput, match=r"--output: expected a .parquet file, .* 'bytes'"):
        score_table.score(detector, data, tmp_path / "s.csv")
    assert [path.name for path in tmp_path.iterdir()] == ["a.parquet"]
    score_table.score(detector, data, tmp_path / "s.parquet")
    assert set(pa.parquet.read_table(tmp_path / "s.parquet")["bytes"].to_pylist()) == {b"\xff"}


@pytest.mark.parametrize("name", ["s.csv", "s.parquet"])
def test_string_views_score_as_strings(detector, folder, tmp_path, name):
    table = pa.parquet.read_table(folder / "new.parquet")
    views = [
        field.with_type(pa.string_view()) if field.type == pa.string() else field for field in table.schema
    ]
    assert pa.schema(views) != table.schema
    pa.parquet.write_table(table.cast(pa.schema(views)), tmp_path / "a.parquet")
    score_table.score(detector, folder / "new.parquet", tmp_path / f"plain-{name}")
    score_table.score(detector, tmp_path / "a.parquet", tmp_path / name)
    if name == "s.csv":
        assert (tmp_path / name).read_bytes() == (tmp_path / f"plain-{name}").read_bytes()
    else:
        plain = pa.parquet.read_table(tmp_path / f"plain-{name}")
        assert pa.parquet.read_table(tmp_path / name).equals(plain)


@pytest.mark.parametrize("escape", [False, True])
def test_a_byte_order_mark_is_written_again(detector, folder, tmp_path, escape):
    text = (folder / "new.csv").read_bytes()
    for name, mark in (("plain", b""), ("marked", b"\xef\xbb\xbf")):
        (tmp_path / f"{name}.csv").write_bytes(mark + text)
        output = tmp_path / f"{name}.scored.csv"
        score_table.score(detector, tmp_path / f"{name}.csv", output, escape_formulas=escape)
    plain = (tmp_path / "plain.scored.csv").read_bytes()
    assert (tmp_path / "marked.scored.csv").read_bytes() == b"\xef\xbb\xbf" + plain


def test_what_a_reject_keeps(detector, folder, tmp_path):
    """At most 200 characters of a line of a CSV file; of a Parquet file no cells."""
    line = "\N{GRINNING FACE}" * 300
    (tmp_path / "a.csv").write_bytes((folder / "new.csv").read_bytes() + line.encode() + b"\n")
    score_table.score(detector, tmp_path / "a.csv", tmp_path / "s.csv")
    assert [reject["text"] for reject in rejects_of(tmp_path / "s.csv.rejects.csv")] == [line[:200]]
    table = pa.parquet.read_table(folder / "new.parquet")
    days = pa.array(["never", *table["day"].to_pylist()[1:]])
    index = table.column_names.index("day")
    pa.parquet.write_table(table.set_column(index, "day", days), tmp_path / "a.parquet")
    score_table.score(detector, tmp_path / "a.parquet", tmp_path / "p.csv")
    [reject] = rejects_of(tmp_path / "p.csv.rejects.csv")
    assert (reject["row"], reject["text"]) == ("0", "")
