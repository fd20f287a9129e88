"""Mean-field inference of a mixture: the bound, monotonicity, the exact evidence, and scikit-learn."""

import numpy as np
import pytest
from mean_field import DirichletGaussWishart, bound, fit, responsibilities, update
from scipy import special, stats
from sklearn.mixture import BayesianGaussianMixture


def _prior(components, size=2, precision=0.5):
    ones = np.ones(components)
    return DirichletGaussWishart(
        0.7 * ones, precision * ones, np.zeros((components, size)), (size + 1.5) * ones,
        np.stack([1.3 * np.eye(size)] * components),
    )  # fmt: skip


def _data(seed=0, count=60):
    rng = np.random.default_rng(seed)
    return np.concatenate([rng.normal(size=(count, 2)) + center for center in ([-3.0, 0.0], [3.0, 1.0])])


def _initial(count, components, seed=1):
    return np.random.default_rng(seed).dirichlet(np.ones(components), count)


@pytest.mark.parametrize("seed", range(5))
def test_no_update_lowers_the_bound(seed):
    x, prior, q = _data(seed), _prior(3), _initial(120, 3, seed)
    values = []
    for _ in range(40):
        q_parameters = update(prior, x, q)
        values.append(bound(prior, q_parameters, x, q))
        q = responsibilities(q_parameters, x)
        values.append(bound(prior, q_parameters, x, q))
    assert np.diff(values).min() > -1e-9
    assert values[-1] > values[0] + 1


def _log_evidence(prior, x):
    """Exact log p(x) of one component: the product of Student-t predictive densities."""
    total, size = 0.0, x.shape[1]
    b, m, v, s = prior.precision[0], prior.mean[0], prior.degrees_of_freedom[0], prior.inverse_scale[0]
    for point in x:
        freedom = v - size + 1
        total += stats.multivariate_t(m, s * (b + 1) / (b * freedom), df=freedom).logpdf(point)
        s = s + b / (b + 1) * np.outer(point - m, point - m)
        m, b, v = (b * m + point) / (b + 1), b + 1, v + 1
    return total


def test_with_one_component_the_bound_is_the_evidence():
    """Then q can be the exact posterior, and the bound has no gap."""
    x, prior = _data(count=10), _prior(1)
    bounds = fit(x, prior, np.ones((20, 1)), 2)[-1]
    assert bounds[-1] == pytest.approx(_log_evidence(prior, x), abs=1e-8)


def test_with_two_components_the_bound_is_below_the_evidence():
    """Summed over 2^6 assignments, each with the exact evidence of its two parts and of the Dirichlet."""
    x, prior = _data(count=3), _prior(2)
    terms = []
    for number in range(2**6):
        c = np.array([number >> i & 1 for i in range(6)])
        counts = np.bincount(c, minlength=2)
        a = prior.concentration
        value = special.gammaln(a.sum()) - special.gammaln(a.sum() + 6)
        value += (special.gammaln(a + counts) - special.gammaln(a)).sum()
        terms.append(value + sum(_log_evidence(prior, x[c == k]) for k in range(2)))
    evidence = special.logsumexp(terms)
    for seed in range(5):
        _, _, bounds = fit(x, prior, _initial(6, 2, seed), 50)
        assert evidence - 10 < bounds[-1] < evidence


def test_a_component_without_examples_keeps_its_prior():
    x, prior = _data(), _prior(2)
    q_parameters = update(prior, x, np.stack([np.ones(120), np.zeros(120)], axis=1))
    for name in ("concentration", "precision", "mean", "degrees_of_freedom", "inverse_scale"):
        np.testing.assert_array_equal(getattr(q_parameters, name)[1], getattr(prior, name)[1])


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_it_converges_to_the_solution_of_scikit_learn():
    """For separate clusters both find the same fixed point."""
    x, prior = _data(), _prior(2)
    reference = BayesianGaussianMixture(
        n_components=2, tol=1e-12, max_iter=500, reg_covar=0.0, random_state=0,
        weight_concentration_prior_type="dirichlet_distribution", weight_concentration_prior=0.7,
        mean_precision_prior=0.5, mean_prior=np.zeros(2), degrees_of_freedom_prior=3.5,
        covariance_prior=1.3 * np.eye(2),
    ).fit(x)  # fmt: skip
    initial = np.repeat(np.eye(2), 60, axis=0)[:, np.argsort(reference.means_[:, 0])]
    q_parameters, q, _ = fit(x, prior, initial, 200)
    np.testing.assert_allclose(q_parameters.mean, reference.means_, rtol=1e-6)
    np.testing.assert_allclose(q_parameters.concentration, reference.weight_concentration_, rtol=1e-6)
    np.testing.assert_allclose(q_parameters.degrees_of_freedom, reference.degrees_of_freedom_, rtol=1e-6)
    covariance = q_parameters.inverse_scale / q_parameters.degrees_of_freedom[:, np.newaxis, np.newaxis]
    np.testing.assert_allclose(covariance, reference.covariances_, rtol=1e-6)
    np.testing.assert_allclose(q, reference.predict_proba(x), atol=1e-6)
