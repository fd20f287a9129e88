"""P-values, drift, and scores that no calibration can use."""

import numpy as np
import pytest
import tensorflow as tf
from scipy import stats

from tfvae.anomaly import Contamination, FalsePositiveRate, Tail
from tfvae.core.errors import InvalidInput

CALIBRATIONS = {"contamination": Contamination, "rate": FalsePositiveRate, "tail": Tail}


@pytest.mark.parametrize("name", CALIBRATIONS)
def test_before_it_has_learned_nothing_is_an_anomaly(name):
    decisions = CALIBRATIONS[name]().decide(tf.constant([-1e9, 0.0, 1e9]))
    np.testing.assert_array_equal(decisions["p_value"], np.ones(3))
    assert not decisions["is_anomaly"].numpy().any()


@pytest.mark.parametrize("name", CALIBRATIONS)
def test_a_score_that_is_infinite_or_nan_is_an_anomaly(name, learned):
    scores = np.random.default_rng(0).normal(size=500)
    calibration = learned(CALIBRATIONS[name](), scores)
    extreme = tf.constant([np.inf, np.nan], tf.float32)
    decisions = calibration.decide(extreme)
    smallest = calibration.decide(tf.constant(scores, tf.float32))["p_value"].numpy().min()
    assert decisions["is_anomaly"].numpy().all()
    assert (decisions["p_value"].numpy() <= smallest).all()
    np.testing.assert_array_equal(calibration.p_values(extreme), decisions["p_value"])


@pytest.mark.parametrize("name", ["contamination", "rate"])
def test_infinite_scores_are_the_highest_ranks(name, learned, p_values):
    scores = np.arange(100.0)
    scores[-3:] = np.inf
    calibration = learned(CALIBRATIONS[name](0.1), scores)
    np.testing.assert_allclose(p_values(calibration, [50.0, np.inf]), [51 / 101, 4 / 101], rtol=1e-6)
    assert 88 < float(calibration.threshold) < 92
    scores[-30:] = np.inf
    if name == "contamination":
        assert float(learned(calibration, scores).threshold) == 69
    else:
        with pytest.raises(InvalidInput, match="a finite threshold, received 30 of 100 that are infinite"):
            calibration.learn(scores)


def test_a_tail_is_fitted_to_finite_scores():
    with pytest.raises(InvalidInput, match="finite scores, to fit a tail to, received 1 that are infinite"):
        Tail(peaks=0.2).learn(np.append(np.arange(100.0), np.inf))


def test_p_values_by_brute_force_with_ties(learned, p_values):
    rng = np.random.default_rng(0)
    known = rng.integers(0, 10, 57).astype("float32")
    new = np.arange(-1, 12).astype("float32")
    expected = [(1 + (known >= score).sum()) / 58 for score in new]
    np.testing.assert_allclose(p_values(learned(Contamination(0.1), known), new), expected, rtol=1e-6)


def test_p_values_of_normal_data_are_uniform(learned, p_values):
    rng = np.random.default_rng(0)
    calibration = learned(FalsePositiveRate(0.05), rng.gumbel(size=20000))
    assert stats.kstest(p_values(calibration, rng.gumbel(size=2000)), "uniform").pvalue > 0.01


def test_drift_is_the_distance_of_the_distributions(learned):
    rng = np.random.default_rng(0)
    calibration = learned(Contamination(), rng.normal(size=4000))
    same, moved = calibration.drift(rng.normal(size=1000)), calibration.drift(rng.normal(1.0, size=1000))
    assert same.p_value > 0.01
    assert moved.statistic == pytest.approx(2 * stats.norm.cdf(0.5) - 1, abs=0.05)
    assert moved.shift == pytest.approx(1.0, abs=0.15)
    assert moved.p_value < 1e-10


def test_learning_again_forgets_what_was_learned_before(learned, p_values):
    calibration = learned(learned(Contamination(), np.arange(500)), np.arange(100, 130))
    np.testing.assert_array_equal(calibration.scores, np.arange(100, 130))
    assert p_values(calibration, [115.0]) == pytest.approx(16 / 31)


@pytest.mark.parametrize(
    ("scores", "message"),
    [
        ([1.0], "calibration: expected scores of at least 2 rows, received 1"),
        ([[1.0], [2.0]], r"calibration: expected one score for each row, received shape \(2, 1\)"),
        ([1.0, np.nan, np.inf], "expected scores that are numbers, received 1 that are NaN"),
        ([3.0] * 9, "expected rows that differ, received 9 rows with score 3"),
    ],
)
@pytest.mark.parametrize("name", CALIBRATIONS)
def test_unusable_scores_are_rejected(name, scores, message):
    with pytest.raises(InvalidInput, match=message):
        CALIBRATIONS[name]().learn(np.array(scores, "float64"))


def test_drift_takes_overflow_as_infinite_and_rejects_no_scores():
    calibration = Contamination()
    calibration.learn(np.arange(100.0))
    drift = calibration.drift(np.r_[np.arange(99.0), np.nan])
    assert 0 <= drift.statistic <= 0.02
    assert drift.shift == 0.0
    with pytest.raises(InvalidInput, match="scores: expected at least one score, received none"):
        calibration.drift(np.array([]))
