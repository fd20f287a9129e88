"""The categorical likelihood, for elements that are each one of K categories."""

from __future__ import annotations

import tensorflow as tf
from tensorflow_probability import distributions as tfd

from tfvae.core.checks import integer
from tfvae.core.support import Support
from tfvae.core.types import DType, Shape, Tensor, Tensors
from tfvae.likelihoods.projected import ProjectedLikelihood


class Categorical(ProjectedLikelihood):
    """p(x|z) = prod_i softmax(logits_i(z))[x_i],  x_i one of the category numbers 0, 1, ..., K - 1.

    x holds the category numbers, and the encoder sees them as one-hot codes, [B, *event, K]. As an
    average of category numbers means nothing, `mean` is the most probable category.

    Args:
        event_shape: shape of one example.
        num_categories: K, the same for every element.

    Source: Murphy 2022, section 2.5.

    Example:
        >>> likelihood = Categorical((4,), num_categories=3)
        >>> px = likelihood.distribution({"logits": tf.zeros([1, 4, 3])})
        >>> px.prob(tf.constant([[0.0, 1.0, 2.0, 0.0]])).numpy()    # 3^-4
        array([0.01234568], dtype=float32)
    """

    def __init__(
        self, event_shape: Shape, num_categories: int, *, name: str | None = None, dtype: DType = None
    ):
        super().__init__(event_shape, name=name, dtype=dtype)
        self.num_categories = integer("num_categories", num_categories, 2)
        self.support = Support(0.0, num_categories - 1.0, integer=True)

    @property
    def channels(self) -> int:
        """K."""
        return self.num_categories

    def parameters(self, raw: Tensor) -> Tensors:
        """Return {"logits"}, [B, *event, K]."""
        return {"logits": raw}

    def distribution(self, params: Tensors) -> tfd.Distribution:
        """Return an independent category number for each element, float32."""
        elements = tfd.Categorical(logits=params["logits"], dtype=tf.float32)
        return tfd.Independent(elements, len(self.event_shape))

    def encoder_input(self, x: Tensor) -> Tensor:
        """Return one-hot codes, [B, *event, K]; a number between two categories is shared by both."""
        distance = tf.abs(x[..., tf.newaxis] - tf.range(self.num_categories, dtype=x.dtype))
        return tf.nn.relu(1.0 - distance)

    def mean(self, params: Tensors) -> Tensor:
        """Return the most probable category's number, as float32."""
        return tf.cast(tf.argmax(params["logits"], axis=-1), tf.float32)

    def missing_statistic(self, params: Tensors) -> Tensor:
        """Return the probabilities, [..., *event, K]."""
        return tf.nn.softmax(params["logits"])

    def missing_estimate(self, average: Tensor) -> Tensor:
        """Return the most probable category's number, as float32."""
        return tf.cast(tf.argmax(average, axis=-1), tf.float32)
