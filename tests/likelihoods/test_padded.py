"""Sequences of unequal lengths in one array: padding has no effect."""

import numpy as np
import pytest
import tensorflow as tf

import tfvae
from tfvae.core.errors import InvalidInput
from tfvae.likelihoods import (
    Bernoulli,
    Categorical,
    LowRankNormal,
    Normal,
    Padded,
    SequenceSupport,
    Support,
)

NAN = float("nan")


def _cut(x, length):
    x = x.copy()
    x[:, length:] = NAN
    return x


def _vae(steps, kind):
    if kind is Categorical:
        return tfvae.zoo.sequence_vae((steps, 2), 3, 5, Categorical((steps, 2), 4))
    if kind == "text":
        return tfvae.zoo.text_vae((steps,), 3, 4, 5)
    return tfvae.zoo.sequence_vae((steps, 2), 3, 5, kind((steps, 2)))


@pytest.mark.parametrize("kind", [Normal, Bernoulli, Categorical, "text"])
def test_a_padded_sequence_has_the_bound_of_the_sequence_itself(kind):
    """Bound and gradient are those of a model of three steps with the same weights."""
    shape = (6, 5) if kind == "text" else (6, 5, 2)
    x = np.random.default_rng(0).integers(0, 2, shape).astype("float32")
    five, three = _vae(5, kind), _vae(3, kind)
    three.set_weights(five.get_weights())
    noise = five.noise(2, 6, tf.constant([1, 2]))
    bounds, gradients = [], []
    for model, data in ((five, _cut(x, 3)), (three, x[:, :3])):
        with tf.GradientTape() as tape:
            bound = model.trace_with_noise(model.tensors(data), noise).elbo
        bounds.append(bound)
        gradients.append(tape.gradient(bound, [v.value for v in model.trainable_variables]))
    np.testing.assert_allclose(*bounds, rtol=1e-5)
    for variable, one, two in zip(five.trainable_variables, *gradients, strict=True):
        np.testing.assert_allclose(one, two, rtol=1e-4, atol=1e-5, err_msg=variable.path)


def test_its_density_is_the_sum_over_the_steps_before_the_padding():
    likelihood = Padded(Normal((4, 2), scale=0.7))
    params = likelihood(tf.random.stateless_normal((3, 6), (1, 2)))
    x = np.random.default_rng(1).normal(size=(3, 4, 2)).astype("float32")
    elements = likelihood.likelihood.distribution(params).distribution.log_prob(x)
    ours = likelihood.distribution(params).log_prob(_cut(x, 2))
    np.testing.assert_allclose(ours, tf.reduce_sum(elements[:, :2], axis=(1, 2)), rtol=1e-6)


def test_other_places_of_nan_are_rejected():
    vae = _vae(4, Bernoulli)
    x = np.zeros((3, 4, 2))
    gap, none, half, outside = x.copy(), x.copy(), x.copy(), x.copy()
    gap[1, 1], none[2], half[0, 3, 1], outside[0, 0, 0] = NAN, NAN, NAN, 2.0
    for wrong, reason in (
        (gap, "with NaN in a step first in example 1"),
        (none, "with no step first in example 2"),
        (half, "with NaN in a step first in example 0"),
        (outside, "values from 0 to 2$"),
        (np.full((1, 4, 2), NAN), "NaN alone, with no step first in example 0"),
    ):
        expected = r"x: expected finite numbers in \[0, 1\] in one or more steps"
        with pytest.raises(InvalidInput, match=f"{expected}.*{reason}"):
            vae.elbo(wrong)


def test_support_of_tensors_is_that_of_arrays():
    support = SequenceSupport.from_support(Support(0.0, 3.0, integer=True))
    rng = np.random.default_rng(2)
    seen = set()
    for _ in range(200):
        x = rng.integers(0, 4, (2, 3)) + np.where(rng.random((2, 3)) < 0.4, NAN, 0.0)
        lengths = (~np.isnan(x)).sum(axis=1)
        expected = all(n > 0 and not np.isnan(row[:n]).any() for n, row in zip(lengths, x, strict=True))
        assert bool(support.contains(x)) == expected
        assert bool(support.contains(tf.constant(x, tf.float32))) == expected
        seen.add(expected)
    assert seen == {True, False}


def test_a_likelihood_of_dependent_elements_is_rejected():
    with pytest.raises(InvalidInput, match="independent"):
        Padded(LowRankNormal((4, 2), 1))(tf.zeros((1, 3)))
    with pytest.raises(InvalidInput, match="missing"):
        Padded(Padded(Normal((4, 2))))
