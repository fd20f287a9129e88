"""The inner product likelihood of graphs."""

import itertools

import numpy as np
import pytest
import tensorflow as tf
from scipy import special

from tfvae.core.errors import InvalidInput
from tfvae.likelihoods.inner_product import InnerProduct

FEATURES = np.float32([[[1.0, 0.5], [-0.5, 2.0], [0.0, -1.0]]])


def test_logits_are_inner_products_and_there_are_no_weights():
    likelihood = InnerProduct(3)
    params = likelihood(tf.constant(FEATURES))
    np.testing.assert_allclose(params["logits"][0], FEATURES[0] @ FEATURES[0].T, rtol=1e-6)
    assert likelihood.weights == []
    assert likelihood.event_shape == (3, 3)


def test_density_is_the_sum_over_all_entries():
    likelihood = InnerProduct(3)
    params = likelihood(tf.constant(FEATURES))
    adjacency = np.float32([[0, 1, 0], [1, 0, 1], [0, 1, 0]])
    p = special.expit(np.float64(FEATURES[0] @ FEATURES[0].T))
    expected = np.log(np.where(adjacency == 1, p, 1 - p)).sum()
    received = likelihood.distribution(params).log_prob(adjacency[np.newaxis])
    assert float(received[0]) == pytest.approx(expected, rel=1e-6)
    np.testing.assert_allclose(likelihood.mean(params)[0], p, rtol=1e-6)


def test_mass_sums_to_one():
    likelihood = InnerProduct(2)
    px = likelihood.distribution(likelihood(tf.constant(FEATURES[:, :2])))
    graphs = np.float32(list(itertools.product([0, 1], repeat=4))).reshape(-1, 2, 2)
    assert float(tf.reduce_sum(px.prob(graphs))) == pytest.approx(1.0, abs=1e-6)


def test_gradient_is_finite_at_extreme_features():
    features = tf.constant(FEATURES * 1e3)
    likelihood = InnerProduct(3)
    with tf.GradientTape() as tape:
        tape.watch(features)
        value = likelihood.distribution(likelihood(features)).log_prob(np.zeros((1, 3, 3), "float32"))
    assert np.isfinite(value).all()
    assert np.isfinite(tape.gradient(value, features)).all()


def test_draws_have_the_mean():
    likelihood = InnerProduct(3)
    params = likelihood(tf.constant(FEATURES))
    p = likelihood.mean(params).numpy()[0].astype("float64")
    draws = likelihood.distribution(params).sample(20000, seed=(1, 2)).numpy()[:, 0]
    assert np.abs((draws.mean(0) - p) / np.sqrt(p * (1 - p) / 20000)).max() < 4


@pytest.mark.parametrize("shape", [(2, 6), (2, 4, 2), (2, 3, 2, 1)])
def test_other_features_are_rejected(shape):
    with pytest.raises(InvalidInput, match=r"^features: expected shape \(batch, 3, features\), received"):
        InnerProduct(3)(tf.zeros(shape))


@pytest.mark.parametrize("count", [0, -1])
def test_a_graph_has_nodes(count):
    with pytest.raises(InvalidInput, match="^num_nodes: expected an integer of at least 1"):
        InnerProduct(count)
