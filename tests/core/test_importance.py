"""Importance sampling against its definition, for any number of draws and any chunk."""

import numpy as np
import pytest
import tensorflow as tf
from scipy.special import logsumexp

import tfvae
from tfvae.core.importance import log_mean_weight
from tfvae.objectives import ELBO


def _collect(num_samples, chunk):
    """Run the estimator on random weights and return its result and the weights it saw."""
    seen = []

    def log_weights(draws, seed):
        values = tf.random.stateless_normal((draws, 3), seed) * 2 - 700  # far below exp's range
        seen.append(values.numpy())
        return values

    with tf.init_scope():  # eager, so that the weights can be looked at
        estimate, error = log_mean_weight(log_weights, num_samples, chunk, tf.constant([1, 2]))
    return estimate.numpy(), error.numpy(), np.concatenate(seen).astype("float64")


@pytest.mark.parametrize(("num_samples", "chunk"), [(1, 1), (7, 3), (9, 3), (5, 100), (64, 64)])
def test_every_draw_counts_once(num_samples, chunk):
    estimate, error, log_w = _collect(num_samples, chunk)
    assert len(log_w) == num_samples
    assert len(np.unique(log_w)) == log_w.size  # no chunk repeats another one's noise
    expected = logsumexp(log_w, axis=0) - np.log(num_samples)
    np.testing.assert_allclose(estimate, expected, rtol=1e-5)
    w = np.exp(log_w - log_w.max(axis=0))
    expected = w.std(axis=0) / w.mean(axis=0) / np.sqrt(num_samples) if num_samples > 1 else [np.nan] * 3
    np.testing.assert_allclose(error, expected, rtol=2e-2, atol=1e-3)


def test_one_draw_is_a_draw_of_the_elbo(small_vae, flat, silent):
    """With one draw at the same noise the estimate is log p(x|z) + log p(z) - log q(z|x)."""
    vae = small_vae(silent(4))
    trace = vae.trace(flat[:5])
    np.testing.assert_allclose(vae.log_likelihood(flat[:5], num_samples=1), trace.log_weights[0], rtol=1e-6)


def test_the_bound_rises_with_the_number_of_draws(small_vae, flat):
    vae = small_vae(objective=ELBO())
    vae.compile(tfvae.optimizers.Adam(3e-3), steps_per_execution=10)
    vae.fit(flat, epochs=15, verbose=0)
    means = [vae.log_likelihood(flat[:300], num_samples=count).mean() for count in (1, 4, 32, 256)]
    assert means == sorted(means)
    elbo = vae.elbo(flat[:300], num_samples=64).mean()
    assert means[0] == pytest.approx(elbo, abs=0.3)  # same expectation for one draw
    assert means[-1] > elbo


def test_batching_changes_no_shape_and_keeps_order(small_vae, flat, silent):
    vae = small_vae(silent(4))
    whole = vae.log_likelihood(flat[:50], num_samples=2, batch_size=50)
    np.testing.assert_allclose(vae.log_likelihood(flat[:50], num_samples=2, batch_size=7), whole, rtol=1e-5)


def test_one_draw_has_no_standard_error(small_vae, flat, silent):
    vae = small_vae(silent(4))
    assert np.isnan(vae.log_likelihood_with_error(flat[:5], num_samples=1)[1]).all()
    assert (vae.log_likelihood_with_error(flat[:5], num_samples=2)[1] > 0).all()
