"""Annealed importance sampling against log-likelihoods that are known exactly, or by quadrature."""

import warnings

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy import stats
from scipy.special import logsumexp

import tfvae
from tfvae import likelihoods, networks, posteriors, priors
from tfvae.core.errors import InvalidInput
from tfvae.evaluation import (
    annealed_chains,
    annealed_importance_sampling,
    reverse_annealed_importance_sampling,
)

pytestmark = pytest.mark.filterwarnings("ignore:annealed importance sampling")  # of few temperatures

COUNT, SCALE = 32, 0.5


@pytest.fixture(scope="module")
def linear():
    """A linear VAE with known weights; its q(z|x) has the exact mean, and twice the exact scales."""
    keras.utils.set_random_seed(1)
    rng = np.random.default_rng(0)
    weights, bias = rng.normal(size=(2, 6)), rng.normal(size=6)
    vae = tfvae.zoo.linear_vae((6,), latent_dim=2)
    vae.likelihood.head.dense.kernel.assign(weights)
    vae.likelihood.head.dense.bias.assign(bias)
    vae.likelihood.scale.log_scale.assign(np.log(SCALE))
    covariance = np.linalg.inv(np.eye(2) + weights @ weights.T / SCALE**2)
    to_mean = weights.T @ covariance / SCALE**2
    raw_scale = np.log(np.expm1(2 * np.sqrt(np.diag(covariance))))
    vae.posterior.head.dense.kernel.assign(np.stack([to_mean, np.zeros((6, 2))], axis=-1).reshape(6, 4))
    vae.posterior.head.dense.bias.assign(np.stack([-bias @ to_mean, raw_scale], axis=-1).ravel())
    return vae


@pytest.fixture(scope="module")
def simulated(linear):
    """Draws (z, x) from the model: z is an exact draw from the posterior of x."""
    z = tf.random.stateless_normal((COUNT, 2), (3, 1)).numpy()
    return z, linear.decode(z).sample(seed=(3, 2)).numpy()


@pytest.fixture(scope="module")
def exact(linear, simulated):
    """Log p(x) of probabilistic PCA: x ~ N(b, W'W + s^2 I)."""
    return _normal(linear).logpdf(simulated[1])


def _normal(vae, columns=slice(None)):
    dense = vae.likelihood.head.dense
    weights, bias = np.array(dense.kernel, "float64")[:, columns], np.array(dense.bias, "float64")[columns]
    return stats.multivariate_normal(bias, weights.T @ weights + SCALE**2 * np.eye(len(bias)))


@pytest.fixture(scope="module")
def fine(linear, simulated):
    """A lower and an upper bound with many temperatures, and no warning."""
    z, x = simulated
    arguments = {"num_chains": 64, "num_temperatures": 250, "seed": 5}
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        return (
            annealed_importance_sampling(linear, x, **arguments),
            reverse_annealed_importance_sampling(linear, x, z, **arguments),
        )


def test_it_agrees_with_the_exact_log_likelihood_within_its_error(fine, exact):
    forward, _ = fine
    standardized = (forward.log_likelihood - exact) / forward.standard_error
    assert np.abs(standardized).max() < 4
    assert 0.65 < standardized.std() < 1.4
    error = np.sqrt(np.square(forward.standard_error).sum()) / COUNT
    assert error < 0.02
    assert abs((forward.log_likelihood - exact).mean()) < 3 * error


def test_it_agrees_with_importance_sampling(linear, simulated, fine):
    estimate, error = linear.log_likelihood_with_error(simulated[1], num_samples=2000, seed=1)
    assert error.max() < 0.1
    both = np.hypot(error, fine[0].standard_error)
    assert (np.abs(estimate - fine[0].log_likelihood) < 4 * both).all()


def test_the_acceptance_is_the_target(fine):
    for estimate in fine:
        assert estimate.acceptance.mean() == pytest.approx(0.65, abs=0.03)
        np.testing.assert_allclose(estimate.acceptance, 0.65, atol=0.1)


