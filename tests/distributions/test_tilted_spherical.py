"""The numerics of spherical distributions against SciPy's, in all dimensions and concentrations."""

import math

import numpy as np
import pytest
import tensorflow as tf
from scipy import special, stats
from tensorflow_probability import distributions as tfd

from tfvae.distributions import PowerSpherical, VonMisesFisher
from tfvae.distributions.sphere import log_sphere_area, unit_vectors

KAPPA = np.array([1e-3, 0.1, 1.0, 10.0, 100.0, 1e4, 1e6])
NODES, WEIGHTS = np.polynomial.legendre.leggauss(100)
dimensions = pytest.mark.parametrize("dimension", [2, 3, 5, 20, 128])
kinds = pytest.mark.parametrize("kind", [PowerSpherical, VonMisesFisher])


def _directions(dimension, count=7):
    return unit_vectors(tf.random.stateless_normal((count, dimension), (1, 2)))


def _angles(q, noise):
    """1 minus the cosine of the angles for given noise [S, B], then the draws and log densities."""
    dimension = q.direction.shape[-1]
    rest = tf.random.stateless_normal((*noise.shape, dimension - 1), (5, 6))
    z, log_q = q.from_noise(tf.concat([noise[..., np.newaxis], rest], -1))
    return tf.reduce_sum(tf.square(z - q.direction), -1).numpy() / 2, z, log_q


@dimensions
def test_power_spherical_angles_are_the_beta_distributions_quantiles(dimension):
    noise = np.linspace(-4, 4, 33, dtype="float32")[:, np.newaxis].repeat(len(KAPPA), 1)
    q = PowerSpherical(_directions(dimension), tf.constant(KAPPA, tf.float32))
    b = (dimension - 1) / 2
    s = _angles(q, noise)[0] / 2
    error = special.betainc(b, b + KAPPA, np.clip(s, 0, 1).astype("float64")) - stats.norm.cdf(noise)
    inside = (s > 1e-6) & (s < 1 - 1e-6) & (KAPPA <= 1e4)  # where a z in float32 keeps its angle's digits
    assert inside.sum() > 100
    assert np.abs(error[inside]).max() < 1e-4


