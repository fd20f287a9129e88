"""Models: networks and parts put together, trained with fit."""

from tfvae.models.base import LatentModel
from tfvae.models.files import load
from tfvae.models.modality import Modality
from tfvae.models.multimodal import MultimodalVAE
from tfvae.models.path import Path
from tfvae.models.posterior_matching import PosteriorMatching
from tfvae.models.sequence import VRNN
from tfvae.models.vae import VAE

__all__ = [
    "VAE",
    "VRNN",
    "LatentModel",
    "Modality",
    "MultimodalVAE",
    "Path",
    "PosteriorMatching",
    "load",
]