def test_both_directions_bracket_the_exact_value(linear, simulated, exact, fine):
    """Closely with many temperatures; with few, the exact value is strictly between them."""
    upper = fine[1].log_likelihood - exact
    assert abs(upper.mean()) < 0.1
    assert upper.mean() > -3 * upper.std(ddof=1) / np.sqrt(COUNT)
    z, x = simulated
    arguments = {"num_chains": 4, "num_temperatures": 8, "seed": 2}
    lower = annealed_importance_sampling(linear, x, **arguments).log_likelihood - exact
    upper = reverse_annealed_importance_sampling(linear, x, z, **arguments).log_likelihood - exact
    for gap in (-lower, upper):
        assert gap.mean() > 2 * gap.std(ddof=1) / np.sqrt(COUNT)


@pytest.mark.slow
def test_the_weights_are_unbiased_with_few_temperatures(linear):
    """The mean of w is p(x), and that of 1/w is 1/p(x), whatever the step sizes are adapted to."""
    rows = 300
    vae = tfvae.VAE(networks.linear(), networks.linear(), posteriors.Normal(2), likelihoods.Normal((6,), 1.0))
    vae.likelihood.head.dense.kernel.assign(0.5 * linear.likelihood.head.dense.kernel)
    z = tf.random.stateless_normal((rows, 2), (1, 1))
    x = vae.decode(z).sample(seed=(1, 2)).numpy()
    weights = np.array(vae.likelihood.head.dense.kernel, "float64")
    exact = stats.multivariate_normal(np.zeros(6), weights.T @ weights + np.eye(6)).logpdf(x)
    arguments = {"num_chains": 16, "num_temperatures": 12, "num_leapfrog": 3}
    lower = annealed_importance_sampling(vae, x, **arguments)
    upper = reverse_annealed_importance_sampling(vae, x, z, **arguments)
    for ratio in (np.exp(lower.log_likelihood - exact), np.exp(exact - upper.log_likelihood)):
        error = ratio.std(ddof=1) / np.sqrt(rows)
        assert error < 0.06
        assert abs(ratio.mean() - 1) < 4 * error


@pytest.mark.slow
def test_it_agrees_with_quadrature_for_a_nonlinear_decoder():
    vae = tfvae.VAE(
        networks.linear(), networks.mlp((8,), "tanh"), posteriors.Normal(1), likelihoods.Normal((2,), 0.3)
    )
    for weight in vae.decoder.trainable_variables:
        weight.assign(2 * tf.random.stateless_normal(weight.shape, (4, 4)))
    z = tf.random.stateless_normal((16, 1), (1, 3))
    x = vae.decode(z).sample(seed=(1, 4))
    grid = np.linspace(-8, 8, 4001, dtype="float32")[:, np.newaxis, np.newaxis]
    log_joint = vae.decode(grid).log_prob(x).numpy().astype("float64") + stats.norm.logpdf(grid[..., 0])
    exact = logsumexp(log_joint, axis=0) + np.log(16 / 4000)
    arguments = {"num_chains": 128, "num_temperatures": 100, "seed": 1}
    for estimate in (
        annealed_importance_sampling(vae, x, **arguments),
        reverse_annealed_importance_sampling(vae, x, z, **arguments),
    ):
        assert estimate.standard_error.max() < 0.15
        assert abs((estimate.log_likelihood - exact).mean()) < 0.1
    forward = annealed_importance_sampling(vae, x, **arguments)
    assert (np.abs(forward.log_likelihood - exact) < 4 * forward.standard_error).all()


