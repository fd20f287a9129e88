"""The conformal guarantee by simulation."""

import numpy as np
import pytest
import tensorflow as tf
from scipy import stats

from tfvae.anomaly import FalsePositiveRate
from tfvae.core.errors import InvalidInput


@pytest.mark.parametrize(("count", "rate"), [(99, 0.01), (50, 0.1), (333, 0.05)])
def test_the_rate_is_exact_on_average(count, rate):
    """P(anomaly) = floor(rate (n + 1)) / (n + 1) over calibration sets and new rows, for any distribution."""
    rng = np.random.default_rng(count)
    flagged, trials, new = 0, 1500, 20
    for _ in range(trials):
        scores = rng.standard_t(2, size=count + new).astype("float32")
        threshold = FalsePositiveRate(rate).estimate(np.sort(scores[:count]))["threshold"]
        flagged += (scores[count:] > threshold).sum()
    expected = np.floor(rate * (count + 1) + 1e-9) / (count + 1)
    # Rows that share a threshold are not independent: the rate varies between sets like a beta variable.
    between = stats.beta(expected * (count + 1), (1 - expected) * (count + 1)).std()
    error = np.sqrt(between**2 / trials + expected * (1 - expected) / (trials * new))
    assert abs(flagged / (trials * new) - expected) < 4 * error
    assert expected <= rate + 1e-12


def test_decisions_follow_from_the_p_values(learned):
    scores = np.random.default_rng(1).normal(size=997)
    calibration = learned(FalsePositiveRate(0.03), scores)
    new = np.concatenate([np.random.default_rng(2).normal(size=2000), scores]).astype("float32")
    decisions = calibration.decide(tf.constant(new))
    np.testing.assert_array_equal(decisions["is_anomaly"], decisions["p_value"] <= 0.03)


def test_rates_and_numbers_of_scores_are_checked():
    with pytest.raises(InvalidInput, match="rate: expected a number between 0 and 1, received 1.0"):
        FalsePositiveRate(1.0)
    with pytest.raises(InvalidInput, match="held_out: expected a number between 0 and 1, received 1.5"):
        FalsePositiveRate(held_out=1.5)
    with pytest.raises(InvalidInput, match="expected at least 99 held-out rows for .* of 0.01, received 98"):
        FalsePositiveRate(0.01).learn(np.arange(98.0))