@dimensions
def test_power_spherical_densities_and_rates_are_the_known_ones(dimension):
    directions = _directions(dimension)
    q = PowerSpherical(directions, tf.constant(KAPPA, tf.float32))
    reference = tfd.PowerSpherical(tf.cast(directions, tf.float64), KAPPA)
    _, z, log_q = _angles(q, tf.random.stateless_normal((20, len(KAPPA)), (3, 4)))
    moderate = KAPPA <= 1e4
    known = reference.log_prob(tf.cast(z, tf.float64)).numpy()
    np.testing.assert_allclose(log_q.numpy()[:, moderate], known[:, moderate], rtol=1e-4, atol=5e-3)
    np.testing.assert_allclose(q.log_prob(z), log_q, rtol=1e-4, atol=1e-3)
    np.testing.assert_allclose(q.entropy(), reference.entropy(), rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(q.mean(), reference.mean(), rtol=1e-5, atol=1e-6)


@dimensions
def test_von_mises_fisher_densities_and_rates_are_the_known_ones(dimension):
    directions = _directions(dimension)
    q = VonMisesFisher(directions, tf.constant(KAPPA, tf.float32))
    order = dimension / 2 - 1
    scaled = special.ive(order, KAPPA)
    log_constant = (
        order * np.log(KAPPA) - dimension / 2 * math.log(2 * math.pi) - np.log(scaled)
    )  # at the mode
    np.testing.assert_allclose(q.log_prob(directions), log_constant, rtol=1e-5, atol=1e-5)
    resultant = special.ive(order + 1, KAPPA) / scaled
    np.testing.assert_allclose(q.mean(), resultant[:, np.newaxis] * directions, rtol=1e-5, atol=1e-6)
    rate = log_constant + KAPPA * (resultant - 1) + log_sphere_area(dimension)
    large = rate > 1e-3  # below, SciPy's own difference has no digits left
    np.testing.assert_allclose(q.rate().numpy()[large], rate[large], rtol=1e-5)
    _, z, log_q = _angles(q, tf.random.stateless_normal((20, len(KAPPA)), (3, 4)))
    np.testing.assert_allclose(q.log_prob(z), log_q, rtol=1e-4, atol=1e-3)


def test_small_concentrations_have_the_rate_of_the_second_order():
    """KL = k^2 Var(T) / 2 + O(k^3), where T of the von Mises-Fisher has the variance 1 / d."""
    q = VonMisesFisher(_directions(5, 1), tf.constant([1e-3]))
    np.testing.assert_allclose(q.rate(), [1e-6 / 10], rtol=1e-3)


@kinds
@pytest.mark.parametrize("kappa", [0.5, 20.0])
def test_density_integrates_to_one_on_circle_and_sphere(kind, kappa):
    angle = (np.arange(2000) + 0.5) * (2 * np.pi / 2000)
    circle = np.stack([np.cos(angle), np.sin(angle)], -1).astype("float32")
    q = kind(tf.constant([0.6, -0.8]), tf.constant(kappa))
    np.testing.assert_allclose(np.exp(q.log_prob(circle)).sum() * (2 * np.pi / 2000), 1.0, rtol=1e-5)
    height = NODES
    around = (np.arange(400) + 0.5) * (2 * np.pi / 400)
    radius = np.sqrt(1 - height**2)[:, np.newaxis]
    sphere = np.stack(
        [radius * np.cos(around), radius * np.sin(around), height[:, np.newaxis] + 0 * around], -1
    )
    q = kind(tf.constant([0.36, 0.48, -0.8]), tf.constant(kappa))
    density = np.exp(q.log_prob(sphere.astype("float32"))).sum(-1) * (2 * np.pi / 400)
    np.testing.assert_allclose((WEIGHTS * density).sum(), 1.0, rtol=1e-5)


@kinds
@pytest.mark.parametrize("dimension", [2, 3, 6])
def test_draws_have_the_stated_mean_and_spread(kind, dimension):
    q = kind(_directions(dimension, 3), tf.constant([0.3, 3.0, 60.0]))
    count = 20000
    z = q.sample(count, seed=(3, 4)).numpy().astype("float64")
    np.testing.assert_allclose(np.linalg.norm(z, axis=-1), 1.0, rtol=1e-5)
    assert np.abs((z.mean(0) - q.mean()) / (z.std(0) / np.sqrt(count))).max() < 4
    # The mean of the log density is minus the entropy, from which the draws are independent.
    log_q = q.log_prob(z.astype("float32")).numpy()
    assert np.abs((log_q.mean(0) + q.entropy()) / (log_q.std(0) / np.sqrt(count))).max() < 4


def _expectation(kind, dimension, kappa):
    """E[a.z + (b.z)^2] by the moments of the angle: quadrature over the cosine's half angle."""
    angle, w = np.pi * (NODES + 1) / 2, WEIGHTS * np.pi / 2
    cosine = np.cos(angle)
    tilt = kappa * (np.log1p(cosine) if kind is PowerSpherical else cosine - 1)
    p = w * np.exp(tilt - tilt.max()) * np.sin(angle) ** (dimension - 2)
    p /= p.sum()
    return (p * cosine).sum(), (p * cosine**2).sum()


@kinds
@pytest.mark.parametrize(("dimension", "kappa"), [(2, 1.5), (3, 0.4), (3, 25.0), (6, 8.0)])
def test_gradient_of_an_expectation_is_the_exact_one(kind, dimension, kappa):
    """For f(z) = a.z + (b.z)^2, E f = m1 a.mu + m2 (b.mu)^2 + (1 - m2) (b.b - (b.mu)^2) / (d - 1)."""
    rng = np.random.default_rng(0)
    a, b, start = (rng.normal(size=dimension) for _ in range(3))

    def exact(raw, kappa):
        mu = raw / np.linalg.norm(raw)
        first, second = _expectation(kind, dimension, kappa)
        return (
            first * a @ mu + second * (b @ mu) ** 2 + (1 - second) * (b @ b - (b @ mu) ** 2) / (dimension - 1)
        )

    step = 1e-5
    expected = [
        (exact(start + step * e, kappa) - exact(start - step * e, kappa)) / (2 * step)
        for e in np.eye(dimension)
    ]
    expected.append((exact(start, kappa + step) - exact(start, kappa - step)) / (2 * step))

    count = 5000
    raw = tf.repeat(tf.constant(start[np.newaxis], tf.float32), count, 0)
    concentration = tf.fill((count,), kappa)
    with tf.GradientTape() as tape:
        tape.watch([raw, concentration])
        z, _ = kind(unit_vectors(raw), concentration).from_noise(
            tf.random.stateless_normal((1, count, dimension), (1, 2))
        )
        f = (
            tf.tensordot(z, tf.constant(a, tf.float32), 1)
            + tf.tensordot(z, tf.constant(b, tf.float32), 1) ** 2
        )
    for_raw, for_concentration = tape.gradient(f, [raw, concentration])
    draws = np.concatenate([for_raw, for_concentration[:, tf.newaxis]], 1).astype("float64")
    error = draws.std(0) / np.sqrt(count)
    assert np.abs((draws.mean(0) - expected) / error).max() < 4


@kinds
def test_gradient_of_the_rate_is_that_of_differences(kind):
    kappa = tf.constant([0.2, 3.0, 50.0, 5000.0])
    direction = _directions(4, 4)
    with tf.GradientTape() as tape:
        tape.watch(kappa)
        rate = kind(direction, kappa).rate()
    step = 1e-2
    higher, lower = (kind(direction, kappa * (1 + sign * step)).rate() for sign in (1, -1))
    np.testing.assert_allclose(tape.gradient(rate, kappa), (higher - lower) / (2 * step * kappa), rtol=2e-3)


@kinds
@dimensions
def test_no_gradient_is_lost_or_infinite_at_any_concentration(kind, dimension):
    direction, kappa = _directions(dimension), tf.constant(KAPPA, tf.float32)
    noise = tf.random.stateless_normal((300, len(KAPPA), dimension), (1, 2))
    noise = tf.concat(
        [noise, tf.fill((1, len(KAPPA), dimension), 6.0), tf.zeros((1, len(KAPPA), dimension))], 0
    )
    with tf.GradientTape(persistent=True) as tape:
        tape.watch([direction, kappa])
        q = kind(direction, kappa)
        z, log_q = q.from_noise(noise)
        value = tf.reduce_sum(z**2 * tf.range(1.0, dimension + 1)) + tf.reduce_sum(log_q)
        rate = q.rate()
    for array in (z, log_q, rate, *tape.gradient(value, [direction, kappa]), tape.gradient(rate, kappa)):
        assert np.isfinite(array).all()
    np.testing.assert_allclose(tf.norm(z, axis=-1), np.ones((302, len(KAPPA))), rtol=1e-5)
    assert (np.diff(rate) > 0).all()


def test_gradients_for_the_direction_are_small_also_at_the_reflections_edges():
    for first in ([1.0, 0.0, 0.0], [-1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [-1e-6, 0.0, 1.0]):
        raw = tf.constant([first])
        with tf.GradientTape() as tape:
            tape.watch(raw)
            q = VonMisesFisher(unit_vectors(raw), tf.constant([5.0]))
            z, _ = q.from_noise(tf.random.stateless_normal((500, 1, 3), (1, 2)))
        assert np.abs(tape.jacobian(z, raw)).max() < 10


def test_it_compiles_with_xla():
    direction, kappa = _directions(4), tf.constant(KAPPA, tf.float32)
    noise = tf.random.stateless_normal((3, len(KAPPA), 4), (1, 2))

    def draws(direction, kappa, noise):
        return VonMisesFisher(direction, kappa).from_noise(noise)

    for plain, compiled in zip(
        draws(direction, kappa, noise),
        tf.function(draws, jit_compile=True)(direction, kappa, noise),
        strict=True,
    ):
        np.testing.assert_allclose(compiled, plain, rtol=1e-5, atol=1e-6)
