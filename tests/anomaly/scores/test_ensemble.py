"""Ensembles: members that differ, and the mixture of their densities."""

import numpy as np
import pytest

from tfvae.anomaly import Ensemble, LogLikelihood, VAEDetector
from tfvae.core.errors import InvalidInput


def test_the_mixture_is_that_of_the_members_densities(exact, rows):
    fitted = VAEDetector(exact.vae(), score=Ensemble(LogLikelihood(4), 3), epochs=1).fit(rows)
    score = fitted.scorer_.score
    members = [
        -member_score.values(model, model.tensors(rows[:9]))["score"].numpy()
        for model, member_score in score.members(fitted.scorer_.model)
    ]
    assert len(members) == 3
    assert np.ptp(members, axis=0).min() > 0  # they differ
    expected = -np.log(np.exp(np.float64(members)).mean(axis=0))
    np.testing.assert_allclose(fitted.anomaly_scores(rows[:9]), expected, rtol=1e-4)


def test_without_epochs_there_is_nothing_to_train_members_with(exact, rows):
    score = Ensemble(LogLikelihood(4), num_members=2)
    with pytest.raises(InvalidInput, match="epochs: expected at least 1, as the score trains models"):
        VAEDetector(exact.vae(), score, epochs=0).fit(rows)
