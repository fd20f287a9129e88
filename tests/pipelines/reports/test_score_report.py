"""The report of a scored table: its numbers are those of the table, and it is self-contained."""

import contextlib
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
from scipy.stats import ks_2samp

from tfvae.core.errors import UnreadableFile
from tfvae.pipelines.cli.app import main
from tfvae.pipelines.reports.score_report import gather, ks_distance, render
from tfvae.pipelines.reports.score_summary import ScoreSummary

ROWS = 500
EVIL = "<b>&price</b>"


@pytest.fixture
def scored(tmp_path):
    """The files of `tfvae score`, written by hand: one column shifted, the other did not."""
    g = np.random.default_rng(0)
    score = g.normal(10, 1, ROWS).astype("float32")
    score[[3, 70]] = 50, 40
    table = pa.table(
        {
            "row": np.arange(ROWS),
            "id": [f"k{i}" for i in range(ROWS)],
            EVIL: np.arange(ROWS) * 1.5,
            "town": ["Ulm"] * ROWS,
            "score": score,
            "p_value": np.full(ROWS, 0.25, "float32"),
            "is_anomaly": score > 13,
            "feature_1": [EVIL] * ROWS,
            "contribution_1": score - 1,
            "feature_2": ["town"] * ROWS,
            "contribution_2": np.full(ROWS, 1, "float32"),
        }
    )
    pa.parquet.write_table(table, tmp_path / "s.parquet")
    pa.csv.write_csv(table, tmp_path / "s.csv")
    for name in ("s.csv", "s.parquet"):
        rejects = "row,line,reason,text\n500,502,expected 3 fields,<script>\n"
        (tmp_path / f"{name}.rejects.csv").write_text(rejects)
    columns = [{"name": "id", "kind": "key"}, {"name": EVIL, "kind": "real"}]
    detector = {
        "schema": {"columns": [*columns, {"name": "town", "kind": "category", "values": ["Ulm", "Bonn"]}]},
        "features": [EVIL, "town"],
        "training": [
            {"edges": [0.0], "shares": [0.5, 0.5, 0.0, 0.0]},
            {"edges": [], "shares": [0.5, 0.5, 0.0, 0.0]},
        ],
        "threshold": 13.0,
        "scores": np.quantile(g.normal(10, 1, 1000), np.linspace(0, 1, 201)).tolist(),
        "above": 0.01,
    }
    summary = {
        "data": "new.csv", "rows": ROWS + 1, "scored": ROWS, "rejected": 1,
        "anomalies": int((score > 13).sum()), "reasons": {"expected 3 fields": 1},
        "rejects": str(tmp_path / "s.csv.rejects.csv"), "detector": detector,
        "counts": {EVIL: [250, 250, 0, 0], "town": [400, 0, 100, 0]},
    }  # fmt: skip
    for name in ("s.csv", "s.parquet"):
        (tmp_path / f"{name}.summary.json").write_text(json.dumps(summary))
    return tmp_path


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_the_highest_scores_come_first_with_the_rows_own_values(scored, suffix):
    contents = gather(scored / f"s.{suffix}")
    first, second = contents.top_rows[:2]
    assert (first.row, first.keys, first.score, first.is_anomaly) == (3, ("k3",), 50, True)
    assert [(part.name, part.value) for part in first.contributions] == [(EVIL, "4.5"), ("town", "Ulm")]
    assert first.contributions[1].share == pytest.approx(1 / 49)
    assert second.row == 70
    scores = [anomaly.score for anomaly in contents.top_rows]
    assert scores == sorted(scores, reverse=True)
    assert len(scores) == 20


def test_drift_is_listed_by_column_most_shifted_first(scored):
    town, price = gather(scored / "s.parquet").drift
    assert (town.name, town.verdict, town.change) == ("town", "shifted", "Bonn: 50.0% to 0.0%")
    assert (price.index, price.verdict, price.change) == (0.0, "stable", "none")
    least = 0.5 / ROWS
    expected = sum((a - e) * np.log(a / e) for e, a in [(0.5, 0.8), (0.5, least), (least, 0.2)])
    assert town.index == pytest.approx(expected)


def test_results_are_those_of_the_summary(scored):
    contents = gather(scored / "s.parquet")
    values = {row.name: row.value for row in contents.results}
    scores = pa.parquet.read_table(scored / "s.parquet")["score"].to_numpy()
    assert values["Anomalies"] == str((scores > 13).sum())
    assert values["Rejected"] == "1"
    assert values["Expected"] == "1.00%"
    assert contents.reasons == {"expected 3 fields": 1}
    assert contents.rejects[0]["line"] == "502"


def test_the_distance_is_that_of_kolmogorov_and_smirnov():
    g = np.random.default_rng(1)
    first, second = g.normal(size=80), g.normal(0.3, 2, size=50)
    assert ks_distance(first, second) == pytest.approx(ks_2samp(first, second).statistic)


def test_the_page_is_self_contained_and_escapes_text_from_the_table(scored):
    page = render(gather(scored / "s.csv"))
    assert not re.search(r"https?:|<script|<b>|<link|@import", page)
    assert page.count("&lt;b&gt;&amp;price&lt;/b&gt;") > 20
    assert "&lt;script&gt;" in page
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    assert page.count("<svg ") == 3
    assert page == render(gather(scored / "s.csv"))


def test_the_command_writes_the_report_beside_the_table(scored, capsys):
    assert main(["detector", "report", str(scored / "s.parquet")]) == 0
    assert capsys.readouterr().out.strip() == str(scored / "s.parquet.html")
    assert "Scores of new.csv" in (scored / "s.parquet.html").read_text()


