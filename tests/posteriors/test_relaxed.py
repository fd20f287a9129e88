"""Relaxed one-hot codes against TensorFlow Probability's, integrals and limits."""

import numpy as np
import pytest
import tensorflow as tf
from scipy import stats
from tensorflow_probability import distributions as tfd

from tfvae.posteriors.relaxed import RelaxedOneHot
from tfvae.priors import RelaxedCategorical


def _logits(batch=4, variables=2, categories=3):
    return tf.random.stateless_normal((batch, variables, categories), (5, 6))


def test_log_density_of_a_draw_is_the_known_one():
    posterior, params = RelaxedOneHot(2, 3, 0.8), {"logits": _logits()}
    z, log_q = posterior.transform(params, posterior.noise((30, 4), (1, 2)))
    reference = tfd.RelaxedOneHotCategorical(0.8, logits=params["logits"])
    expected = tf.reduce_sum(reference.log_prob(tf.reshape(z, (30, 4, 2, 3))), -1)
    np.testing.assert_allclose(log_q, expected, rtol=1e-3, atol=1e-3)
    np.testing.assert_allclose(posterior.distribution(params).log_prob(z), log_q, rtol=1e-4, atol=1e-4)


def test_the_largest_entry_has_the_categorys_probability():
    posterior, params = RelaxedOneHot(1, 3, 0.5), {"logits": _logits(1, 1)}
    z = posterior.transform(params, posterior.noise((20000, 1), (3, 4)))[0]
    counts = np.bincount(tf.argmax(z[:, 0], -1), minlength=3)
    expected = 20000 * tf.nn.softmax(tf.cast(params["logits"], tf.float64))[0, 0].numpy()
    assert stats.chisquare(counts, expected).pvalue > 1e-3


def test_gradient_of_an_expectation_is_that_of_the_integral():
    """E[z_1] of two categories: z_1 = sigmoid((a_1 - a_2 + L) / t) with a logistic number L."""
    difference, temperature, count = 0.6, 0.7, 40000

    def mean(shift):
        u = (np.arange(200000) + 0.5) / 200000
        return (1 / (1 + np.exp(-(shift + np.log(u / (1 - u))) / temperature))).mean()

    expected = (mean(difference + 1e-3) - mean(difference - 1e-3)) / 2e-3
    logits = tf.repeat(tf.constant([[[difference, 0.0]]]), count, 0)
    posterior = RelaxedOneHot(1, 2, temperature)
    with tf.GradientTape() as tape:
        tape.watch(logits)
        z = posterior.transform({"logits": logits}, posterior.noise((1, count), (1, 2)))[0]
        first = tf.reduce_sum(z[..., 0])
    draws = tape.gradient(first, logits).numpy()[:, 0].astype("float64")
    error = draws.std(0) / np.sqrt(count)
    assert np.abs((draws.mean(0) - [expected, -expected]) / error).max() < 4


def test_towards_temperature_zero_draws_become_one_hot():
    params = {"logits": _logits(1)}
    noise = RelaxedOneHot(2, 3).noise((200, 1), (1, 2))
    largest = [
        tf.reduce_mean(tf.reduce_max(RelaxedOneHot(2, 3, t).transform(params, noise)[0][..., :3], -1))
        for t in (5.0, 1.0, 0.3)
    ]
    assert largest[0] < 0.6 < largest[1] < largest[2]
    assert largest[2] > 0.85


@pytest.mark.parametrize("temperature", [0.3, 0.67, 10.0])
def test_at_the_largest_logits_the_rate_is_that_of_the_logarithms(temperature):
    """Where log z is kept instead of z, nothing is too small; the Jacobian cancels in log q - log p."""
    posterior = RelaxedOneHot(2, 30, temperature)
    features = 1e3 * tf.random.stateless_normal((4, 60), (1, 2))
    logits = posterior(features)["logits"]
    q = tfd.ExpRelaxedOneHotCategorical(np.float64(temperature), logits=tf.cast(logits, tf.float64))
    p = tfd.ExpRelaxedOneHotCategorical(np.float64(0.5), logits=tf.zeros(30, tf.float64))
    log_z = q.sample(4000, seed=(1, 2))
    exact = tf.reduce_sum(q.log_prob(log_z) - p.log_prob(log_z), -1)
    with tf.GradientTape() as tape:
        tape.watch(logits)
        z, log_q = posterior.transform({"logits": logits}, posterior.noise((4000, 4), (3, 4)))
        log_p = RelaxedCategorical(2, 30, 0.5).distribution().log_prob(z)
        draws = log_q - log_p
    assert np.isfinite(tape.gradient(draws, logits)).all()
    assert tf.reduce_min(z) > 0
    error = tf.sqrt(
        (tf.math.reduce_variance(draws, 0) + tf.cast(tf.math.reduce_variance(exact, 0), tf.float32)) / 4000
    )
    assert (
        np.abs((tf.reduce_mean(draws, 0) - tf.cast(tf.reduce_mean(exact, 0), tf.float32)) / error).max() < 4
    )
