"""Models: networks and parts put together, trained with fit."""

from tfvae.models.base import LatentModel
from tfvae.models.files import load
from tfvae.models.semi_supervised import SemiSupervised
from tfvae.models.stacked import Stacked
from tfvae.models.vae import VAE

__all__ = ["VAE", "LatentModel", "SemiSupervised", "Stacked", "load"]
