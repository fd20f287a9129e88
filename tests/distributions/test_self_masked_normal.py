"""Numbers that hide themselves against integrals of their density."""

import numpy as np
import pytest
import tensorflow as tf
from scipy import integrate, special, stats
from tensorflow_probability import distributions as tfd

from tfvae.distributions import SelfMaskedNormal

NAN = float("nan")
CASES = [(0.4, 1.0, 2.0, 0.5), (-0.3, 0.7, -1.0, 0.0), (1.0, 2.0, 0.0, -1.0)]  # loc, scale, slope, intercept


def _masked(loc, scale, slope, intercept, num_nodes=20):
    normal = tfd.Normal(tf.constant(loc), tf.constant(scale))
    return SelfMaskedNormal(normal, tf.constant(slope), tf.constant(intercept), num_nodes)


def _integral(function, loc, scale, slope, intercept, observed):
    """The integral of function(x) N(x; loc, scale^2) p(observed or missing|x)."""
    x = np.linspace(loc - 9 * scale, loc + 9 * scale, 20001)
    probability = special.expit((slope * x + intercept) * (1 if observed else -1))
    return integrate.simpson(function(x) * stats.norm.pdf(x, loc, scale) * probability, x=x)


@pytest.mark.parametrize(
    ("slope", "scale", "tolerance"),
    [(1.0, 1.0, 1e-5), (-2.0, 1.0, 1e-4), (1.5, 2.0, 1e-3), (-5.0, 1.0, 0.03)],
)
def test_the_quadrature_is_as_exact_as_stated(slope, scale, tolerance):
    for center in (-2.0, -0.5, 0.0, 1.0, 2.0):
        case = 0.3, scale, slope, -slope * (0.3 + center * scale)
        expected = _integral(np.ones_like, *case, observed=False)
        assert float(_masked(*case).prob(NAN)) == pytest.approx(expected, rel=tolerance)


@pytest.mark.parametrize("case", CASES)
def test_observed_density_and_missing_mass_sum_to_one(case):
    p = _masked(*case)
    grid = np.linspace(-12, 12, 4001, dtype="float32")
    observed = np.trapezoid(p.prob(grid), grid)
    assert observed + float(p.prob(NAN)) == pytest.approx(1.0, abs=1e-5)
    assert 0.2 < observed < 0.8


@pytest.mark.parametrize("case", CASES)
def test_draws_are_missing_as_often_as_the_density_says(case):
    count = 20000
    draws = _masked(*case).sample(count, seed=(1, 2)).numpy()
    missing = _integral(np.ones_like, *case, observed=False)
    assert abs(np.isnan(draws).mean() - missing) < 4 * np.sqrt(missing * (1 - missing) / count)
    observed = draws[~np.isnan(draws)]
    mean = _integral(lambda x: x, *case, observed=True) / (1 - missing)
    assert abs(observed.mean() - mean) < 4 * observed.std() / np.sqrt(len(observed))


@pytest.mark.parametrize("case", CASES)
def test_mean_and_draws_of_missing_values_are_those_of_their_density(case):
    count = 20000
    mass = _integral(np.ones_like, *case, observed=False)
    mean, square = (
        _integral(lambda x, power=power: x**power, *case, observed=False) / mass for power in (1, 2)
    )
    loc, *others = case
    p = _masked(np.full(count, loc, "float32"), *others)
    np.testing.assert_allclose(p.missing_mean()[0], mean, atol=2e-3)
    draws = p.missing_draw(tf.constant([1, 2])).numpy().astype("float64")
    assert abs(draws.mean() - mean) < 4 * draws.std() / np.sqrt(count)
    assert abs((draws**2).mean() - square) < 4 * (draws**2).std() / np.sqrt(count)


@pytest.mark.parametrize("nodes", [1, 20, 100])
def test_every_number_of_nodes_gives_a_probability(nodes):
    p = _masked(0.0, 1.0, 1.0, 0.3, nodes)
    assert float(p.log_prob(NAN)) == pytest.approx(np.log(special.expit(-0.3)), abs=0.05)
