"""The detector of rows: what it finds, scikit-learn's conventions, calibration, and its errors."""

import copy
import random

import numpy as np
import pytest
import tensorflow as tf
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GridSearchCV, StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import tfvae
from tfvae.anomaly import FalsePositiveRate, LogLikelihood, VAEDetector
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
