"""A detector's export: the same bits as in Python."""

import datetime
import re

import numpy as np
import pyarrow.parquet
import pytest

from tfvae.data.tables.files import table_file
from tfvae.pipelines.cli.app import main
from tfvae.pipelines.scoring import detector_export, table_detector


def test_scores_are_the_same_in_python_from_the_command_and_from_the_export(folder, scores, tmp_path):
    output = tmp_path / "csv.parquet"
    assert main(["score", str(folder / "m.detector"), str(folder / "new.csv"), "-o", str(output)]) == 0
    from_text = pyarrow.parquet.read_table(output)
    for name in scores.column_names[7:]:
        assert from_text[name].equals(scores[name])
    scorer = table_detector.load(folder / "m.detector").scorer_
    raw = scorer.preprocessing.raw_table().read(next(table_file(folder / "new.parquet").rows()).batch)
    found = scorer.explain_arrays(raw.values)
    values, contributions = found["score"], found["attribution"]
    assert values.tobytes() == scores["score"].to_numpy().tobytes()
    np.testing.assert_allclose(contributions.sum(axis=1), values, rtol=1e-4)
    assert contributions.max(axis=1).tobytes() == scores["contribution_1"].to_numpy().tobytes()


def test_an_existing_version_is_rejected(folder):
    fitted = table_detector.load(folder / "m.detector")
    with pytest.raises(ValueError, match="version: expected one that does not exist yet"):
        detector_export.export(fitted, folder / "served", 1)


def test_the_readme_names_columns_units_and_the_order_of_attributions(folder):
    fitted = table_detector.load(folder / "m.detector")
    description = detector_export.describe(fitted)
    readme = (folder / "served" / "README.md").read_text()
    (price,) = [line for line in readme.splitlines() if line.startswith("| in | `price_EUR` |")]
    assert "column 'price (EUR)': a number, NaN if missing" in price
    (day,) = [line for line in readme.splitlines() if line.startswith("| in | `day` |")]
    assert "seconds since 1970-01-01 00:00 UTC" in day
    (shop,) = [line for line in readme.splitlines() if line.startswith("| in | `shop` |")]
    assert "text, empty if missing" in shop
    (attribution,) = [line for line in readme.splitlines() if line.startswith("| out | `attribution` |")]
    assert f"in the order: {', '.join(description['features'])}" in attribution
    assert description["inputs"]["price (EUR)"] == "price_EUR"


def test_dates_are_the_seconds_that_the_readme_promises(folder):
    """The day of a row, in seconds since 1970 in UTC, is scored as its text is."""
    fitted = table_detector.load(folder / "m.detector")
    features = table_detector.table_features(fitted)
    batch = next(table_file(folder / "new.parquet").rows()).batch
    raw = features.raw_table().read(batch).values["day"]
    texts = batch.column("day").to_pylist()
    expected = [
        datetime.datetime.fromisoformat(text).replace(tzinfo=datetime.UTC).timestamp() for text in texts
    ]
    np.testing.assert_array_equal(raw, expected)


@pytest.mark.slow
def test_the_readme_states_the_license_that_is_given(folder, tmp_path):
    sections = []
    for options in ([], ["--license", "CC BY 4.0"]):
        arguments = ["detector", "export", str(folder / "m.detector"), str(tmp_path / "served"), *options]
        assert main(arguments) == 0
        readme = (tmp_path / "served" / "README.md").read_text()
        sections.append(dict(re.findall(r"(?ms)^## (\w+)\n(.*?)(?=^## |\Z)", readme))["License"].strip())
    assert sections == ["Not stated.", "CC BY 4.0"]


def test_the_readme_states_what_is_known(folder):
    readme = (folder / "served" / "README.md").read_text()
    sections = dict(re.findall(r"(?ms)^## (\w+)\n(.*?)(?=^## |\Z)", readme))
    for title in ("Data", "Measures", "Training"):
        assert "Not stated" not in sections[title]
        assert "None" not in sections[title]
    fitted = table_detector.load(folder / "m.detector")
    threshold = float(fitted.scorer_.calibration.threshold)
    assert f"| {threshold:.4g} nats |" in sections["Measures"]
    assert "| seed | 0 |" in sections["Training"]
    assert "| epochs | 30 |" in sections["Training"]
    assert "price (EUR)" in sections["Data"]
    assert not re.search(r"\d\.\d{9}", readme)  # no float with all its digits
