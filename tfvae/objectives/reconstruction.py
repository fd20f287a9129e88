"""The plain autoencoder: reconstruction alone."""

from __future__ import annotations

from tfvae.core.trace import Trace
from tfvae.core.types import ObjectiveModel, Tensors
from tfvae.objectives.base import Objective


class Reconstruction(Objective):
    """loss = distortion = -E_q log p(x|z), in nats.

    With a posterior that is a point this is an autoencoder, and with `tfvae.layers.corruption` in its encoder
    a denoising one. A normal likelihood of fixed scale s makes it the squared error over 2 s^2, up to a
    constant.

    Source: Rumelhart et al. 1986 (autoencoder); Vincent et al. 2008 (denoising autoencoder).

    Example:
        >>> Reconstruction().terms
        ('distortion',)
    """

    terms = ("distortion",)

    def loss(self, trace: Trace, model: ObjectiveModel) -> Tensors:
        """Return the distortion of each example, [B]."""
        return {"loss": trace.distortion, "distortion": trace.distortion}
