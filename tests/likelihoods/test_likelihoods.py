"""Likelihoods: mass sums to one, density integrates to one, nothing is dropped or rounded."""

import itertools

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfvae import likelihoods, scales
from tfvae.core.errors import InvalidInput


def test_bernoulli_mass_sums_to_one():
    points = np.array(list(itertools.product([0.0, 1.0], repeat=4)), "float32")
    logits = tf.constant([[-3.0, 0.2, 1.0, 9.0]])
    mass = tf.exp(likelihoods.Bernoulli((4,)).distribution({"logits": logits}).log_prob(points))
    assert float(tf.reduce_sum(mass)) == pytest.approx(1.0, abs=1e-6)


@pytest.mark.parametrize("scale", [0.7, scales.Learned(1.3), scales.PerElement()])
def test_normal_density_integrates_to_one(scale):
    likelihood = likelihoods.Normal((1,), scale)
    params = likelihood(tf.constant([[0.4, -0.2, 1.0]]))
    grid = np.linspace(-12, 12, 4001, dtype="float32")[:, np.newaxis]
    density = tf.exp(likelihood.distribution(params).log_prob(grid))
    assert float(np.trapezoid(density, grid[:, 0])) == pytest.approx(1.0, abs=1e-4)


def test_density_is_the_sum_over_features_with_all_constants():
    px = likelihoods.Normal((2, 3), 0.5).distribution({"loc": tf.zeros((1, 2, 3))})
    expected = 6 * (-0.5 * np.log(2 * np.pi) - np.log(0.5))
    assert float(px.log_prob(tf.zeros((1, 2, 3)))[0]) == pytest.approx(expected, rel=1e-6)


def test_learned_scale_is_found_by_gradient():
    """With the location fixed at 0 the optimum is the data's root mean square."""
    likelihood = likelihoods.Normal((8,), scales.Learned())
    x = tf.random.stateless_normal((512, 8), (1, 2)) * 0.3
    optimizer = keras.optimizers.Adam(0.05)
    for _ in range(200):
        with tf.GradientTape() as tape:
            loss = -tf.reduce_mean(likelihood.distribution({"loc": tf.zeros((1, 8))}).log_prob(x))
        optimizer.apply(tape.gradient(loss, likelihood.trainable_variables), likelihood.trainable_variables)
    expected = float(tf.sqrt(tf.reduce_mean(x**2)))
    assert float(likelihood.scale.scale([])) == pytest.approx(expected, rel=1e-2)


@pytest.mark.parametrize(("features", "fits"), [((10,), True), ((4, 6, 5), True), ((4, 5, 5), False)])
def test_features_are_flat_or_have_the_events_grid(features, fits):
    likelihood = likelihoods.Bernoulli((4, 6, 3))
    if fits:
        assert likelihood(tf.zeros((2, *features)))["logits"].shape == (2, 4, 6, 3)
    else:
        with pytest.raises(InvalidInput, match=r"features: expected shape .*\(batch, 4, 6, features\)"):
            likelihood(tf.zeros((2, *features)))


@pytest.mark.parametrize("shape", [(), (0,), (3, -1)])
def test_impossible_event_shapes_are_rejected(shape):
    with pytest.raises(InvalidInput, match="^event_shape: expected"):
        likelihoods.Bernoulli(shape)


@pytest.mark.parametrize("scale", [0.0, -1.0, "wide", float("inf")])
def test_impossible_scales_are_rejected(scale):
    with pytest.raises(InvalidInput, match="^scale: expected"):
        likelihoods.Normal((3,), scale)


def test_per_element_scale_varies_with_the_features():
    likelihood = likelihoods.Normal((2,), scales.PerElement(floor=0.1))
    scale = likelihood.distribution(likelihood(tf.random.normal((5, 3)) * 5)).stddev()
    assert float(tf.reduce_min(scale)) >= 0.1
    assert float(tf.math.reduce_std(scale)) > 0
