"""Models: networks and parts put together, trained with fit."""

from tfvae.models.base import LatentModel
from tfvae.models.hierarchical.base import HierarchicalModel
from tfvae.models.hierarchical.hierarchical_vae import HierarchicalVAE
from tfvae.models.hierarchical.inference import BottomUpInference, HierarchicalInference, LadderInference
from tfvae.models.hierarchical.markov_prior import MarkovPrior
from tfvae.models.hierarchical.residual_pyramid import ResidualBlock, ResidualPyramid
from tfvae.models.hierarchical.top_down import TopDownBlock, TopDownDecoder
from tfvae.models.hierarchical.vdvae import VDVAE
from tfvae.models.loading import load
from tfvae.models.multimodal.modality import Modality
from tfvae.models.multimodal.multimodal_vae import MultimodalVAE
from tfvae.models.posterior_matching import PosteriorMatching
from tfvae.models.semi_supervised.auxiliary_vae import AuxiliarySemiSupervised
from tfvae.models.semi_supervised.base import ClassModel
from tfvae.models.semi_supervised.semi_supervised_vae import SemiSupervised
from tfvae.models.semi_supervised.stacked import StackedSemiSupervised
from tfvae.models.sequence.sequence_trace import SequenceTrace
from tfvae.models.sequence.vrnn import VRNN
from tfvae.models.vae import VAE

__all__ = [
    "VAE",
    "VDVAE",
    "VRNN",
    "AuxiliarySemiSupervised",
    "BottomUpInference",
    "ClassModel",
    "HierarchicalInference",
    "HierarchicalModel",
    "HierarchicalVAE",
    "LadderInference",
    "LatentModel",
    "MarkovPrior",
    "Modality",
    "MultimodalVAE",
    "PosteriorMatching",
    "ResidualBlock",
    "ResidualPyramid",
    "SemiSupervised",
    "SequenceTrace",
    "StackedSemiSupervised",
    "TopDownBlock",
    "TopDownDecoder",
    "load",
]
