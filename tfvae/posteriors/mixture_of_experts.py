"""The mixture of experts."""

from __future__ import annotations

import tensorflow as tf

from tfvae.core.types import Tensors
from tfvae.posteriors.mixture_fusion import MixtureFusion, equal_logits


class MixtureOfExperts(MixtureFusion):
    """q(z|x) = (1/|A|) sum_{m in A} q_m(z|x_m).

    Each expert has to be right by itself, so that any modality leads to all others. `ELBO` with
    `num_samples` = M has one draw from each expert.

    Args:
        latent_dim: number of latent dimensions.

    Source: Shi et al. 2019 (MMVAE), section 3, with normal experts.

    Example:
        >>> experts = {"loc": tf.ones([1, 2, 1]), "scale": tf.ones([1, 2, 1])}
        >>> fusion = MixtureOfExperts(1)
        >>> fusion.summary(fusion({**experts, "present": tf.constant([[1.0, 0.0]])}))["weights"].numpy()
        array([[1., 0.]], dtype=float32)
    """

    def num_components(self, num_modalities: int) -> int:
        """One for each modality."""
        return num_modalities

    def call(self, inputs: Tensors) -> Tensors:
        """Return {"logits" [B, M], "loc" and "scale" [B, M, latent_dim]}."""
        present = inputs["present"][..., tf.newaxis]
        # Experts of missing modalities are the prior: they have weight 0, unless no modality is present.
        return {
            "logits": equal_logits(inputs["present"]),
            "loc": present * inputs["loc"],
            "scale": tf.where(present > 0, inputs["scale"], 1.0),
        }
