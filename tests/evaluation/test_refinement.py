"""Refined posteriors: never below the encoder's, and exact where the exact posterior is known."""

import keras
import numpy as np
import pytest
from scipy import stats

import tfvae
from tfvae import evaluation, likelihoods, posteriors
from tfvae.core.errors import InvalidInput

# The rows are orthogonal, so that the exact posterior is diagonal: N(., s^2 / (|w_j|^2 + s^2)).
WEIGHTS = np.array([[1.0, 2.0, 0.0, -1.0, 0.0, 0.5], [1.0, 0.0, -0.5, 1.0, 1.0, 0.0]], "float32")
SCALE = 0.7


@pytest.fixture(scope="module")
def linear():
    """A known model with an untrained encoder."""
    keras.utils.set_random_seed(3)
    vae = tfvae.VAE(
        tfvae.networks.linear(),
        keras.layers.Identity(),
        posteriors.Normal(2),
        likelihoods.Normal((6,), SCALE),
    )
    vae.likelihood.head.dense.kernel.assign(WEIGHTS)
    return vae


@pytest.fixture(scope="module")
def x():
    rng = np.random.default_rng(0)
    return (rng.normal(size=(24, 2)) @ WEIGHTS + SCALE * rng.normal(size=(24, 6))).astype("float32")


def test_it_reaches_the_exact_log_likelihood_and_posterior(linear, x):
    assert WEIGHTS[0] @ WEIGHTS[1] == 0
    before = [variable.numpy() for variable in linear.variables]
    refined = evaluation.refine(linear, x, num_steps=1000, seed=1)
    exact = stats.multivariate_normal(np.zeros(6), WEIGHTS.T @ WEIGHTS + SCALE**2 * np.eye(6)).logpdf(x)
    assert (exact - refined.encoder_elbo).mean() > 5
    loc, scale = (np.array(linear.posterior(refined.features)[name], "float64") for name in ("loc", "scale"))
    variance = SCALE**2 / (np.square(WEIGHTS).sum(axis=1) + SCALE**2)
    distance = np.square(loc - x @ WEIGHTS.T * variance / SCALE**2)
    ratio = scale**2 / variance
    gap = 0.5 * (ratio - 1 - np.log(ratio) + distance / variance).sum(axis=1)  # KL(q(z) || p(z|x))
    assert gap.max() < 0.02
    bounds = [evaluation.refined_elbo(linear, x, refined.features, 500, seed).mean() for seed in range(2, 22)]
    error = np.std(bounds, ddof=1) / np.sqrt(20)
    assert abs(np.mean(bounds) - (exact - gap).mean()) < 4 * error
    assert error < 0.02
    for variable, value in zip(linear.variables, before, strict=True):
        np.testing.assert_array_equal(variable, value, err_msg=variable.path)


def test_no_example_ends_below_its_encoder(linear, x):
    """Also with steps that are far too large, where the encoder's own features are kept."""
    wild = evaluation.refine(linear, x, num_steps=40, learning_rate=50.0, seed=1)
    assert (wild.elbo >= wild.encoder_elbo).all()
    assert (wild.elbo == wild.encoder_elbo).any()
    mild = evaluation.refine(linear, x, num_steps=40, seed=1)
    np.testing.assert_array_equal(mild.encoder_elbo, wild.encoder_elbo)
    assert (mild.elbo > mild.encoder_elbo).all()
    features = linear.encoder(x)
    kept = (wild.elbo == wild.encoder_elbo)[:, np.newaxis] & np.ones((1, 6), bool)
    np.testing.assert_array_equal(wild.features[kept], np.array(features)[kept])


def test_both_bounds_are_taken_with_the_same_draws(linear, x, monkeypatch):
    drawn = []
    noise = type(linear).noise

    def remembered(*args):
        drawn.append(noise(*args))
        return drawn[-1]

    monkeypatch.setattr(type(linear), "noise", remembered)
    refined = evaluation.refine(linear, x, num_steps=20, num_samples=2, seed=4)
    fixed = next(each for each in drawn if each.shape[0] == 32)
    assert sum(each.shape[0] == 32 for each in drawn) == 1
    inputs = linear.checked(x)
    np.testing.assert_allclose(
        refined.encoder_elbo, linear.trace_with_noise(inputs, fixed).elbo, rtol=1e-5, atol=1e-4
    )
    params = linear.posterior(refined.features)
    z, _ = linear.posterior.transform(params, fixed)
    distortion = -linear.decode(z).log_prob(x).numpy().mean(axis=0)
    loc, scale = np.array(params["loc"]), np.array(params["scale"])
    rate = 0.5 * (loc**2 + scale**2 - 1 - 2 * np.log(scale)).sum(axis=1)
    np.testing.assert_allclose(refined.elbo, -distortion - rate, rtol=1e-5, atol=1e-4)


def test_it_follows_from_the_seed_in_any_batch_size(linear, x):
    first, second = (evaluation.refine(linear, x, num_steps=10, seed=3) for _ in range(2))
    np.testing.assert_array_equal(first.features, second.features)
    assert evaluation.refine(linear, x, num_steps=10, batch_size=7).features.shape == (24, 6)


def test_other_posteriors_and_missing_values(x):
    """A flow with context, and data with missing values."""
    x = np.where(np.random.default_rng(1).random(x.shape) < 0.3, np.nan, x).astype("float32")
    vae = tfvae.VAE(
        tfvae.networks.mlp((8,), "tanh"),
        tfvae.networks.mlp((8,), "tanh"),
        posteriors.Planar(2, 2),
        likelihoods.MissingAtRandom(likelihoods.Normal((6,))),
    )
    refined = evaluation.refine(vae, x, num_steps=50)
    assert (refined.elbo > refined.encoder_elbo).all()
    held_out = [
        evaluation.refined_elbo(vae, x, each, 500)
        for each in (refined.features, vae.encoder(vae.likelihood.encoder_input(x)))
    ]
    assert held_out[0].mean() > held_out[1].mean()


def test_other_models_and_numbers_are_rejected(linear, x):
    with pytest.raises(InvalidInput, match="model: expected a posterior with a density in closed form"):
        evaluation.refine(tfvae.zoo.autoencoder((6,)), x)
    with pytest.raises(InvalidInput, match="num_steps"):
        evaluation.refine(linear, x, num_steps=0)
    with pytest.raises(InvalidInput, match="shape"):
        evaluation.refine(linear, x[:, :3])
