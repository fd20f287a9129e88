"""-log p(x) against the exact density of a linear VAE."""

import numpy as np

import tfvae
from tfvae.anomaly import LogLikelihood


def test_with_the_exact_posterior_one_draw_gives_the_exact_density(exact, rows, detector):
    """All importance weights are then p(x): there is no error but rounding."""
    one = detector(exact.vae(), rows, LogLikelihood(1)).assess(rows)
    np.testing.assert_allclose(one["score"], -exact.log_prob(rows), rtol=2e-5)
    many = detector(exact.vae(), rows, LogLikelihood(16)).assess(rows)
    np.testing.assert_allclose(many["score"], -exact.log_prob(rows), rtol=2e-5)
    assert many["standard_error"].max() < 1e-4


def test_with_a_wider_posterior_the_score_is_within_its_standard_error(exact, rows):
    """All rows share their draws, so their errors are alike; those of different seeds are independent."""
    model, z = exact.vae(1.3), []
    inputs = model.tensors(rows[:1])
    for seed in range(40):
        score = LogLikelihood(400, seed=seed)
        score.prepare(model)
        values = score.values(model, inputs)
        z.append((values["score"].numpy() + exact.log_prob(rows[:1])) / values["standard_error"].numpy())
    assert abs(np.mean(z)) < 4 / np.sqrt(len(z))
    assert 0.6 < np.std(z) < 1.5


def test_a_missing_value_is_marginalized(exact, detector, marginal):
    vae = exact.vae(1.5, tfvae.likelihoods.MissingAtRandom(tfvae.likelihoods.Normal((6,), scale=0.5)))
    x = exact.sample(50, seed=5)
    x[:25, 2] = np.nan
    values = detector(vae, x, LogLikelihood(20000)).assess(x[:10])
    error = values["score"] + marginal([0, 1, 3, 4, 5]).logpdf(x[:10][:, [0, 1, 3, 4, 5]])
    assert np.abs(error / values["standard_error"]).max() < 4.5
    parts = detector(vae, x, LogLikelihood(64)).explain(x[:10])
    assert (parts[:, 2] == 0).all()


def test_the_largest_contribution_is_that_of_the_changed_element(exact, rows, detector):
    fitted = detector(exact.vae(), rows)
    for column in range(6):
        x = rows[:20].copy()
        x[:, column] += 6.0
        assert (fitted.explain(x).argmax(axis=1) == column).mean() > 0.9


def test_contributions_to_a_table_of_several_kinds_are_by_column():
    columns = ("real", "category:4", "count", "positive", "ordinal:3", "real")
    model = tfvae.zoo.hi_vae((6,), latent_dim=3, columns=columns)
    rng = np.random.default_rng(0)
    x = np.stack(
        [rng.normal(size=60), rng.integers(0, 4, 60), rng.poisson(3, 60), rng.gamma(2, size=60),
         rng.integers(0, 3, 60), rng.normal(size=60)], axis=1)  # fmt: skip
    x[::7, 3] = np.nan
    fitted = tfvae.anomaly.VAEDetector(model, score=LogLikelihood(8), epochs=1).fit(x)
    parts = fitted.explain(x)
    np.testing.assert_allclose(parts.sum(axis=1), fitted.anomaly_scores(x), atol=1e-4)
    assert (parts[::7, 3] == 0).all()
