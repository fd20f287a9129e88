"""A detector's export: the same bits as in Python."""

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
