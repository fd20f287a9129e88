"""Detectors of tables: fitted, recalibrated, loaded; from a schema to a report."""

import csv
import json
import re

import numpy as np
import pyarrow.csv

from tfvae.anomaly import FalsePositiveRate, VAEDetector
from tfvae.anomaly.calibration.held_out import held_out_mask
from tfvae.pipelines.cli.app import main
from tfvae.pipelines.scoring import table_detector


def run(*arguments):
    assert main([str(argument) for argument in arguments]) == 0


def test_a_workflow_from_schema_to_report(folder, orders, tmp_path, capsys):
    """A schema, edited; a fit; a table with anomalies and bad lines; recalibration; a report."""
    schema = tmp_path / "schema.json"
    run("detector", "schema", folder / "train.csv", "-o", schema)
    kinds = {column["name"]: column["kind"] for column in json.loads(schema.read_text())["columns"]}
    inferred = {"order": "key", "shop": "category", "weight": "real", "day": "date"}
    assert kinds == inferred | {name: kinds[name] for name in ("pieces", "price (EUR)")}
    edited = {"columns": [{"name": "price (EUR)", "kind": "positive"}, {"name": "pieces", "kind": "count"}]}
    schema.write_text(json.dumps(edited))
    model = tmp_path / "orders.detector"
    run("detector", "fit", folder / "train.csv", "-o", model, "--schema", schema,
        "--false-positive-rate", 0.02)  # fmt: skip
    assert "price (EUR)  positive" in capsys.readouterr().out
    table = orders(400, 2, odd=(10, 20))
    pyarrow.csv.write_csv(table, tmp_path / "new.csv")
    lines = (tmp_path / "new.csv").read_text().splitlines()
    lines[101] = "only,three,fields"
    lines[201] = lines[201].rsplit(",", 1)[0] + ",someday"
    lines[301] = lines[301].replace("web", "Mars").replace("store", "Mars").replace("fair", "Mars")
    (tmp_path / "new.csv").write_text("\n".join(lines))
    output = tmp_path / "scored.csv"
    run("score", model, tmp_path / "new.csv", "-o", output)
    printed = capsys.readouterr().out
    assert "400 rows = 398 scored + 2 rejected" in printed
    assert "rejected 1: expected 6 fields\n" in printed
    assert "rejected 1: column 'day': expected a date\n" in printed
    scored = pyarrow.csv.read_csv(output).to_pydict()
    assert scored["row"] == [row for row in range(400) if row not in (100, 200)]
    assert scored["order"] == [f"2-{row:05d}" for row in scored["row"]]
    with (tmp_path / "scored.csv.rejects.csv").open(newline="") as stream:
        rejects = list(csv.DictReader(stream))
    assert [(reject["row"], reject["line"]) for reject in rejects] == [("100", "102"), ("200", "202")]
    assert rejects[0]["text"] == "only,three,fields"
    by_score = np.argsort(scored["score"])[::-1]
    assert {scored["row"][position] for position in by_score[:3]} == {10, 20, 300}
    for position in by_score[:3]:
        expected = "shop" if scored["row"][position] == 300 else "price (EUR)"
        # Weight and price go up together: how a wrong price is shared out between the two is up to the model.
        assert expected in (scored["feature_1"][position], scored["feature_2"][position])
        assert scored["is_anomaly"][position]
        assert scored["p_value"][position] < 0.02
    capsys.readouterr()
    run("detector", "recalibrate", model, folder / "train.csv")
    assert re.search(r"the scores have moved by [+-]\d+\.\d\d in the median", capsys.readouterr().out)
    again = table_detector.load(model).scorer_.calibration
    assert again.scores.shape == (600,)
    run("detector", "report", output)
    assert "<h1>" in output.with_name("scored.csv.html").read_text()


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


def test_a_detector_of_arrays_is_rejected(tmp_path, capsys):
    VAEDetector(epochs=1).fit(np.random.default_rng(0).normal(size=(50, 2))).save(tmp_path / "a.detector")
    (tmp_path / "t.csv").write_text("a,b\n1,2\n")
    assert (
        main(["score", str(tmp_path / "a.detector"), str(tmp_path / "t.csv"), "-o", str(tmp_path / "s.csv")])
        == 1
    )
    assert "expected a detector fitted to a table" in capsys.readouterr().err


def test_nothing_that_is_learned_before_the_calibration_sees_the_held_out_rows(tmp_path):
    """Not kinds, values, locations, scales or weights; rows that are rejected do not move the others."""
    unreadable = [3, 17, 140]
    held_out = held_out_mask(203, 0.2, seed=4)
    assert held_out[unreadable].any()
    found = []
    for name, factor, town in (("one", 1.0, "Ulm"), ("two", 50.0, "Jena")):
        g = np.random.default_rng(0)
        x, y, towns = g.normal(size=203), g.normal(size=203), g.choice(["Ulm", "Bonn"], 203)
        rows = [
            f"{x[i] * factor},{y[i]},{town}" if held_out[i] else f"{x[i]},{y[i]},{towns[i]}"
            for i in range(203)
        ]
        rows[3], rows[17], rows[140] = "short", "no number,1,Ulm", ",,"
        path = tmp_path / f"{name}.csv"
        path.write_text("\n".join(["x,y,town", *rows]))
        calibration = FalsePositiveRate(0.1)
        fit = table_detector.fit(path, tmp_path / "t.detector", None, calibration, epochs=2, seed=4)
        assert [reject.row for reject in fit.rejects] == unreadable
        assert fit.rows == 200
        found.append(fit.detector.scorer_)
    one, two = (scorer.preprocessing for scorer in found)
    assert one.get_config() | {"name": ""} == two.get_config() | {"name": ""}
    assert one.table.columns[2].values == ("Bonn", "Ulm")
    for weight, other in zip(found[0].model.get_weights(), found[1].model.get_weights(), strict=True):
        np.testing.assert_array_equal(weight, other)
    calibrated = [np.asarray(scorer.calibration.scores) for scorer in found]
    assert [len(scores) for scores in calibrated] == [held_out.sum() - held_out[unreadable].sum()] * 2
    assert np.median(calibrated[1]) > np.median(calibrated[0])
