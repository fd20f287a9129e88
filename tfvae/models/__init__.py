"""Models: networks and parts put together, trained with fit."""

from tfvae.models.base import LatentModel
from tfvae.models.files import load
from tfvae.models.modality import Modality
from tfvae.models.multimodal import MultimodalVAE
from tfvae.models.posterior_matching import PosteriorMatching
from tfvae.models.vae import VAE

__all__ = [
    "VAE",
    "LatentModel",
    "Modality",
    "MultimodalVAE",
    "PosteriorMatching",
    "load",
]
