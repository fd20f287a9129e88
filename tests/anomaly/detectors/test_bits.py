"""One row has one score, to the last bit: in any batch, at any position, in Python and from an export.

All processes here run on one machine, with one TensorFlow and one setting of oneDNN.
"""

import pickle
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf

import tfvae
from tfvae.anomaly import LogLikelihood, VAEDetector

_OUTPUTS = ("score", "p_value", "is_anomaly", "attribution")


@pytest.fixture(scope="module")
def table():
    """700 rows of six kinds of columns, with missing values: long sums and all kinds of densities."""
    rng = np.random.default_rng(0)
    columns = [rng.normal(size=700), rng.integers(0, 4, 700), rng.poisson(3, 700), rng.gamma(2, size=700),
               rng.integers(0, 3, 700), rng.normal(size=700)]  # fmt: skip
    x = np.stack(columns, axis=1).astype("float32")
    x[rng.random(x.shape) < 0.1] = np.nan
    x[:, 0] = np.nan_to_num(x[:, 0])
    return x


@pytest.fixture(scope="module")
def fitted(table):
    columns = ("real", "category:4", "count", "positive", "ordinal:3", "real")
    model = tfvae.zoo.hi_vae((6,), latent_dim=4, columns=columns)
    return VAEDetector(model, score=LogLikelihood(8), epochs=1).fit(table)


@pytest.fixture(scope="module")
def whole(fitted, table):
    return {**fitted.assess(table), "attribution": fitted.explain(table)}


@pytest.fixture(scope="module")
def exported(fitted, tmp_path_factory):
    return tfvae.export.saved_model(fitted, tmp_path_factory.mktemp("servable"))


def _selections():
    order = np.random.default_rng(1).permutation(700)
    return ([0], [699], list(range(100, 107)), list(range(256)), list(range(31, 288)), order, order[:33])


@pytest.mark.parametrize("rows", _selections(), ids=lambda rows: f"{len(rows)} from {rows[0]}")
def test_the_other_rows_of_a_batch_make_no_difference(fitted, table, whole, rows):
    found = {**fitted.assess(table[rows]), "attribution": fitted.explain(table[rows])}
    for name, values in found.items():
        np.testing.assert_array_equal(values, whole[name][rows], err_msg=name)


def test_fifty_repeats_are_equal(fitted, table, whole):
    for _ in range(50):
        np.testing.assert_array_equal(fitted.anomaly_scores(table[:256]), whole["score"][:256])


def test_the_settings_of_the_process_make_no_difference(fitted, table, whole):
    options = tf.config.optimizer.get_experimental_options()
    try:
        for arithmetic in (True, False):
            tf.config.optimizer.set_experimental_options({"arithmetic_optimization": arithmetic})
            copy = pickle.loads(pickle.dumps(fitted))  # whose graphs are traced again
            np.testing.assert_array_equal(copy.anomaly_scores(table), whole["score"])
            now = tf.config.optimizer.get_experimental_options()
            assert now["arithmetic_optimization"] is arithmetic  # restored
    finally:
        restored = options.get("arithmetic_optimization", True)
        tf.config.optimizer.set_experimental_options({"arithmetic_optimization": restored})


_OTHER_PROCESS = """
import sys
import numpy as np, tensorflow as tf
folder, arrays, threads, arithmetic = sys.argv[1:]
tf.config.threading.set_intra_op_parallelism_threads(int(threads))
tf.config.threading.set_inter_op_parallelism_threads(int(threads))
tf.config.optimizer.set_experimental_options({"arithmetic_optimization": arithmetic == "on"})
assert "tfvae" not in sys.modules
known = np.load(arrays)
score = tf.saved_model.load(folder).signatures["serving_default"]
x = known["x"]
for rows in ([5], range(100, 107), range(256), range(699, -1, -1), *[range(256)] * 10):
    for name, values in score(x=tf.constant(x[list(rows)])).items():
        np.testing.assert_array_equal(values, known[name][list(rows)], err_msg=name)
print("equal")
"""


@pytest.mark.parametrize(("threads", "arithmetic"), [(1, "on"), (2, "off")])
@pytest.mark.slow
def test_another_process_gives_the_same_bits(exported, table, whole, tmp_path, threads, arithmetic):
    """Threads and optimizer settings belong to the process; in this one tfvae is not imported."""
    arrays = tmp_path / "known.npz"
    np.savez(arrays, x=table, **{name: whole[name] for name in _OUTPUTS})
    command = [sys.executable, "-c", _OTHER_PROCESS, exported.path, arrays, str(threads), arithmetic]
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    assert done.stdout.strip() == "equal", done.stderr[-2000:]


def test_the_signature_of_the_export(exported, fitted):
    assert exported.largest_difference == {"score": 0.0}
    signature = tf.saved_model.load(str(exported.path)).signatures["serving_default"]
    outputs = {
        name: (spec.shape.as_list(), spec.dtype) for name, spec in signature.structured_outputs.items()
    }
    assert outputs == {
        "score": ([None], tf.float32),
        "p_value": ([None], tf.float32),
        "is_anomaly": ([None], tf.bool),
        "attribution": ([None, 6], tf.float32),
    }


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (np.full((2, 6), np.nan), "x: expected a value in each row, received NaN alone"),
        (np.full((2, 6), 1.5), "x: expected integers"),
    ],
)
def test_the_export_rejects_what_the_model_does_not_take(exported, x, message):
    signature = tf.saved_model.load(str(exported.path)).signatures["score"]
    with pytest.raises(tf.errors.InvalidArgumentError, match=message):
        signature(x=tf.constant(x, tf.float32))


@pytest.mark.slow
def test_the_detectors_preprocessing_is_in_the_export(tmp_path):
    x = np.random.default_rng(0).normal(loc=50, scale=7, size=(300, 3)).astype("float32")
    x[3, 1] = np.nan
    fitted = VAEDetector(epochs=1).fit(x)
    export = tfvae.export.saved_model(fitted, tmp_path)
    received = tf.saved_model.load(str(export.path)).signatures["score"](x=tf.constant(x))
    np.testing.assert_array_equal(received["score"], fitted.anomaly_scores(x))
    np.testing.assert_array_equal(received["p_value"], fitted.p_values(x))
