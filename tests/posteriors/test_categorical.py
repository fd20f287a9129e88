"""One-hot codes: probabilities, draws, the exact rate, and the score function against enumeration."""

import itertools

import numpy as np
import pytest
import tensorflow as tf

from tfvae.core.trace import Trace
from tfvae.posteriors.categorical import Categorical
from tfvae.priors.categorical import Categorical as CategoricalPrior

LOGITS = np.array([[0.5, -1.0, 0.2], [0.0, 1.5, -0.7]], "float32")


def _reward(z):
    """Something of z that couples the two variables, far from zero on average."""
    weights = tf.constant([1.0, -2.0, 0.5, 3.0, 0.3, -1.0])
    return 20.0 + tf.tensordot(z, weights, 1) * (1.0 + z[..., 0] * z[..., 4])


def _trace(logits, samples=1, seed=(1, 2)):
    posterior, params = Categorical(2, 3), {"logits": logits}
    z, log_q = posterior.transform(params, posterior.noise((samples, len(logits)), seed))
    p = CategoricalPrior(2, 3).distribution()
    return Trace(None, None, posterior.distribution(params), p, None, z, log_q, {"posterior": params})


def test_draws_are_one_hot_with_the_distributions_probability():
    trace = _trace(tf.repeat(LOGITS[tf.newaxis], 4, 0), samples=30)
    rows = trace.z.numpy().reshape(30, 4, 2, 3)
    np.testing.assert_array_equal(np.sort(rows, -1), np.broadcast_to([0, 0, 1], rows.shape))
    expected = (rows * tf.nn.log_softmax(LOGITS).numpy()).sum((-2, -1))
    np.testing.assert_allclose(trace.log_q, expected, rtol=1e-5)
    np.testing.assert_allclose(trace.q.log_prob(trace.z), expected, rtol=1e-5)


def test_probabilities_of_all_codes_sum_to_one():
    codes = [np.eye(3)[list(choice)].ravel() for choice in itertools.product(range(3), repeat=2)]
    q = Categorical(2, 3).distribution({"logits": tf.constant(LOGITS)})
    np.testing.assert_allclose(tf.reduce_logsumexp(q.log_prob(np.array(codes, "float32"))), 0.0, atol=1e-6)


def test_rates_are_exact_for_each_variable():
    trace = _trace(tf.repeat(LOGITS[tf.newaxis], 4, 0))
    probabilities = tf.nn.softmax(LOGITS).numpy().astype("float64")
    expected = (probabilities * np.log(probabilities * 3)).sum(-1)
    np.testing.assert_allclose(trace.rates, np.broadcast_to(expected, (4, 2)), rtol=1e-5)


@pytest.mark.parametrize("samples", [1, 3])
def test_gradient_is_that_of_the_enumerated_expectation(samples):
    """With a KL in closed form in the loss, whose own gradient is exact."""
    logits = tf.constant(LOGITS)
    with tf.GradientTape() as tape:
        tape.watch(logits)
        trace = _trace(logits[tf.newaxis])
        probabilities, exact = tf.nn.softmax(logits), tf.reduce_sum(trace.rate)
        for first, second in itertools.product(range(3), repeat=2):
            code = tf.concat([tf.one_hot(first, 3), tf.one_hot(second, 3)], 0)
            exact += probabilities[0, first] * probabilities[1, second] * _reward(code)
    expected = tape.gradient(exact, logits)

    each = tf.repeat(logits[tf.newaxis], 40000 // samples, 0)
    with tf.GradientTape() as tape:
        tape.watch(each)
        trace = _trace(each, samples)
        loss = tf.reduce_mean(_reward(trace.z), axis=0) + trace.rate
        value = Categorical(2, 3).estimate(loss, trace)
    np.testing.assert_array_equal(value, loss)
    draws = tape.gradient(value, each).numpy().astype("float64")
    error = draws.std(0) / np.sqrt(len(draws))
    assert np.abs((draws.mean(0) - expected) / error).max() < 4


def test_location_is_the_most_probable_code():
    location = Categorical(2, 3).location({"logits": tf.constant(LOGITS[np.newaxis])})
    np.testing.assert_array_equal(location, [[1, 0, 0, 0, 1, 0]])
