"""The combined bounds at the corners where they are others', and whose gradient goes where."""

import itertools

import numpy as np
import pytest
import tensorflow as tf

from tfvae.core.errors import InvalidInput
from tfvae.objectives import ELBO
from tfvae.objectives.combined_bounds import (
    CombinedImportanceWeighted,
    MultiplyImportanceWeighted,
    PartiallyImportanceWeighted,
)
from tfvae.objectives.importance_weighted import ImportanceWeighted


def _gradients(vae, objective, x, draws=6):
    """Gradients of the loss with respect to the encoder's side and the decoder's."""
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(objective.loss(vae.trace(x, num_samples=draws, seed=3), vae)["loss"])
    encoder = vae.encoder.trainable_weights + vae.posterior.trainable_weights
    decoder = vae.decoder.trainable_weights + vae.likelihood.trainable_weights
    return tape.gradient(loss, (encoder, decoder))


def _assert_same(received, expected):
    for ours, theirs in zip(received, expected, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-3, atol=1e-4)


def _differ(one, other):
    return max(np.abs(a - b).max() for a, b in zip(one, other, strict=True)) > 0.01


def test_corners_of_the_combined_bound(small_vae, flat):
    vae = small_vae()
    trace = vae.trace(flat[:6], num_samples=5)
    weighted, elbo = ImportanceWeighted(5).bound(trace), trace.elbo
    np.testing.assert_allclose(CombinedImportanceWeighted(1, 5).bound(trace), elbo, rtol=1e-6)
    np.testing.assert_allclose(CombinedImportanceWeighted(0, 5).bound(trace), weighted, rtol=1e-6)
    mixed = CombinedImportanceWeighted(0.25, 5).bound(trace)
    np.testing.assert_allclose(mixed, 0.25 * elbo + 0.75 * weighted, rtol=1e-6)
    loss = CombinedImportanceWeighted(1.0, 5).loss(trace, vae)["loss"]
    np.testing.assert_allclose(loss, ELBO(num_samples=5).loss(trace, vae)["loss"], rtol=1e-6)


def test_corners_of_the_mean_of_bounds(small_vae, flat):
    vae = small_vae()
    trace = vae.trace(flat[:6], num_samples=6)
    np.testing.assert_allclose(
        MultiplyImportanceWeighted(1, 6).bound(trace), ImportanceWeighted(6).bound(trace), rtol=1e-6
    )
    np.testing.assert_allclose(
        MultiplyImportanceWeighted(6, 1).bound(trace), np.mean(trace.log_weights, axis=0), rtol=1e-6
    )
    between = MultiplyImportanceWeighted(2, 3).bound(trace)
    log_w = np.array(trace.log_weights, "float64").reshape(3, 2, 6)
    np.testing.assert_allclose(between, np.log(np.exp(log_w).mean(axis=0)).mean(axis=0), rtol=1e-5)


def test_more_draws_in_each_mean_are_a_higher_bound(small_vae, flat):
    """By Jensen's inequality for every set of draws, when the groups are nested."""
    trace = small_vae().trace(flat[:50], num_samples=8)
    bounds = [MultiplyImportanceWeighted(8 // draws, draws).bound(trace).numpy() for draws in (1, 2, 4, 8)]
    for lower, higher in itertools.pairwise(bounds):
        assert (higher > lower).all()


def test_the_partial_bound_trains_each_side_on_its_own(small_vae, flat):
    vae, x = small_vae(), flat[:8]
    partial = _gradients(vae, PartiallyImportanceWeighted(3, 2), x)
    means = _gradients(vae, MultiplyImportanceWeighted(3, 2), x)
    weighted = _gradients(vae, ImportanceWeighted(6), x)
    _assert_same(partial[0], means[0])
    _assert_same(partial[1], weighted[1])
    assert _differ(means[0], weighted[0])
    assert _differ(means[1], weighted[1])


@pytest.mark.parametrize("beta", [-0.1, 1.1, float("nan"), True, "0.5"])
def test_an_impossible_share_is_refused(beta):
    with pytest.raises(InvalidInput, match="^beta: expected a number from 0 to 1"):
        CombinedImportanceWeighted(beta, 4)