def test_missing_values_are_left_out(linear, simulated):
    vae = tfvae.VAE(
        networks.linear(),
        keras.layers.Identity(),
        posteriors.Normal(2),
        likelihoods.MissingAtRandom(likelihoods.Normal((6,), SCALE)),
    )
    dense, ours = (each.head.dense for each in (linear.likelihood, vae.likelihood.likelihood))
    ours.kernel.assign(dense.kernel)
    ours.bias.assign(dense.bias)
    x = simulated[1][:8].copy()
    x[:, 2:4] = np.nan
    estimate = annealed_importance_sampling(vae, x, 64, 100)
    exact = _normal(linear, [0, 1, 4, 5]).logpdf(x[:, [0, 1, 4, 5]])
    assert (np.abs(estimate.log_likelihood - exact) < 4 * estimate.standard_error).all()


def test_the_encoder_has_no_effect(linear, simulated):
    head = linear.posterior.head.dense
    kernel = head.kernel.numpy()
    first = annealed_importance_sampling(linear, simulated[1], 16, 10)
    head.kernel.assign(kernel + 3.0)
    second = annealed_importance_sampling(linear, simulated[1], 16, 10)
    head.kernel.assign(kernel)
    np.testing.assert_array_equal(first.log_likelihood, second.log_likelihood)


def test_it_follows_from_the_seed(linear, simulated):
    first, second, other = (
        annealed_importance_sampling(linear, simulated[1], 12, 10, seed=seed) for seed in (3, 3, 4)
    )
    for one, two in zip(first, second, strict=True):
        np.testing.assert_array_equal(one, two)
    assert (first.log_likelihood != other.log_likelihood).all()


def _conditional():
    """A VAE with a condition and a prior p(z|c), of which each row has its own."""
    vae = tfvae.VAE(
        tfvae.layers.ConcatenateCondition(networks.linear()),
        tfvae.layers.ConcatenateCondition(networks.mlp((8,), "tanh")),
        posteriors.Normal(2),
        likelihoods.Bernoulli((4,)),
        priors.Conditional(2, networks.mlp((8,), "tanh"), 3),
        condition_dim=3,
    )
    rng = np.random.default_rng(0)
    return vae, {"x": rng.integers(0, 2, (9, 4)), "condition": 3 * rng.normal(size=(9, 3))}


def _mixture():
    """A VAE whose prior takes more numbers than z has."""
    vae = tfvae.VAE(
        networks.linear(),
        networks.mlp((8,), "tanh"),
        posteriors.Normal(2),
        likelihoods.Normal((4,), 0.5),
        priors.Mixture(2, 3),
    )
    return vae, {"x": np.random.default_rng(0).normal(size=(9, 4))}


@pytest.mark.parametrize("make", [_conditional, _mixture])
@pytest.mark.slow
def test_the_draws_depend_neither_on_chunks_nor_on_other_examples(make, monkeypatch):
    """With a short pilot run, as long ones amplify rounding where the posterior has several modes."""
    monkeypatch.setattr(annealed_chains, "_PILOT_TRANSITIONS", 1)
    vae, inputs = make()
    whole = annealed_importance_sampling(vae, inputs, 20, 6, 3).log_likelihood
    pairs = annealed_importance_sampling(vae, inputs, 20, 6, 3, decoded_at_once=47).log_likelihood
    np.testing.assert_allclose(pairs, whole, rtol=1e-4, atol=1e-4)
    first = {name: each[:4] for name, each in inputs.items()}
    chains = annealed_importance_sampling(vae, first, 20, 6, 3, decoded_at_once=13).log_likelihood
    np.testing.assert_allclose(chains, whole[:4], rtol=1e-4, atol=1e-4)


def test_the_chunks_change_an_estimate_of_a_linear_decoder_by_rounding_alone(linear, simulated):
    """Also over the whole pilot run and many temperatures."""
    z, x = (each[:5] for each in simulated)
    whole, chunked = (
        reverse_annealed_importance_sampling(linear, x, z, 20, 40, decoded_at_once=budget)
        for budget in (1000, 18)
    )
    for one, two in zip(whole, chunked, strict=True):
        np.testing.assert_allclose(one, two, rtol=1e-3, atol=1e-3)