def test_the_command_starts_no_tensorflow(scored):
    code = (
        "import sys; from tfvae.pipelines.cli.app import main;"
        f"assert main(['detector', 'report', {str(scored / 's.csv')!r}]) == 0;"
        "assert not {'tensorflow', 'keras'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, env={**os.environ, "TFVAE_LAZY_IMPORT": "1"})


def test_no_row_has_a_score(scored):
    empty = pa.parquet.read_table(scored / "s.parquet").slice(0, 0)
    pa.parquet.write_table(empty, scored / "s.parquet")
    summary = json.loads((scored / "s.parquet.summary.json").read_text())
    summary |= {"scored": 0, "anomalies": 0, "counts": {EVIL: [0] * 4, "town": [0] * 4}}
    (scored / "s.parquet.summary.json").write_text(json.dumps(summary))
    contents = gather(scored / "s.parquet")
    assert contents.histogram is None
    assert not contents.top_rows
    assert "Highest scores" not in render(contents)


def test_missing_and_damaged_files_are_named(scored, tmp_path):
    with pytest.raises(UnreadableFile, match=r"none.parquet.summary.json: expected the summary"):
        gather(tmp_path / "none.parquet")
    (scored / "s.parquet").write_bytes(b"PAR1")
    with pytest.raises(UnreadableFile, match=r"s.parquet: expected a file of `tfvae score`"):
        gather(scored / "s.parquet")


def test_a_large_csv_file_may_hold_anything_in_its_other_columns(scored):
    """A column of numbers that ends in texts after the first blocks, cells with line ends, no UTF-8."""
    lines = [b'"row","id","town",a,score,p_value,is_anomaly,feature_1,contribution_1']
    number = 60_000
    for row in range(number):
        cell = b"1" if row < number - 2 else b'"two\nlines"'
        key = b"k\xff" if row == number - 1 else b"k" * 20
        lines.append(b"%d,%s,Ulm,%s,%d.5,0.5,false,town,1.5" % (row, key, cell, row % 1000))
    lines.append(b'%d,"k,""1""",Ulm,,99999,0.001,true,town,inf' % number)
    lines.append(b"%d,,Ulm,,inf,0.001,true,,inf" % (number + 1))
    (scored / "s.csv").write_bytes(b"\r\n".join(lines))
    assert (scored / "s.csv").stat().st_size > 3 * 2**20
    contents = gather(scored / "s.csv")
    first, second = contents.top_rows[:2]
    assert (first.row, first.score, first.keys, first.contributions) == (number + 1, np.inf, ("missing",), ())
    assert (second.row, second.keys, second.is_anomaly) == (number, ('k,"1"',), True)
    assert [(part.value, part.share) for part in second.contributions] == [("Ulm", 1.0)]
    render(contents)


@pytest.mark.parametrize(
    "names", [("$100", "50$"), (r"\frac{$x$}{", "$$"), ("\N{CJK UNIFIED IDEOGRAPH-4E2D}", "_hidden")]
)
@pytest.mark.filterwarnings("error")
def test_names_are_drawn_as_they_are(scored, names):
    """Dollar signs begin no formula; characters that Matplotlib's font lacks are the page's to draw."""
    path = scored / "s.parquet.summary.json"
    summary = json.loads(path.read_text())
    summary["detector"]["schema"]["columns"][2]["values"] = list(names)
    path.write_text(json.dumps(summary))
    charts = "".join(chart.markup for chart in gather(scored / "s.parquet").charts)
    for name in names:
        assert f">{name}<" in charts


def damaged(values, generator):
    """Yield copies of JSON values in each of which one value, anywhere, is another or missing."""
    others = [None, "", -1, 1.5, float("nan"), True, [], {}, "x", [[]], 10**400]

    def places(part):
        inner = part.items() if isinstance(part, dict) else enumerate(part) if isinstance(part, list) else ()
        for key, value in inner:
            yield part, key
            yield from places(value)

    for index in range(len(list(places(values)))):
        for other in generator.permutation(len(others))[:3].tolist():
            copy = json.loads(json.dumps(values))
            part, key = list(places(copy))[index]
            part[key] = others[other]
            yield copy
        copy = json.loads(json.dumps(values))
        part, key = list(places(copy))[index]
        del part[key]
        yield copy


def test_a_summary_damaged_by_hand_is_named(scored):
    """Whatever is changed in it: a report, or an error in one line."""
    path = scored / "s.parquet.summary.json"
    summary = json.loads(path.read_text())
    summary["detector"]["scores"] = summary["detector"]["scores"][::50]
    errors = 0
    for copy in damaged(summary, np.random.default_rng(0)):
        path.write_text(json.dumps(copy))
        with contextlib.suppress(UnreadableFile):
            ScoreSummary.read(scored / "s.parquet")
            continue
        errors += 1
        with pytest.raises(UnreadableFile, match=rf"^{path}: [^\n]*$"):
            ScoreSummary.read(scored / "s.parquet")
    assert errors > 50
    for text in ("", "[]", "1", '"a"', "{}", "[" * 100_000, "\x00", '{"detector": 1}'):
        path.write_text(text)
        with pytest.raises(UnreadableFile):
            ScoreSummary.read(scored / "s.parquet")


@pytest.mark.parametrize("column", ["row", "score", "p_value", "is_anomaly"])
def test_a_table_that_was_not_scored_is_named(scored, column):
    table = pa.parquet.read_table(scored / "s.parquet")
    pa.parquet.write_table(table.drop_columns([column]), scored / "s.parquet")
    with pytest.raises(UnreadableFile, match=f"s.parquet: .* no column '{column}'"):
        gather(scored / "s.parquet")
