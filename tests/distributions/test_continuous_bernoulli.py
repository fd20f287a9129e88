"""The continuous Bernoulli against a truncated exponential in float64, which it is."""

import numpy as np
import pytest
import tensorflow as tf
from scipy import stats

from tfvae.distributions import ContinuousBernoulli

LOGITS = np.array([0, 1e-6, 1e-3, 0.1, 0.9, 0.999, 1, 1.001, 1.1, 3, 15, 17, 20, 40, 90, 1e4])
LOGITS = np.concatenate([-LOGITS[::-1], LOGITS]).astype("float32")


def _mirrored(x, logits):
    """Density and slope -|l| at x or 1 - x: p(x|l) = |l| exp(-|l| x') / (1 - exp(-|l|))."""
    return np.where(logits > 0, 1 - x, x), np.abs(logits)


def _log_density(x, logits):
    x, size = _mirrored(np.float64(x), np.float64(logits))
    flat = size < 1e-5
    size = np.where(flat, 1.0, size)
    return np.where(flat, 0.0, -size * x + np.log(size) - np.log(-np.expm1(-size)))


def _expectation(logits):
    size = np.maximum(np.abs(np.float64(logits)), 1e-300)
    with np.errstate(over="ignore"):
        lower = np.where(size < 1e-3, 0.5 - size / 12, 1 / np.maximum(size, 1e-3) - 1 / np.expm1(size))
    return np.where(logits > 0, 1 - lower, lower)


@pytest.mark.parametrize("x", [0.0, 0.1, 0.5, 0.7, 1.0])
def test_the_density_is_the_truncated_exponentials(x):
    received = ContinuousBernoulli(tf.constant(LOGITS)).log_prob(x)
    np.testing.assert_allclose(received, _log_density(np.float32(x), LOGITS), rtol=2e-6, atol=5e-6)


def test_the_reference_is_scipys():
    for logits in (-3.0, 20.0):
        x, size = _mirrored(np.linspace(0, 1, 11), logits)
        expected = stats.truncexpon.logpdf(x, b=size, scale=1 / size)
        np.testing.assert_allclose(_log_density(np.linspace(0, 1, 11), logits), expected, atol=1e-12)


@pytest.mark.parametrize("x", [0.0, 0.3, 1.0])
def test_gradient_is_x_minus_its_mean(x):
    """d/dl log p(x|l) = x - E[x], of an exponential family; finite and exact on every branch."""
    logits = tf.constant(LOGITS)
    with tf.GradientTape() as tape:
        tape.watch(logits)
        value = ContinuousBernoulli(logits).log_prob(x)
    received = tape.gradient(value, logits)
    np.testing.assert_allclose(received, np.float32(x) - _expectation(LOGITS), atol=5e-7)


def test_the_mean_is_the_truncated_exponentials():
    np.testing.assert_allclose(
        ContinuousBernoulli(tf.constant(LOGITS)).mean(), _expectation(LOGITS), atol=1e-7
    )


def test_gradient_of_the_mean_is_the_variance():
    logits = tf.constant(LOGITS)
    with tf.GradientTape() as tape:
        tape.watch(logits)
        mean = ContinuousBernoulli(logits).mean()
    received = tape.gradient(mean, logits).numpy()
    size = np.maximum(np.abs(np.float64(LOGITS)), 0.05)
    with np.errstate(over="ignore"):
        expected = 1 / size**2 - 1 / (4 * np.sinh(np.minimum(size, 700) / 2) ** 2)
    known = np.abs(LOGITS) >= 0.05
    np.testing.assert_allclose(received[known], expected[known], atol=5e-7)
    np.testing.assert_allclose(received[~known], 1 / 12, atol=1e-6)


@pytest.mark.parametrize("logits", [-90.0, -20.0, -0.5, 0.0, 1.0, 40.0])
def test_density_integrates_to_one(logits):
    grid = np.linspace(0, 1, 20001, dtype="float32")
    density = ContinuousBernoulli(tf.constant(logits)).prob(grid)
    assert float(np.trapezoid(density, np.float64(grid))) == pytest.approx(1.0, abs=1e-5)


def test_outside_zero_and_one_there_is_no_density():
    assert np.isneginf(ContinuousBernoulli(tf.constant(2.0)).log_prob([-0.1, 1.1])).all()


@pytest.mark.parametrize("logits", [-90.0, -20.0, -1.0, 0.0, 1.0, 20.0, 90.0])
def test_draws_have_the_density(logits):
    draws = ContinuousBernoulli(tf.constant(logits)).sample(4000, seed=(1, 2)).numpy().astype("float64")
    assert draws.min() >= 0
    assert draws.max() <= 1
    if logits == 0:
        expected = stats.uniform()
    else:
        size = abs(logits)
        draws = 1 - draws if logits > 0 else draws
        expected = stats.truncexpon(b=size, scale=1 / size)
    assert stats.kstest(draws, expected.cdf).pvalue > 1e-3
