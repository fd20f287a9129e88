"""The multinomial likelihood, for bags of words and purchases."""

from __future__ import annotations

import tensorflow as tf
from tensorflow_probability import distributions as tfd

from tfvae import distributions
from tfvae.core.errors import InvalidInput
from tfvae.core.support import Support
from tfvae.core.types import DType, Tensor, Tensors
from tfvae.likelihoods.projected import ProjectedLikelihood


class Multinomial(ProjectedLikelihood):
    """p(x|z, n) = n! / (x_1! ... x_V!) prod_i p_i^x_i,  n = sum_i x_i,  p = softmax(logits(z)).

    The number n of words in a document is not part of the model: the density is that of x among all x with
    the same sum. One draw, and the mean, are therefore of a single word; the sum of n draws is a document.

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

    def __init__(self, event_shape: tuple[int], *, name: str | None = None, dtype: DType = None):
        super().__init__(event_shape, name=name, dtype=dtype)
        if len(self.event_shape) != 1:
            raise InvalidInput("event_shape", "one size, (vocabulary,)", self.event_shape)

    def parameters(self, raw: Tensor) -> Tensors:
        """Return {"logits"}, [B, V]."""
        return {"logits": raw[..., 0]}

    def distribution(self, params: Tensors) -> tfd.Distribution:
        """Return the multinomial whose number of trials is the sum of the x it is evaluated at."""
        return distributions.Multinomial(params["logits"])

    def encoder_input(self, x: Tensor) -> Tensor:
        """Return x / |x|, and 0 for an empty document."""
        return tf.math.l2_normalize(x, axis=-1)

    def mean(self, params: Tensors) -> Tensor:
        """Return the probabilities, E[x|z] of a single word; times n for a document of n words."""
        return tf.nn.softmax(params["logits"])
