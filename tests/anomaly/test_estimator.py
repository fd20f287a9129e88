"""The detector by scikit-learn's own checks of estimators, which fit it sixty times: 1.5 seconds each."""

import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

import tfvae


@pytest.mark.slow
@parametrize_with_checks([tfvae.anomaly.VAEDetector(epochs=2)])
def test_scikit_learns_checks(estimator, check):
    check(estimator)
