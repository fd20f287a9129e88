"""The likelihood ratio to a background model."""

import numpy as np

from tfvae.anomaly import LikelihoodRatio, LogLikelihood, VAEDetector


def test_it_is_the_difference_of_two_models_that_were_trained_apart(exact, rows):
    ratio = LikelihoodRatio(LogLikelihood(4), mutation=1.0)
    fitted = VAEDetector(exact.vae(), score=ratio, epochs=1).fit(rows)
    score, model = fitted.scorer_.score, fitted.scorer_.model
    own, background = (
        part.values(which, which.tensors(rows))["score"].numpy()
        for part, which in ((score.score, model), (score.background_score, score.background))
    )
    np.testing.assert_allclose(fitted.anomaly_scores(rows), own - background, rtol=1e-4, atol=1e-3)
    assert np.ptp(own - background) > 1


def test_it_is_high_where_only_the_background_model_explains_x(exact, rows):
    """Rows with independently shuffled columns are what a mutation of 1 trains the background model on."""
    ratio = LikelihoodRatio(LogLikelihood(4), mutation=1.0)
    fitted = VAEDetector(exact.vae(), score=ratio, epochs=30, batch_size=50).fit(rows)
    plain = VAEDetector(exact.vae(), score=LogLikelihood(4), epochs=30, batch_size=50).fit(rows)
    shuffled = np.random.default_rng(3).permuted(rows, axis=0)
    assert fitted.anomaly_scores(shuffled).mean() > fitted.anomaly_scores(rows).mean()
    assert np.corrcoef(fitted.anomaly_scores(rows), plain.anomaly_scores(rows))[0, 1] < 0.999
