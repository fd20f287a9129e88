"""The fitted tail against generalized Pareto distributions with known parameters."""

import numpy as np
import pytest
from scipy import stats

from tfvae.anomaly import Tail
from tfvae.core.errors import InvalidInput


@pytest.mark.parametrize("shape", [-0.2, 0.0, 0.3])
def test_threshold_and_p_values_agree_with_the_distribution(shape, learned, p_values):
    known = stats.genpareto(shape, scale=1.0)
    calibration = learned(Tail(rate=1e-3, peaks=0.1), known.rvs(50000, random_state=1))
    assert float(calibration.threshold) == pytest.approx(known.isf(1e-3), rel=0.12)
    beyond = np.array([known.isf(p) for p in (0.5, 0.05, 1e-2, 1e-3)], "float32")
    np.testing.assert_allclose(p_values(calibration, beyond), [0.5, 0.05, 1e-2, 1e-3], rtol=0.35)
    assert p_values(calibration, [float(calibration.threshold)])[0] == pytest.approx(1e-3, rel=1e-3)
    grid = np.linspace(0, float(calibration.threshold) * 2, 500)
    assert (np.diff(p_values(calibration, grid)) <= 1e-6).all()  # also across the start of the tail


def test_arguments_and_numbers_of_scores_are_checked():
    with pytest.raises(InvalidInput, match="rate: expected less than the share of peaks, 0.05, received 0.1"):
        Tail(0.1, 0.05)
    with pytest.raises(InvalidInput, match="at least 10 scores above their quantile 0.95, received 5 of 100"):
        Tail().learn(np.arange(100.0))


def test_a_score_that_most_rows_share_is_normal(learned):
    """Ties at the start of the tail leave fewer above it than the rate."""
    scores = np.r_[np.zeros(985), 1 + np.random.default_rng(0).exponential(size=15)]
    calibration = learned(Tail(rate=0.03, peaks=0.05), scores)
    decided = calibration.decide(np.array([0.0, 5.0], "float32"))
    assert decided["is_anomaly"].numpy().tolist() == [False, True]
