"""Models: networks and parts put together, trained with fit."""

from tfvae.models.base import LatentModel
from tfvae.models.files import load
from tfvae.models.hierarchical import Chain, HierarchicalVAE
from tfvae.models.inference import BottomUp, Inference, Ladder
from tfvae.models.layered import LayeredModel
from tfvae.models.vae import VAE

__all__ = [
    "VAE",
    "BottomUp",
    "Chain",
    "HierarchicalVAE",
    "Inference",
    "Ladder",
    "LatentModel",
    "LayeredModel",
    "load",
]
