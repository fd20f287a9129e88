"""The small network of a flow's coefficients."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfvae.core.errors import InvalidInput
from tfvae.flows import TanhPerceptron


@pytest.mark.parametrize("leading", [(), (5,), (2, 5)])
@pytest.mark.parametrize("policy", ["float32", "mixed_bfloat16"])
def test_it_is_the_formula_in_float32_for_any_leading_axes(leading, policy):
    keras.config.set_dtype_policy(policy)
    network = TanhPerceptron(3, 2, (8, 4))
    for number, weight in enumerate(network.weights):
        weight.assign(0.3 * tf.random.stateless_normal(weight.shape, (number, 1)))
    x = np.array(tf.random.stateless_normal((*leading, 3), (1, 2)))
    value = x.astype("float64")
    for number, (kernel, bias) in enumerate(zip(network.kernels, network.biases, strict=True)):
        value = (value if number == 0 else np.tanh(value)) @ np.array(kernel) + np.array(bias)
    received = network(x)
    assert received.dtype == tf.float32
    np.testing.assert_allclose(received, value, rtol=1e-5, atol=1e-6)


def test_outputs_start_close_to_zero():
    assert np.abs(TanhPerceptron(3, 2)(tf.random.stateless_normal((100, 3), (1, 2)))).max() < 0.3


@pytest.mark.parametrize("arguments", [(0, 2), (3, 0), (3, 2, ())])
def test_impossible_sizes_are_rejected(arguments):
    with pytest.raises(InvalidInput):
        TanhPerceptron(*arguments)
