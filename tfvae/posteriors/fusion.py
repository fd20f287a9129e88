"""What the posteriors share that are made of several experts."""

from __future__ import annotations

import abc

from tfvae.core.checks import integer
from tfvae.core.types import DType
from tfvae.posteriors.base import Posterior


class Fusion(Posterior, abc.ABC):
    """q(z|x) of experts q_m(z|x_m) = N(loc_m, scale_m^2), for any set A of modalities present; abstract.

    Each of M modalities of the data has an expert; any may be missing in any example. A fusion is a posterior
    whose features are the experts' parameters: {"loc", "scale"}, each [B, M, latent_dim], and "present",
    [B, M], 1 where modality m is present and 0 where it is missing. An example with no modality has
    q(z) = p(z) = N(0, I).

    Args:
        latent_dim: number of latent dimensions.
    """

    def __init__(self, latent_dim: int, *, name: str | None = None, dtype: DType = None):
        super().__init__(name=name, dtype=dtype)
        self.latent_dim = integer("latent_dim", latent_dim)
        self.built = True  # no weights

    @abc.abstractmethod
    def num_components(self, num_modalities: int) -> int:
        """Return how many normals q is a mixture of where no modality is missing."""
