"""Products and mixtures of experts against closed forms and enumeration."""

import itertools

import numpy as np
import pytest
import tensorflow as tf
from scipy.stats import norm

from tfvae.core.errors import InvalidInput
from tfvae.posteriors import MixtureOfExperts, MixtureOfProducts, ProductOfExperts

M, D = 3, 2
PATTERNS = np.array(list(itertools.product([0.0, 1.0], repeat=M)), "float32")  # every subset, a row each
GRID = np.linspace(-12, 12, 4801)


@pytest.fixture
def experts():
    rng = np.random.default_rng(0)
    shape = (len(PATTERNS), M, D)
    loc, scale = rng.normal(0, 2, shape), rng.uniform(0.3, 2, shape)
    return {"loc": loc.astype("float32"), "scale": scale.astype("float32"), "present": PATTERNS}


def _normalized(log_density):
    density = np.exp(log_density - log_density.max())
    return density / (density.sum() * (GRID[1] - GRID[0]))


def _product_by_grid(experts, row, members, dimension):
    """p(z) times the members' experts, normalized on a grid."""
    log_density = norm.logpdf(GRID)
    for m in members:
        log_density += norm.logpdf(
            GRID, experts["loc"][row, m, dimension], experts["scale"][row, m, dimension]
        )
    return _normalized(log_density)


def _there(row):
    return [m for m in range(M) if PATTERNS[row, m]]


@pytest.mark.parametrize("row", range(len(PATTERNS)))
def test_a_product_is_the_normalized_product_for_every_subset(experts, row):
    fusion = ProductOfExperts(D)
    params = {name: value.numpy()[row] for name, value in fusion(experts).items()}
    for dimension in range(D):
        expected = _product_by_grid(experts, row, _there(row), dimension)
        received = norm.pdf(GRID, params["loc"][dimension], params["scale"][dimension])
        np.testing.assert_allclose(received, expected, atol=2e-5)


def test_a_mixture_of_experts_has_the_density_of_those_present(experts):
    z = np.random.default_rng(1).normal(0, 2, (50, len(PATTERNS), D)).astype("float32")
    fusion = MixtureOfExperts(D)
    received = fusion.distribution(fusion(experts)).log_prob(z).numpy()
    for row in range(len(PATTERNS)):
        kept = [norm(experts["loc"][row, m], experts["scale"][row, m]) for m in _there(row)] or [norm(0, 1)]
        expected = np.log(np.mean([c.pdf(z[:, row].astype("float64")).prod(-1) for c in kept], axis=0))
        np.testing.assert_allclose(received[:, row], expected, rtol=2e-5, atol=2e-5)


def test_a_mixture_of_products_has_one_for_each_subset_of_those_present(experts):
    fusion = MixtureOfProducts(D)
    q = fusion.distribution(fusion(experts))
    z = tf.constant(np.stack([GRID, np.full_like(GRID, 0.3)], -1)[:, np.newaxis], tf.float32)
    density = q.prob(tf.repeat(z, len(PATTERNS), axis=1)).numpy()
    for row in range(len(PATTERNS)):
        there = _there(row)
        subsets = [s for size in range(1, len(there) + 1) for s in itertools.combinations(there, size)] or [
            ()
        ]
        at = np.searchsorted(GRID, 0.3)
        expected = np.mean(
            [
                _product_by_grid(experts, row, s, 0) * _product_by_grid(experts, row, s, 1)[at]
                for s in subsets
            ],
            axis=0,
        )
        np.testing.assert_allclose(density[:, row], expected, atol=1e-4)


@pytest.mark.parametrize("make", [ProductOfExperts, MixtureOfExperts, MixtureOfProducts])
def test_draws_come_with_the_density_of_the_whole(experts, make):
    fusion = make(D)
    params = fusion(experts)
    z, log_q = fusion.transform(params, fusion.noise((5, len(PATTERNS)), tf.constant([0, 1])))
    np.testing.assert_allclose(log_q, fusion.distribution(params).log_prob(z), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("make", [ProductOfExperts, MixtureOfExperts, MixtureOfProducts])
def test_without_modalities_it_is_the_prior(experts, make):
    fusion = make(D)
    params = {name: value[:1] for name, value in fusion(experts).items()}
    z = tf.random.stateless_normal((9, 1, D), (0, 2))
    np.testing.assert_allclose(
        fusion.distribution(params).log_prob(z), norm.logpdf(z).sum(-1), rtol=1e-5, atol=1e-5
    )
    assert not fusion.location(params).numpy().any()


@pytest.mark.parametrize(("make", "draws"), [(MixtureOfExperts, M), (MixtureOfProducts, 2**M - 1)])
def test_as_many_draws_as_components_are_one_from_each(experts, make, draws):
    """Where nothing is missing; with K narrow, far components, each holds one draw."""
    far = np.array([0, 100, 1000], "float32")[:, np.newaxis] * np.ones(D, "float32")  # all means differ
    apart = {"loc": far[np.newaxis], "scale": np.full((1, M, D), 0.01, "float32"), "present": np.ones((1, M))}
    apart["present"] = apart["present"].astype("float32")
    fusion = make(D)
    params = fusion(apart)
    z, _ = fusion.transform(params, fusion.noise((draws, 1), tf.constant([3, 4])))
    nearest = np.abs(z.numpy()[:, 0, np.newaxis, 0] - params["loc"].numpy()[0, :, 0]).argmin(1)
    assert sorted(nearest) == list(range(draws))


@pytest.mark.parametrize("draws", [1, 2, 4, 7])
def test_any_number_of_draws_is_unbiased(experts, draws):
    """The mean of draws from every pattern against the mixture's mean, within 4 standard errors."""
    fusion = MixtureOfExperts(D)
    params = fusion(experts)
    means = []
    for seed in range(40):
        repeated = {name: tf.repeat(value, 50, axis=0) for name, value in params.items()}
        noise = fusion.noise((draws, 50 * len(PATTERNS)), tf.constant([seed, 9]))
        z, _ = fusion.transform(repeated, noise)
        means.append(tf.reshape(tf.reduce_mean(z, 0), (len(PATTERNS), 50, D)))
    means = np.concatenate(means, axis=1).astype("float64")
    error = means.std(axis=1, ddof=1) / np.sqrt(means.shape[1])
    expected = fusion.distribution(params).mean().numpy()
    assert (np.abs(means.mean(axis=1) - expected) < 4 * error).all()


def test_the_location_is_the_highest_peak():
    experts = {"loc": [[[1.0], [5.0]]], "scale": [[[0.5], [0.1]]], "present": [[1.0, 1.0]]}
    experts = {name: tf.constant(value) for name, value in experts.items()}
    fusion = MixtureOfExperts(1)
    assert fusion.location(fusion(experts)).numpy() == 5.0
    assert fusion.location(fusion({**experts, "present": tf.constant([[1.0, 0.0]])})).numpy() == 1.0


def test_a_latent_space_without_dimensions_is_rejected():
    with pytest.raises(InvalidInput, match="latent_dim"):
        ProductOfExperts(0)
