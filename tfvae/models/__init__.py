"""Models: networks and parts put together, trained with fit."""

from tfvae.models.auxiliary import AuxiliarySemiSupervised
from tfvae.models.base import LatentModel
from tfvae.models.class_model import ClassModel
from tfvae.models.files import load
from tfvae.models.hierarchical import Chain, HierarchicalVAE
from tfvae.models.inference import BottomUp, Inference, Ladder
from tfvae.models.layered import LayeredModel
from tfvae.models.modality import Modality
from tfvae.models.multimodal import MultimodalVAE
from tfvae.models.path import Path
from tfvae.models.posterior_matching import PosteriorMatching
from tfvae.models.pyramid import Pyramid
from tfvae.models.semi_supervised import SemiSupervised
from tfvae.models.sequence import VRNN
from tfvae.models.stacked import Stacked
from tfvae.models.top_down import TopDown
from tfvae.models.vae import VAE
from tfvae.models.vdvae import VDVAE

__all__ = [
    "VAE",
    "VDVAE",
    "VRNN",
    "AuxiliarySemiSupervised",
    "BottomUp",
    "Chain",
    "ClassModel",
    "HierarchicalVAE",
    "Inference",
    "Ladder",
    "LatentModel",
    "LayeredModel",
    "Modality",
    "MultimodalVAE",
    "Path",
    "PosteriorMatching",
    "Pyramid",
    "SemiSupervised",
    "Stacked",
    "TopDown",
    "load",
]
