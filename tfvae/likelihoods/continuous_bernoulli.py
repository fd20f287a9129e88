"""The continuous Bernoulli likelihood, a density for gray values."""

from __future__ import annotations

from tensorflow_probability import distributions as tfd

from tfvae import distributions
from tfvae.core.support import Support
from tfvae.core.types import Tensor, Tensors
from tfvae.likelihoods.projected import ProjectedLikelihood


class ContinuousBernoulli(ProjectedLikelihood):
    """p(x|z) = prod_i C(p_i) p_i^x_i (1 - p_i)^(1 - x_i),  p = sigmoid(logits(z)),  0 <= x_i <= 1.

    C(p) = 2 artanh(1 - 2 p) / (1 - 2 p), and 2 at p = 1/2

    The constant C makes the Bernoulli's cross entropy a density of gray values. With l = logits,

    log p(x|l) = l (x - 1/2) - log(sinh(l/2) / (l/2))

    Args:
        event_shape: shape of one example.

    Source: Loaiza-Ganem and Cunningham 2019, proposition 1.

    Example:
        >>> import tensorflow as tf
        >>> likelihood = ContinuousBernoulli((4,))
        >>> px = likelihood.distribution({"logits": tf.zeros([5, 4])})
        >>> px.log_prob(tf.ones([5, 4])).numpy()    # the uniform density
        array([0., 0., 0., 0., 0.], dtype=float32)
    """

    support = Support(0.0, 1.0, hint=" (divide 8-bit images by 255)")

    def parameters(self, raw: Tensor) -> Tensors:
        """Return {"logits"}, [B, *event]."""
        return {"logits": raw[..., 0]}

    def distribution(self, params: Tensors) -> tfd.Distribution:
        """Return an independent continuous Bernoulli for each element."""
        return tfd.Independent(distributions.ContinuousBernoulli(params["logits"]), len(self.event_shape))

    def mean(self, params: Tensors) -> Tensor:
        """Return E[x|z] = 1 / (1 - exp(-l)) - 1 / l, which is not sigmoid(l)."""
        return distributions.ContinuousBernoulli(params["logits"]).mean()
