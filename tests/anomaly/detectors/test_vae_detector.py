"""The detector of rows: what it finds, scikit-learn's conventions, calibration, and its errors."""

import copy
import logging
import os
import random
import subprocess
import sys
import threading
import time
import warnings

import numpy as np
import pandas as pd
import pytest
import tensorflow as tf
from scipy import sparse
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GridSearchCV, StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import tfvae
from tfvae.anomaly import FalsePositiveRate, LogLikelihood, Tail, VAEDetector
from tfvae.anomaly.calibration.held_out import held_out_mask
from tfvae.core.errors import InvalidInput


@pytest.fixture(scope="module")
def table():
    """600 rows around a plane, the last 30 of them off it, and their labels."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(600, 2)) @ rng.normal(size=(2, 6)) * 5 + 0.3 * rng.normal(size=(600, 6)) + 100
    x[570:] += 8 * rng.normal(size=(30, 6))
    return x, np.arange(600) >= 570


@pytest.fixture(scope="module")
def fitted(table):
    return VAEDetector(contamination=0.05, epochs=60, batch_size=32).fit(table[0])


def test_it_finds_anomalies_in_its_training_data(fitted, table):
    x, anomaly = table
    assert roc_auc_score(anomaly, fitted.anomaly_scores(x)) > 0.9
    assert (fitted.predict(x) == -1).sum() == 30


def test_signs_are_those_of_scikit_learn(fitted, table):
    x, _ = table
    scores = fitted.anomaly_scores(x)
    np.testing.assert_array_equal(fitted.score_samples(x), -scores)
    decision = fitted.decision_function(x)
    np.testing.assert_allclose(decision, fitted.score_samples(x) - fitted.offset_, rtol=1e-6, atol=1e-5)
    np.testing.assert_array_equal(fitted.predict(x), np.where(decision >= 0, 1, -1))
    values = fitted.assess(x)
    np.testing.assert_array_equal(values["is_anomaly"], decision < 0)
    np.testing.assert_array_equal(fitted.p_values(x), values["p_value"])
    assert np.corrcoef(scores, values["p_value"])[0, 1] < 0


def test_the_same_seed_gives_the_same_detector(fitted, table):
    x, _ = table
    random.seed(5)
    tf.random.set_seed(7)  # which makes no difference
    again = VAEDetector(contamination=0.05, epochs=60, batch_size=32).fit(x)
    np.testing.assert_array_equal(again.anomaly_scores(x), fitted.anomaly_scores(x))


@pytest.mark.slow
def test_fits_in_threads_have_the_bits_of_one_alone():
    x = np.random.default_rng(0).normal(size=(200, 3))
    scores = {}

    def fit(name):
        scores[name] = VAEDetector(epochs=3, seed=3).fit(x).anomaly_scores(x)

    fit("alone")
    threads = [threading.Thread(target=fit, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        random.random()
        tf.random.set_seed(random.randrange(100))
        time.sleep(0.01)
    for number in range(2):
        np.testing.assert_array_equal(scores[number], scores["alone"])


_OTHER_PROCESS = """
import numpy as np, tfvae
x = np.random.default_rng(0).normal(size=(60, 3))
print(tfvae.anomaly.VAEDetector(epochs=1).fit(x).anomaly_scores(x).tobytes().hex())
"""


@pytest.mark.slow
def test_a_seed_gives_the_same_bits_in_any_process():
    """Python's hashes of texts, and so the order of sets of names, differ between processes."""
    found = []
    for seed in ("1", "2"):
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        command = [sys.executable, "-c", _OTHER_PROCESS]
        done = subprocess.run(command, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr[-2000:]
        found.append(np.frombuffer(bytes.fromhex(done.stdout), "float32"))
    np.testing.assert_array_equal(*found)
    assert found[0].shape == (60,)


@pytest.mark.parametrize("cell", [1e20, -1e30, 9.96921e36])
@pytest.mark.parametrize("calibration", [None, FalsePositiveRate(0.1), Tail(0.01, peaks=0.2)])
def test_values_that_overflow_are_anomalies(exact, rows, cell, calibration):
    """Also NetCDF's fill value: the score is infinite, and the reason is the column."""
    detector = VAEDetector(exact.vae(1.2), calibration=calibration, epochs=0).fit(rows)
    x = rows[:12].copy()
    x[np.arange(12), np.arange(12) % 6] = cell
    found = detector.assess(x)
    assert np.isposinf(found["score"]).all()
    assert found["is_anomaly"].all()
    assert (found["p_value"] <= detector.p_values(rows).min()).all()
    assert (detector.predict(x) == -1).all()
    assert (detector.decision_function(x) < 0).all()
    np.testing.assert_array_equal(detector.explain(x).argmax(axis=1), np.arange(12) % 6)


def test_values_that_overflow_are_anomalies_of_the_default_detector(fitted, table):
    x, _ = table
    for cell in (1e20, -1e30, 9.96921e36):
        row = x[:1].copy()
        row[0, 4] = cell
        assert fitted.anomaly_scores(row) > 1000 * fitted.anomaly_scores(x).max()
        assert fitted.predict(row) == -1
        assert fitted.explain(row)[0].argmax() == 4


def test_nothing_that_is_learned_before_the_calibration_sees_the_held_out_rows(table):
    """Otherwise held-out rows would look more usual than new ones, and the rate would not be guaranteed."""
    x, _ = table
    x = x[:300]
    held_out = held_out_mask(300, 0.2, seed=0)
    changed = x.copy()
    changed[held_out] *= 3
    scorers = [
        VAEDetector(score=LogLikelihood(4), calibration=FalsePositiveRate(0.1), epochs=1).fit(rows).scorer_
        for rows in (x, changed)
    ]
    one, two = (scorer.explain_arrays({"x": x.astype("float32")}) for scorer in scorers)
    for name in ("score", "attribution"):
        np.testing.assert_array_equal(one[name], two[name])
    assert scorers[0].calibration.threshold < scorers[1].calibration.threshold


@pytest.mark.parametrize(
    ("held_out", "received"),
    [
        (np.zeros(600, bool), "0 of 600"),
        (np.ones(600, bool), "600 of 600"),
        (np.arange(5), "int64 of shape"),
        (np.ones(5, bool), r"bool of shape \(5,\)"),
    ],
)
def test_held_out_rows_are_some_but_not_all(table, held_out, received):
    with pytest.raises(InvalidInput, match=f"held_out: expected .*, received {received}"):
        VAEDetector(epochs=1).fit_without(held_out, table[0])


def test_without_a_score_a_model_gets_one_that_it_has():
    """With a codebook z is a function of x: there are no importance weights."""
    x = np.random.default_rng(0).normal(size=(60, 4))
    quantized = tfvae.zoo.vq_vae((4,), num_codes=8, code_dim=2, num_positions=2)
    fitted = VAEDetector(quantized, epochs=1).fit(x)
    assert type(fitted.scorer_.score).__name__ == "NegativeELBO"
    values = fitted.assess(x)
    np.testing.assert_allclose(values["rate"], 2 * np.log(8), rtol=1e-5)
    assert np.isfinite(values["score"]).all()
    for score in ("log_likelihood", "typicality", "ensemble", "likelihood_ratio"):
        with pytest.raises(InvalidInput, match="score: expected one for a model whose z is a function of x"):
            VAEDetector(quantized, score=score, epochs=1).fit(x)
    points = tfvae.zoo.autoencoder((4,), latent_dim=2, likelihood=tfvae.likelihoods.Normal((4,)))
    assert type(VAEDetector(points, epochs=0).fit(x).scorer_.score).__name__ == "Reconstruction"


def test_masked_and_absent_values_are_missing_values(fitted, table):
    x = table[0][:40].copy()
    x[3, 1] = x[7, 4] = np.nan
    expected = fitted.anomaly_scores(x)
    mask = np.isnan(x)
    masked = np.ma.masked_array(np.where(mask, -9999.0, x), mask)
    np.testing.assert_array_equal(fitted.anomaly_scores(masked), expected)
    np.testing.assert_array_equal(
        fitted.scorer_.assess_arrays({"x": masked.astype("float32")})["score"], expected
    )
    x = np.round(x)
    frame = pd.DataFrame({f"c{column}": pd.array(x[:, column], "Int64") for column in range(6)})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of names of columns
        np.testing.assert_array_equal(fitted.anomaly_scores(frame), fitted.anomaly_scores(x))
    with pytest.raises(TypeError, match="Sparse data was passed for X"):
        fitted.predict(sparse.csr_matrix(np.nan_to_num(x)))


def test_ordinary_fits_give_no_warning_of_retracing(exact, rows, caplog):
    """Nor do other computations over the training data, as often as they may be repeated."""
    tensorflow = logging.getLogger("tensorflow")
    tensorflow.addHandler(caplog.handler)
    try:
        for seed in range(8):
            VAEDetector(exact.vae(), score="typicality", epochs=0, seed=seed).fit(rows).explain(rows[:3])
    finally:
        tensorflow.removeHandler(caplog.handler)
    assert not [record for record in caplog.records if "retracing" in record.getMessage()]


def test_a_given_model_is_not_changed_and_training_starts_from_its_weights(exact, rows):
    vae = exact.vae()
    before = vae.get_weights()
    untouched = VAEDetector(vae, epochs=0).fit(rows)
    trained = VAEDetector(vae, epochs=1, learning_rate=1e-4).fit(rows)
    for weight, now in zip(before, vae.get_weights(), strict=True):
        np.testing.assert_array_equal(now, weight)
    change = np.abs(trained.anomaly_scores(rows) - untouched.anomaly_scores(rows))
    assert 0 < change.max() < 1


def test_the_rate_on_new_normal_data_is_the_one_asked_for(exact):
    """5,000 new rows; with 1,000 held-out rows the rate has a beta distribution (Vovk 2012)."""
    calibration = FalsePositiveRate(0.05, held_out=0.5)
    detector = VAEDetector(exact.vae(), score=LogLikelihood(1), calibration=calibration, epochs=0)
    detector.fit(exact.sample(2000, seed=11))
    rate = (detector.predict(exact.sample(5000, seed=12)) == -1).mean()
    spread = np.sqrt(0.05 * 0.95 / 1000 + 0.05 * 0.95 / 5000)
    assert abs(rate - 0.05) < 4 * spread
    p_values = detector.p_values(exact.sample(5000, seed=13))
    assert abs((p_values <= 0.2).mean() - 0.2) < 4 * np.sqrt(0.2 * 0.8 * (1 / 1000 + 1 / 5000))


def test_recalibration_moves_the_threshold_and_nothing_else(exact, rows):
    detector = VAEDetector(exact.vae(), calibration=FalsePositiveRate(0.1, held_out=0.5), epochs=0).fit(rows)
    before = detector.anomaly_scores(rows)
    new = exact.sample(2000, seed=9) + 0.4
    drift = detector.recalibrate(new)
    assert drift.shift > 0
    assert drift.p_value < 0.01
    np.testing.assert_array_equal(detector.anomaly_scores(rows), before)
    assert (detector.predict(exact.sample(2000, seed=10) + 0.4) == -1).mean() == pytest.approx(0.1, abs=0.04)
    labels = np.where(np.arange(2000) < 1500, 1, -1)
    other = copy.deepcopy(detector)
    other.recalibrate(new, labels)
    detector.recalibrate(new[:1500])
    assert other.offset_ == detector.offset_
    with pytest.raises(
        InvalidInput, match="y: expected at least one normal row, 1, received anomalies alone"
    ):
        detector.recalibrate(new, -np.ones(2000))


def test_trimming_keeps_anomalies_from_being_learned(exact):
    """A tenth of the rows is one far point: the trimmed model finds it improbable, the other one does not."""
    x = exact.sample(1000, seed=3)
    x[:100] = exact.bias + 6
    scores = {}
    for trim in (0.0, 0.2):
        model = tfvae.zoo.vae((6,), latent_dim=2, encoder=tfvae.networks.mlp((32,), "tanh"),
                              decoder=tfvae.networks.mlp((32,), "tanh"))  # fmt: skip
        fitted = VAEDetector(model, trim=trim, epochs=60, batch_size=100, learning_rate=3e-3).fit(x)
        scores[trim] = fitted.anomaly_scores(x)
    assert roc_auc_score(np.arange(1000) < 100, scores[0.2]) > 0.99
    assert scores[0.2][:100].mean() > scores[0.0][:100].mean() + 10


@pytest.mark.slow
def test_pipelines_clones_and_grids(table):
    x, anomaly = table
    pipeline = make_pipeline(StandardScaler(), VAEDetector(epochs=2)).fit(x)
    assert pipeline.predict(x).shape == (600,)
    detector = VAEDetector(tfvae.zoo.vae((6,), latent_dim=2), score="negative_elbo", epochs=1)
    assert clone(detector).get_params()["score"] == "negative_elbo"
    clone(detector).fit(StandardScaler().fit_transform(x))
    grid = GridSearchCV(
        VAEDetector(epochs=1), {"contamination": [0.02, 0.2]}, cv=StratifiedKFold(2),
        scoring=lambda fitted, x, y: roc_auc_score(y, fitted.anomaly_scores(x)),
    )  # fmt: skip
    grid.fit(x, anomaly)
    assert set(grid.best_params_) == {"contamination"}


def test_images_are_scored_and_explained(digits):
    model = tfvae.zoo.vae((8, 8, 1), latent_dim=4)
    fitted = VAEDetector(model, score=LogLikelihood(8), epochs=2).fit(digits[:500])
    parts = fitted.explain(digits[:9])
    assert parts.shape == (9, 8, 8, 1)
    np.testing.assert_allclose(parts.sum(axis=(1, 2, 3)), fitted.anomaly_scores(digits[:9]), rtol=1e-4)


def test_errors_name_the_argument_and_the_row(fitted, table):
    x, _ = table
    for method in ("predict", "assess", "explain", "score_samples", "recalibrate"):
        with pytest.raises(NotFittedError):
            getattr(VAEDetector(), method)(x)
    with pytest.raises(NotFittedError):
        VAEDetector().save("unused.detector")
    with pytest.raises(ValueError, match="X has 5 features, but VAEDetector is expecting 6 features"):
        fitted.predict(x[:, :5])
    with pytest.raises(ValueError, match="minimum of 2 is required"):
        VAEDetector().fit(x[:1])
    with pytest.raises(ValueError, match="'contamination' parameter of VAEDetector must be"):
        VAEDetector(contamination=0.7).fit(x)
    with pytest.raises(InvalidInput, match="score: expected a tfvae.anomaly score or one of"):
        VAEDetector(score="likelihood").fit(x)
    empty = x.copy()
    empty[7] = np.nan
    with pytest.raises(
        InvalidInput, match="X: expected at least one value observed in each row, .* in row 7"
    ):
        fitted.predict(empty)
    huge = x.copy()
    huge[3, 1] = 1e200
    with pytest.raises(InvalidInput, match="X: expected numbers within float32's range, .* in row 3"):
        fitted.predict(huge)
    absent = x.copy()
    absent[:, 2] = np.nan
    with pytest.raises(InvalidInput, match="each element observed in some example, received NaN alone at"):
        VAEDetector(epochs=1).fit(absent)
    with (
        pytest.warns(UserWarning, match="column 0: one value in all rows, 1, and 2 more columns have"),
        pytest.raises(InvalidInput, match="rows that differ, received 50 rows"),
    ):
        VAEDetector(epochs=1).fit(np.ones((50, 3)))


def test_a_constant_column_is_named(table):
    x, _ = table
    x = np.c_[x, np.full(len(x), 5.0)]
    with pytest.warns(UserWarning, match="column 6: one value in all rows, 5"):
        fitted = VAEDetector(epochs=1).fit(x)
    other = x[:1].copy()
    other[0, 6] = 9.0
    assert fitted.explain(other)[0].argmax() == 6
