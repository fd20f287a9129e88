"""Objectives: what training minimizes, as a function of a trace."""

from tfvae.objectives.adversarial import AdversarialAutoencoder
from tfvae.objectives.adversarial_inference import AdversariallyLearnedInference
from tfvae.objectives.base import Objective, WrappedObjective
from tfvae.objectives.capacity import ControlledCapacity
from tfvae.objectives.class_balanced import ClassBalanced
from tfvae.objectives.classification import Classification
from tfvae.objectives.combined_bounds import (
    CombinedImportanceWeighted,
    MultiplyImportanceWeighted,
    PartiallyImportanceWeighted,
)
from tfvae.objectives.dip import DIPVAE1, DIPVAE2
from tfvae.objectives.elbo import ELBO
from tfvae.objectives.factor_vae import FactorVAE
from tfvae.objectives.forward_kl import ForwardKL
from tfvae.objectives.geco import GECO
from tfvae.objectives.gradients import DoublyReparameterized, StickingTheLanding
from tfvae.objectives.importance_weighted import ImportanceWeighted
from tfvae.objectives.kernels import RBF, InverseMultiquadric
from tfvae.objectives.mmd import InfoVAE, WassersteinMMD
from tfvae.objectives.modality_subsets import SubsetELBO
from tfvae.objectives.penalties import ContractiveAutoencoder, SparseAutoencoder
from tfvae.objectives.perceptual import Perceptual
from tfvae.objectives.reconstruction import Reconstruction
from tfvae.objectives.renyi import Renyi, RenyiMax
from tfvae.objectives.slow_features import SlowFeatures
from tfvae.objectives.sparse_decomposition import PredictiveSparseDecomposition
from tfvae.objectives.spike_and_slab import SpikeAndSlab
from tfvae.objectives.thermodynamic import Thermodynamic, ThermodynamicCovariance
from tfvae.objectives.total_correlation import BetaTCVAE
from tfvae.objectives.trimmed import Trimmed
from tfvae.objectives.vae_gan import VAEGAN
from tfvae.objectives.vector_quantization import VectorQuantization

__all__ = [
    "DIPVAE1",
    "DIPVAE2",
    "ELBO",
    "GECO",
    "RBF",
    "VAEGAN",
    "AdversarialAutoencoder",
    "AdversariallyLearnedInference",
    "BetaTCVAE",
    "ClassBalanced",
    "Classification",
    "CombinedImportanceWeighted",
    "ContractiveAutoencoder",
    "ControlledCapacity",
    "DoublyReparameterized",
    "FactorVAE",
    "ForwardKL",
    "ImportanceWeighted",
    "InfoVAE",
    "InverseMultiquadric",
    "MultiplyImportanceWeighted",
    "Objective",
    "PartiallyImportanceWeighted",
    "Perceptual",
    "PredictiveSparseDecomposition",
    "Reconstruction",
    "Renyi",
    "RenyiMax",
    "SlowFeatures",
    "SparseAutoencoder",
    "SpikeAndSlab",
    "StickingTheLanding",
    "SubsetELBO",
    "Thermodynamic",
    "ThermodynamicCovariance",
    "Trimmed",
    "VectorQuantization",
    "WassersteinMMD",
    "WrappedObjective",
]
