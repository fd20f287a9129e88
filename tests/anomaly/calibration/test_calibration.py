"""Thresholds and p-values: guarantees by simulation, tails against known parameters."""

import numpy as np
import pytest
import tensorflow as tf
from scipy import stats

from tfvae.anomaly import Contamination, FalsePositiveRate, Tail
from tfvae.anomaly.calibration.tail import fit_pareto
from tfvae.core.errors import InvalidInput


def _learned(calibration, scores):
    calibration.learn(scores)
    return calibration


def _p(calibration, scores):
    return calibration.decided(tf.constant(scores, tf.float32))["p_value"].numpy()


@pytest.mark.parametrize(("count", "rate"), [(99, 0.01), (50, 0.1), (333, 0.05)])
def test_the_conformal_rate_is_exact_on_average(count, rate):
    """P(anomaly) = floor(rate (n + 1)) / (n + 1) over calibration sets and new rows, for any distribution."""
    rng = np.random.default_rng(count)
    flagged, trials, new = 0, 1500, 20
    for _ in range(trials):
        scores = rng.standard_t(2, size=count + new).astype("float32")
        threshold = FalsePositiveRate(rate).learned(np.sort(scores[:count]))["threshold"]
        flagged += (scores[count:] > threshold).sum()
    expected = np.floor(rate * (count + 1) + 1e-9) / (count + 1)
    # Rows that share a threshold are alike: the spread of the rate between sets is that of a beta.
    between = stats.beta(expected * (count + 1), (1 - expected) * (count + 1)).std()
    error = np.sqrt(between**2 / trials + expected * (1 - expected) / (trials * new))
    assert abs(flagged / (trials * new) - expected) < 4 * error
    assert expected <= rate + 1e-12


def test_the_decision_is_the_p_values():
    scores = np.random.default_rng(1).normal(size=997)
    calibration = _learned(FalsePositiveRate(0.03), scores)
    new = np.concatenate([np.random.default_rng(2).normal(size=2000), scores]).astype("float32")
    decided = calibration.decided(tf.constant(new))
    np.testing.assert_array_equal(decided["is_anomaly"], decided["p_value"] <= 0.03)


def test_p_values_of_normal_data_are_uniform():
    rng = np.random.default_rng(0)
    calibration = _learned(FalsePositiveRate(0.05), rng.gumbel(size=20000))
    assert stats.kstest(_p(calibration, rng.gumbel(size=2000)), "uniform").pvalue > 0.01


def test_p_values_by_brute_force_with_ties():
    rng = np.random.default_rng(0)
    known = rng.integers(0, 10, 57).astype("float32")
    calibration = _learned(Contamination(0.1), known)
    new = np.arange(-1, 12).astype("float32")
    expected = [(1 + (known >= score).sum()) / 58 for score in new]
    np.testing.assert_allclose(_p(calibration, new), expected, rtol=1e-6)


@pytest.mark.parametrize(("count", "share"), [(300, 0.1), (301, 0.1), (40, 0.5), (1000, 0.015)])
def test_contamination_leaves_its_share_above(count, share):
    scores = np.random.default_rng(0).normal(size=count)
    above = np.sum(scores.astype("float32") > np.asarray(_learned(Contamination(share), scores).threshold))
    assert above == np.ceil((count - 1) * share)


@pytest.mark.parametrize("shape", [-0.3, 0.0, 0.4])
def test_the_tails_parameters_are_found(shape):
    """Asymptotic standard errors of the maximum likelihood: (1 + shape) / sqrt(n), and for the scale."""
    count, scale = 20000, 2.5
    x = stats.genpareto(shape, scale=scale).rvs(count, random_state=3)
    found = fit_pareto(x)
    assert abs(found[0] - shape) < 4 * (1 + shape) / np.sqrt(count)
    assert abs(found[1] - scale) < 4 * scale * np.sqrt(2 * (1 + shape) / count)
    best = stats.genpareto(found[0], scale=found[1]).logpdf(x).sum()
    independent = stats.genpareto.fit(x, floc=0)
    assert best >= stats.genpareto(*independent).logpdf(x).sum() - 0.01


@pytest.mark.parametrize("shape", [-0.2, 0.0, 0.3])
def test_the_tails_threshold_and_p_values_agree_with_the_distribution(shape):
    known = stats.genpareto(shape, scale=1.0)
    calibration = _learned(Tail(rate=1e-3, peaks=0.1), known.rvs(50000, random_state=1))
    assert float(calibration.threshold) == pytest.approx(known.isf(1e-3), rel=0.12)
    beyond = np.array([known.isf(p) for p in (0.5, 0.05, 1e-2, 1e-3)], "float32")
    np.testing.assert_allclose(_p(calibration, beyond), [0.5, 0.05, 1e-2, 1e-3], rtol=0.35)
    assert _p(calibration, [float(calibration.threshold)])[0] == pytest.approx(1e-3, rel=1e-3)
    grid = np.linspace(0, float(calibration.threshold) * 2, 500)
    assert (np.diff(_p(calibration, grid)) <= 1e-6).all()  # it falls, also across the start of the tail


def test_drift_is_the_distance_of_the_distributions():
    rng = np.random.default_rng(0)
    calibration = _learned(Contamination(), rng.normal(size=4000))
    same, moved = calibration.drift(rng.normal(size=1000)), calibration.drift(rng.normal(1.0, size=1000))
    assert same.p_value > 0.01
    assert moved.statistic == pytest.approx(2 * stats.norm.cdf(0.5) - 1, abs=0.05)
    assert moved.shift == pytest.approx(1.0, abs=0.15)
    assert moved.p_value < 1e-10


@pytest.mark.parametrize(
    ("make", "scores", "message"),
    [
        (lambda: Contamination(0.0), None, "share: expected a positive number, received 0.0"),
        (
            lambda: Contamination(0.6),
            None,
            "share: expected a number .* at most 0.5, received 0.6|share: exp",
        ),
        (lambda: FalsePositiveRate(1.0), None, "rate: expected a number between 0 and 1, received 1.0"),
        (lambda: Tail(0.1, 0.05), None, "rate: expected less than the share of peaks, 0.05, received 0.1"),
        (Contamination, [1.0], "calibration: expected scores of at least 2 rows, received 1"),
        (
            Contamination,
            [[1.0], [2.0]],
            r"calibration: expected one score for each row, received shape \(2, 1\)",
        ),
        (Contamination, [1.0, np.nan, np.inf], "expected finite scores, received 2 that are NaN or infinite"),
        (Contamination, [3.0] * 9, "expected rows that differ, received 9 rows with score 3"),
        (lambda: FalsePositiveRate(0.01), range(98), "expected at least 99 held-out rows for .* of 0.01"),
        (Tail, range(100), "at least 10 scores above their quantile 0.95, received 5 of 100"),
    ],
)
def test_bad_calibrations_are_refused(make, scores, message):
    with pytest.raises(InvalidInput, match=message):
        make().learn(np.array(scores, "float64"))
