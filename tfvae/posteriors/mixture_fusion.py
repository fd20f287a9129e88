"""What the mixtures of experts share: stratified draws, and the density of the mixture."""

from __future__ import annotations

import abc

import tensorflow as tf
from tensorflow_probability import distributions as tfd

from tfvae.core.types import Tensor, Tensors
from tfvae.distributions import component_log_joint, draw_stratified, normal_mixture
from tfvae.posteriors.fusion import Fusion


class MixtureFusion(Fusion, abc.ABC):
    """q(z|x) = sum_k w_k N(z; loc_k, scale_k^2), whose weights follow from what is missing; abstract.

    The S draws of an example are stratified over the components: with u uniform in [0, 1), the s-th
    comes from the component in which (s + u) / S falls when the weights are laid end to end. Any average
    over the draws stays unbiased, and S equal weights give one draw from each component. As no weight is
    learned, the draws carry the whole gradient. log q(z|x) is the density of the mixture, whichever component
    made z.

    Args:
        latent_dim: number of latent dimensions.
    """

    independent_draws = False

    @property
    def noise_dim(self) -> int:
        """One number for the component, and one for each dimension."""
        return 1 + self.latent_dim

    def distribution(self, params: Tensors) -> tfd.Distribution:
        """Return the mixture."""
        return normal_mixture(params["logits"], params["loc"], params["scale"])

    def location(self, params: Tensors) -> Tensor:
        """Return the mean of the component with the highest peak; that of q may lie where q is small."""
        peaks = params["logits"] - tf.reduce_sum(tf.math.log(params["scale"]), axis=-1)
        return tf.gather(params["loc"], tf.argmax(peaks, axis=-1), axis=1, batch_dims=1)

    def summary(self, params: Tensors) -> Tensors:
        """Return {"location", "weights" [B, K], "locations" and "scales" [B, K, latent_dim]}."""
        return {
            "location": self.location(params),
            "weights": tf.nn.softmax(params["logits"]),
            "locations": params["loc"],
            "scales": params["scale"],
        }

    def transform(self, params: Tensors, noise: Tensor) -> tuple[Tensor, Tensor]:
        """Return draws stratified over the components, and the log density of the mixture there."""
        chosen = draw_stratified(tf.nn.softmax(params["logits"]), noise[..., 0])[..., tf.newaxis]
        loc, scale = (tf.reduce_sum(chosen * params[name], axis=-2) for name in ("loc", "scale"))
        z = loc + scale * noise[..., 1:]
        log_joint = component_log_joint(params["logits"], params["loc"], params["scale"], z)
        return z, tf.reduce_logsumexp(log_joint, axis=-1)


def equal_logits(possible: Tensor) -> Tensor:
    """Return logits of equal weights for the components that are possible, or for all where none is.

    Args:
        possible: 1 or 0, [B, K].

    Example:
        >>> equal_logits(tf.constant([[1.0, 0.0], [0.0, 0.0]])).numpy()
        array([[  0., -inf],
               [  0.,   0.]], dtype=float32)
    """
    none = tf.reduce_max(possible, axis=1, keepdims=True) == 0
    return tf.where((possible > 0) | none, 0.0, float("-inf"))
