"""The product of experts."""

from __future__ import annotations

import tensorflow as tf
from tensorflow_probability import distributions as tfd

from tfvae.core.types import Tensor, Tensors
from tfvae.distributions import product_of_normals
from tfvae.posteriors.fusion import Fusion


class ProductOfExperts(Fusion):
    """q(z|x) = N(z; loc, scale^2), proportional to p(z) prod_{m in A} q_m(z|x_m),  p(z) = N(0, I).

    1 / scale^2 = 1 + sum_m 1 / scale_m^2,   loc = scale^2 sum_m loc_m / scale_m^2,   m in A

    The prior is an expert of its own, so that a missing modality is left out and nothing else changes. Each
    expert can sharpen q, none can widen it.

    Args:
        latent_dim: number of latent dimensions.

    Source: Wu and Goodman 2018 (MVAE), section 2.

    Example:
        >>> experts = {"loc": tf.ones([1, 2, 1]), "scale": tf.ones([1, 2, 1]), "present": tf.ones([1, 2])}
        >>> ProductOfExperts(1)(experts)["loc"].numpy()    # the mean of 1, 1 and the prior's 0
        array([[0.6666667]], dtype=float32)
    """

    def num_components(self, num_modalities: int) -> int:
        """One."""
        return 1

    def call(self, inputs: Tensors) -> Tensors:
        """Return {"loc", "scale"}, each [B, latent_dim]."""
        loc, scale = product_with_prior(inputs["loc"], inputs["scale"], inputs["present"])
        return {"loc": loc, "scale": scale}

    def distribution(self, params: Tensors) -> tfd.Distribution:
        """Return Independent(Normal(loc, scale))."""
        return tfd.Independent(tfd.Normal(params["loc"], params["scale"]), 1)

    def location(self, params: Tensors) -> Tensor:
        """Return the mean of q."""
        return params["loc"]

    def summary(self, params: Tensors) -> Tensors:
        """Return {"location", "scale"}, each [B, latent_dim]."""
        return {"location": params["loc"], "scale": params["scale"]}

    def transform(self, params: Tensors, noise: Tensor) -> tuple[Tensor, Tensor]:
        """Return z = loc + scale noise and its log density."""
        z = params["loc"] + params["scale"] * noise
        return z, self.distribution(params).log_prob(z)


def product_with_prior(loc: Tensor, scale: Tensor, powers: Tensor) -> tuple[Tensor, Tensor]:
    """Return loc and scale of the normal proportional to N(z; 0, I) prod_m N(z; loc_m, scale_m^2)^a_m.

    Args:
        loc: of the experts, [..., M, D].
        scale: of the experts, [..., M, D].
        powers: a, [..., M], 1 for an expert that is a factor and 0 for one that is not.

    Returns:
        loc and scale, each [..., D].

    Example:
        >>> loc, scale = product_with_prior(tf.ones([2, 1]), tf.ones([2, 1]), tf.constant([1.0, 0.0]))
        >>> loc.numpy(), scale.numpy()
        (array([0.5], dtype=float32), array([0.70710677], dtype=float32))
    """
    return product_of_normals(
        tf.concat([loc, tf.zeros_like(loc[..., :1, :])], axis=-2),
        tf.concat([scale, tf.ones_like(scale[..., :1, :])], axis=-2),
        tf.concat([powers, tf.ones_like(powers[..., :1])], axis=-1),
    )
