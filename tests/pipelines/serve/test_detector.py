"""A served detector: the scores and decisions of Python, to the last bit, alone and in merged batches."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet
import pytest

from tfvae.anomaly import LogLikelihood, VAEDetector
from tfvae.export import saved_model
from tfvae.pipelines.scoring import detector_export, table_detector
from tfvae.pipelines.serve.batching import BatchingPolicy


def served(answer):
    assert answer.status_code == 200, answer.text
    outputs = answer.json()["outputs"]
    return {name: np.array(value) for name, value in outputs.items()}


def same(found, expected):
    for name in ("score", "p_value", "is_anomaly", "attribution"):
        array = np.asarray(expected[name])
        np.testing.assert_array_equal(found[name].astype(array.dtype), array, err_msg=name)


@pytest.fixture(scope="module")
def numbers(tmp_path_factory):
    """A detector of three numbers and its folder."""
    x = np.random.default_rng(0).normal(size=(300, 3)).astype("float32")
    made = VAEDetector(epochs=2, score=LogLikelihood(8)).fit(x)
    folder = tmp_path_factory.mktemp("served") / "numbers"
    saved_model(made, folder)
    return made, folder


@pytest.mark.parametrize("max_batch", [1, 16], ids=["alone", "merged"])
def test_arrays(serving, numbers, max_batch):
    made, folder = numbers
    rows = np.random.default_rng(1).normal(size=(12, 3)).astype("float32") * 3
    expected = made.scorer_.explain_arrays({"x": rows})
    with serving(folder, batching=None if max_batch == 1 else BatchingPolicy(max_batch, 0.05)) as client:
        same(served(client.post("/v1/models/numbers:predict", {"inputs": rows.tolist()})), expected)
        bodies = [{"inputs": rows[row : row + 1].tolist()} for row in range(len(rows))]
        for row, answer in enumerate(client.together("/v1/models/numbers:predict", bodies)):
            one = {name: value[row : row + 1] for name, value in expected.items()}
            same(served(answer), one)


def _plain(value):
    return value.decode() if isinstance(value, bytes) else float(value)


@pytest.mark.slow
def test_a_table_with_text_and_missing_values(serving, tmp_path):
    g = np.random.default_rng(2)
    size = g.gamma(3, 2, 400)
    table = pa.table(
        {
            "size": size,
            "weight": pa.array(size * g.normal(1, 0.1, 400), mask=g.random(400) < 0.1),
            "kind": g.choice(["Äpfel", "pears"], 400),
        }
    )
    pa.parquet.write_table(table, tmp_path / "train.parquet")
    fitted = table_detector.fit(str(tmp_path / "train.parquet"), tmp_path / "m.detector", None, None, 2, 0)
    scorer = fitted.detector.scorer_
    detector_export.export(fitted.detector, tmp_path / "goods")
    raw = scorer.preprocessing.raw_table().read(table.slice(0, 20).combine_chunks().to_batches()[0]).values
    inputs = {
        name: [v.decode() if isinstance(v, bytes) else float(v) for v in values]
        for name, values in raw.items()
    }
    with serving(tmp_path / "goods") as client:
        found = served(client.post("/v1/models/goods:predict", {"inputs": inputs}))
    same(found, scorer.explain_arrays(raw))
