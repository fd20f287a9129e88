"""The detector by scikit-learn's own checks of estimators."""

import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

import tfvae


@pytest.mark.filterwarnings("ignore:Could not get source, probably due dynamically evaluated source code")
@parametrize_with_checks([tfvae.anomaly.VAEDetector(epochs=2)])
def test_scikit_learns_checks(estimator, check):
    check(estimator)
