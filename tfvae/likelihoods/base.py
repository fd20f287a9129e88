"""What a likelihood is, and which values it can take."""

from __future__ import annotations

import abc

import tensorflow as tf
from tensorflow_probability import distributions as tfd

from tfvae.core.checks import integers
from tfvae.core.part import Part
from tfvae.core.support import ColumnSupports, Support
from tfvae.core.trace import Trace


class Likelihood(Part, abc.ABC):
    """p(x|z): from features h of shape [B, ...] to a distribution over x; abstract.

    Attributes:
        event_shape: shape of one example.
        support: the values x can take.
    """

    event_shape: tuple[int, ...]
    support: Support | ColumnSupports = Support()

    def __init__(self, event_shape: tuple[int, ...], *, name: str | None = None, dtype: object = None):
        super().__init__(name=name, dtype=dtype)
        self.event_shape = integers("event_shape", event_shape)

    @abc.abstractmethod
    def call(self, inputs: tf.Tensor) -> dict[str, tf.Tensor]:
        """Return the parameters of p(x|z), tensors [B, ...] in float32."""

    @abc.abstractmethod
    def distribution(self, params: dict[str, tf.Tensor]) -> tfd.Distribution:
        """Return p(x|z) for parameters [..., *event]."""

    def encoder_input(self, x: tf.Tensor) -> tf.Tensor:
        """Return what the encoder sees of x, [B, ...]: x itself, unless the data's kind asks for a change."""
        return x

    @abc.abstractmethod
    def mean(self, params: dict[str, tf.Tensor]) -> tf.Tensor:
        """Return E[x|z], [..., *event]."""

    def observe(self, trace: Trace, training: bool) -> None:
        """See a batch, to update weights that no gradient reaches; most have none.

        Args:
            trace: the record of the pass; `trace.record["likelihood"]` has the parameters of p(x|z).
            training: whether the batch is one of training, and not of evaluation.
        """

    # What stands in the place of missing elements, for likelihoods that take them.

    def missing_statistic(self, params: dict[str, tf.Tensor]) -> tf.Tensor:
        """Return what an imputation averages over z, [..., *any]: E[x_i|z, x_i missing] of each element.

        Missing at random, x_i is as it would be if it were seen, and this is the mean. Where values are
        categories it is their probabilities.
        """
        return self.mean(params)

    def missing_estimate(self, average: tf.Tensor) -> tf.Tensor:
        """Return the values [..., *event] that an average of `missing_statistic` stands for."""
        return average

    def missing_draw(self, params: dict[str, tf.Tensor], seed: tf.Tensor) -> tf.Tensor:
        """Return a draw of x_i ~ p(x_i|z, x_i missing) for each element, [..., *event]."""
        return self.distribution(params).sample(seed=seed)
