"""The detector under scikit-learn's own checks of estimators, which fit it sixty times, 1.5 seconds each."""

import numpy as np
import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

import tfvae

_NO_SCORE_METHOD = {
    "check_n_features_in_after_fitting": "it calls every attribute named score, which here is an argument"
}


@pytest.mark.slow
@parametrize_with_checks(
    [tfvae.anomaly.VAEDetector(epochs=2)], expected_failed_checks=lambda estimator: _NO_SCORE_METHOD
)
def test_scikit_learns_checks(estimator, check):
    check(estimator)


def test_a_wrong_number_of_columns_is_rejected_by_every_method():
    """What the check that fails on `score` would have tested next."""
    x = np.random.default_rng(0).normal(size=(40, 4))
    fitted = tfvae.anomaly.VAEDetector(epochs=1).fit(x)
    assert fitted.n_features_in_ == 4
    for method in ("predict", "decision_function", "score_samples", "assess", "explain", "recalibrate"):
        with pytest.raises(ValueError, match="X has 1 features, but VAEDetector is expecting 4 features as"):
            getattr(fitted, method)(x[:, [1]])
