"""Expectation maximization: the bound, monotonicity, and scikit-learn with the same initialization."""

import numpy as np
import pytest
from gaussian_mixture import GaussianMixture, em, expectation, lower_bound, maximization
from scipy import stats
from sklearn.mixture import GaussianMixture as Reference

from tfvae import InvalidInput


def _data(seed=0):
    rng = np.random.default_rng(seed)
    shapes = rng.normal(size=(3, 2, 2))
    centers = np.array([[0.0, 0.0], [3.0, 1.0], [-1.0, 3.0]])
    return np.concatenate(
        [rng.normal(size=(100, 2)) @ shape + c for shape, c in zip(shapes, centers, strict=True)]
    )


def _initial(x, seed=1):
    means = np.random.default_rng(seed).choice(x, 3, replace=False)
    return GaussianMixture(np.full(3, 1 / 3), means, np.stack([np.eye(2)] * 3))


def test_densities_are_those_of_scipy():
    x = _data()
    mixture, _ = em(x, _initial(x), 5)
    parts = zip(mixture.weights, mixture.means, mixture.covariances, strict=True)
    density = sum(weight * stats.multivariate_normal(mean, cov).pdf(x) for weight, mean, cov in parts)
    np.testing.assert_allclose(mixture.log_prob(x), np.log(density), rtol=1e-10)


def test_log_likelihood_is_the_bound_plus_the_kl_divergence_from_the_exact_posterior():
    x = _data()
    mixture = _initial(x)
    exact = expectation(mixture, x)
    q = np.random.default_rng(2).dirichlet(np.ones(3), len(x))
    divergence = (q * np.log(q / exact)).sum(axis=1)
    assert divergence.min() > 0
    np.testing.assert_allclose(lower_bound(mixture, x, q) + divergence, mixture.log_prob(x), rtol=1e-10)
    np.testing.assert_allclose(lower_bound(mixture, x, exact), mixture.log_prob(x), rtol=1e-10)


@pytest.mark.parametrize("seed", range(5))
def test_no_step_lowers_the_likelihood(seed):
    x = _data(seed)
    _, history = em(x, _initial(x, seed), 60)
    assert np.diff(history).min() > -1e-12
    assert history[-1] > history[0] + 0.1


def test_the_maximization_step_is_the_best_one():
    """The bound is lower in every direction."""
    x = _data()
    q = expectation(_initial(x), x)
    best = maximization(x, q)
    top, rng = lower_bound(best, x, q).mean(), np.random.default_rng(3)
    for _ in range(50):
        weights = best.weights * np.exp(0.05 * rng.normal(size=3))
        shape = np.eye(2) + 0.05 * rng.normal(size=(3, 2, 2))
        near = GaussianMixture(
            weights / weights.sum(),
            best.means + 0.05 * rng.normal(size=(3, 2)),
            shape @ best.covariances @ shape.transpose(0, 2, 1),
        )
        assert lower_bound(near, x, q).mean() < top


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_it_converges_to_the_solution_of_scikit_learn():
    x = _data()
    initial = _initial(x)
    reference = Reference(
        3, reg_covar=0.0, tol=0.0, max_iter=300, weights_init=initial.weights, means_init=initial.means,
        precisions_init=np.linalg.inv(initial.covariances),
    ).fit(x)  # fmt: skip
    mixture, history = em(x, initial, 300)
    np.testing.assert_allclose(mixture.means, reference.means_, atol=1e-4)
    np.testing.assert_allclose(mixture.covariances, reference.covariances_, atol=1e-4)
    np.testing.assert_allclose(mixture.weights, reference.weights_, atol=1e-5)
    assert history[-1] == pytest.approx(reference.score(x), abs=1e-8)


def test_a_component_with_one_point_needs_the_ridge():
    x = np.array([[0.0], [1.0], [5.0]])
    q = np.array([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    assert maximization(x, q).covariances[1, 0, 0] == 0.0
    assert maximization(x, q, ridge=1e-6).covariances[1, 0, 0] == 1e-6


def test_other_shapes_are_rejected():
    with pytest.raises(InvalidInput, match="^q: expected a row for each of the examples"):
        maximization(np.zeros((3, 1)), np.ones((2, 1)))
