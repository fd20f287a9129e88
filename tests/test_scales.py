"""Scales that are learned: one for all elements, or one for each."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy import stats

from tfvae import scales
from tfvae.core.errors import InvalidInput
from tfvae.likelihoods import Normal


def test_each_element_has_its_own_scale():
    likelihood = Normal((3,), scales.Learned(0.5, floor=0.1, shape=(3,)))
    likelihood.scale.log_scale.assign(np.log([0.1, 0.9, 1.9]))
    x = np.float32([[0.2, -1.0, 3.0], [0.0, 0.5, -2.0]])
    px = likelihood.distribution({"loc": tf.zeros((4, 2, 3))})
    expected = stats.norm.logpdf(x, scale=[0.2, 1.0, 2.0]).sum(-1)
    np.testing.assert_allclose(px.log_prob(x), np.tile(expected, (4, 1)), rtol=1e-5)


def test_the_likeliest_scales_are_the_deviations_of_the_columns():
    true = np.float32([0.3, 1.5])
    x = np.random.default_rng(0).normal(size=(4000, 2)).astype("float32") * true
    scale = scales.Learned(shape=(2,))
    likelihood, optimizer = Normal((2,), scale), keras.optimizers.Adam(0.05)
    for _ in range(150):
        with tf.GradientTape() as tape:
            px = likelihood.distribution({"loc": tf.zeros((1, 2))})
            loss = -tf.reduce_mean(px.log_prob(x))
        optimizer.apply(tape.gradient(loss, [scale.log_scale.value]), [scale.log_scale])
    np.testing.assert_allclose(scale.scale([]), np.sqrt(np.mean(x**2, axis=0)), rtol=1e-2)


@pytest.mark.parametrize("shape", [(), (2, 3)])
def test_configuration_makes_the_same_scale(shape):
    scale = scales.Learned(0.7, shape=shape)
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(scale))
    assert again.shape == shape
    np.testing.assert_allclose(again.scale([]), np.full(shape, 0.7), rtol=1e-6)


def test_a_scale_of_another_shape_is_refused():
    with pytest.raises(InvalidInput, match=r"scale.*\(3,\).*\(2,\)"):
        Normal((3,), scales.Learned(shape=(2,)))(tf.zeros((1, 4)))
    with pytest.raises(InvalidInput, match="shape"):
        scales.Learned(shape=(0,))
