"""A detector on a device: its scores and decisions are those in Python."""

import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter
from sklearn.datasets import load_breast_cancer

import tfvae


@pytest.fixture(scope="module")
def detector():
    return tfvae.anomaly.VAEDetector(epochs=2, contamination=0.1).fit(load_breast_cancer().data[:, :10])


def test_scores_and_decisions_are_pythons(detector, tmp_path):
    x = load_breast_cancer().data[:200, :10].astype("float32")
    export = tfvae.export.litert(detector, tmp_path / "d.tflite", endpoint="score")
    assert export.largest_difference["score"] < 1e-4
    runner = Interpreter(str(export.path)).get_signature_runner("score")
    found = runner(x=x)
    expected = detector.anomaly_scores(x)
    np.testing.assert_allclose(found["score"], expected, rtol=1e-5, atol=1e-4)
    clear = np.abs(expected - -detector.offset_) > 1e-3
    np.testing.assert_array_equal(found["is_anomaly"][clear], (detector.predict(x) == -1)[clear])
    facts = tfvae.export.read_metadata(export.path)
    assert facts["threshold"] == pytest.approx(-detector.offset_)