def test_no_more_points_are_decoded_at_once_than_allowed(linear, simulated, monkeypatch):
    decoded = []
    retrace = type(linear).retrace

    def remembered(self, trace, z, log_q):
        decoded.append(z.shape[0] * z.shape[1])
        return retrace(self, trace, z, log_q)

    monkeypatch.setattr(type(linear), "retrace", remembered)
    for budget in (16, 100):
        decoded.clear()
        annealed_importance_sampling(linear, simulated[1][:3], 40, 2, 1, decoded_at_once=budget)
        assert budget / 2 <= max(decoded) <= budget


def test_a_small_effective_sample_size_is_reported(linear, simulated):
    """With one temperature the estimate is simple Monte Carlo, here of narrow posteriors."""
    with pytest.warns(UserWarning, match="annealed importance sampling") as caught:
        estimate = annealed_importance_sampling(linear, simulated[1], 64, 1)
    few = int((estimate.effective_sample_size < 10).sum())
    assert few > 5
    messages = [str(each.message) for each in caught if "annealed" in str(each.message)]
    assert len(messages) == 1
    assert f"{few} of {COUNT} examples have an effective sample size below 10 of 64 chains" in messages[0]
    assert caught[0].filename == __file__
    assert np.isnan(estimate.acceptance).all()
    assert (estimate.effective_sample_size >= 1 - 1e-6).all()


def test_one_chain_has_no_error(linear, simulated):
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        estimate = annealed_importance_sampling(linear, simulated[1][:3], 1, 5)
    assert np.isfinite(estimate.log_likelihood).all()
    assert np.isnan(estimate.standard_error).all()
    np.testing.assert_allclose(estimate.effective_sample_size, 1)


def test_each_chain_may_have_its_own_start(linear, simulated):
    z, x = simulated
    starts = np.repeat(z[np.newaxis], 4, axis=0)
    one = reverse_annealed_importance_sampling(linear, x, z, 4, 5)
    many = reverse_annealed_importance_sampling(linear, x, starts, 4, 5)
    np.testing.assert_array_equal(one.log_likelihood, many.log_likelihood)
    starts[1] += 1
    other = reverse_annealed_importance_sampling(linear, x, starts, 4, 5)
    assert (one.log_likelihood != other.log_likelihood).all()


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (lambda: tfvae.zoo.autoencoder((6,)), r"model: expected one whose q\(z\|x\) has a density"),
        (lambda: tfvae.zoo.hyperspherical_vae((6,)), "model: expected one with a real latent space"),
        (lambda: tfvae.zoo.discrete_vae((6,)), "model: expected one with a real latent space"),
        (lambda: tfvae.zoo.vq_vae((6,)), "model: expected one with a real latent space"),
        (lambda: tfvae.zoo.ladder_vae((6,)), "model: expected a VAE"),
    ],
)
def test_other_models_are_rejected(make, expected):
    with pytest.raises(InvalidInput, match=expected):
        annealed_importance_sampling(make(), np.zeros((2, 6)))
    with pytest.raises(InvalidInput, match=expected):
        reverse_annealed_importance_sampling(make(), np.zeros((2, 6)), np.zeros((2, 2)))


@pytest.mark.parametrize("name", ["num_chains", "num_temperatures", "num_leapfrog", "decoded_at_once"])
def test_numbers_below_one_are_rejected(linear, simulated, name):
    with pytest.raises(InvalidInput, match=name):
        annealed_importance_sampling(linear, simulated[1], **{name: 0})


def test_other_points_and_data_are_rejected(linear, simulated):
    z, x = simulated
    with pytest.raises(InvalidInput, match=r"z: expected shape \(32, 2\) or \(16, 32, 2\)"):
        reverse_annealed_importance_sampling(linear, x, z[:5])
    with pytest.raises(InvalidInput, match="z: expected finite numbers"):
        reverse_annealed_importance_sampling(linear, x, z * np.nan)
    with pytest.raises(InvalidInput, match="NaN"):
        annealed_importance_sampling(linear, x * np.nan)
