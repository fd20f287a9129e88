"""Several scores of one model, combined."""

import numpy as np
import pytest

from tfvae.anomaly import KLDivergence, LogLikelihood, ScoreCombination, StandardizedMean, WeightedSum
from tfvae.core.errors import InvalidInput


def _alone(exact, rows, detector):
    scores = LogLikelihood(4), KLDivergence()
    return [detector(exact.vae(), rows, score).anomaly_scores(rows) for score in scores]


def test_a_weighted_sum_is_that_of_the_scores(exact, rows, detector):
    both = ScoreCombination([LogLikelihood(4), KLDivergence()], WeightedSum((1.0, 3.0)))
    density, rate = _alone(exact, rows, detector)
    combined = detector(exact.vae(), rows, both).anomaly_scores(rows)
    np.testing.assert_allclose(combined, density + 3 * rate, rtol=1e-5)


def test_a_standardized_mean_has_mean_zero_in_training(exact, rows, detector):
    both = ScoreCombination([LogLikelihood(4), KLDivergence()], StandardizedMean())
    combined = detector(exact.vae(), rows, both).anomaly_scores(rows)
    expected = np.mean(
        [(score - score.mean()) / score.std() for score in _alone(exact, rows, detector)], axis=0
    )
    np.testing.assert_allclose(combined, expected, atol=1e-3)


def test_scores_and_coefficients_are_checked(exact, rows, detector):
    with pytest.raises(InvalidInput, match="coefficients: expected 2, one for each score, received 1"):
        detector(exact.vae(), rows, ScoreCombination([LogLikelihood(4), KLDivergence()], WeightedSum((1.0,))))
    with pytest.raises(InvalidInput, match="scores: expected two or more scores"):
        ScoreCombination([KLDivergence()])
