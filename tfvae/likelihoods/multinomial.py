"""The multinomial likelihood, for bags of words and purchases."""

from __future__ import annotations

import tensorflow as tf
from tensorflow_probability import distributions as tfd

from tfvae.core.errors import InvalidInput
from tfvae.core.heads import Head
from tfvae.core.support import Support
from tfvae.likelihoods.base import Likelihood


class Multinomial(Likelihood):
    """p(x|z, n) = n! / (x_1! ... x_V!) prod_i p_i^x_i,  n = sum_i x_i,  p = softmax(logits(z)).

    How many words n a document has is no part of the model: the density is that of x among all x with the
    same sum. One draw, and the mean, are therefore of a single word; n draws added up are a document.

    The encoder sees x divided by its Euclidean length.

    Args:
        event_shape: (V,), the size of the vocabulary.

    Source: Liang et al. 2018 (Mult-VAE), equation 2, which leaves the coefficient out.

    Example:
        >>> px = Multinomial((2,)).distribution({"logits": tf.zeros([1, 2])})
        >>> float(px.prob(tf.constant([[1.0, 1.0]]))[0])    # of (2, 0), (1, 1) and (0, 2)
        0.5...
    """

    support = Support(0.0, integer=True)

    def __init__(self, event_shape: tuple[int], *, name: str | None = None, dtype: object = None):
        super().__init__(event_shape, name=name, dtype=dtype)
        if len(self.event_shape) != 1:
            raise InvalidInput("event_shape", "one size, (vocabulary,)", self.event_shape)

    def build(self, input_shape: tuple) -> None:
        """Make the projection to logits."""
        self.head = Head(self.event_shape, 1, name="head", dtype=self.dtype_policy)
        self.head.build(input_shape)

    def call(self, inputs: tf.Tensor) -> dict[str, tf.Tensor]:
        """Return {"logits"}, [B, V]."""
        (logits,) = tf.unstack(self.head(inputs), axis=-1)
        return {"logits": logits}

    def distribution(self, params: dict[str, tf.Tensor]) -> tfd.Distribution:
        """Return the multinomial whose number of trials is the sum of the x it is asked about."""
        return _AnyTotal(logits=params["logits"], dtype=tf.float32)

    def encoder_input(self, x: tf.Tensor) -> tf.Tensor:
        """Return x / |x|, and 0 for an empty document."""
        return tf.math.l2_normalize(x, axis=-1)

    def mean(self, params: dict[str, tf.Tensor]) -> tf.Tensor:
        """Return the probabilities, E[x|z] of a single word; times n for a document of n words."""
        return tf.nn.softmax(params["logits"])


class _AnyTotal(tfd.OneHotCategorical):
    """A one-hot draw, whose density extends to sums of n draws."""

    def _log_prob(self, x: tf.Tensor) -> tf.Tensor:
        log_p = tf.nn.log_softmax(self._logits_parameter_no_checks())
        coefficient = tf.math.lgamma(1.0 + tf.reduce_sum(x, -1)) - tf.reduce_sum(tf.math.lgamma(1.0 + x), -1)
        return coefficient + tf.reduce_sum(x * log_p, -1)
