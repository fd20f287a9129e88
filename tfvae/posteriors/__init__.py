"""Posteriors q(z|x): layers from features to a distribution over the latent variable."""

from tfvae.posteriors.base import Encoded, Posterior
from tfvae.posteriors.categorical import Categorical
from tfvae.posteriors.code_posterior import CodePosterior
from tfvae.posteriors.codebook import Codebook
from tfvae.posteriors.codebook_usage import perplexity
from tfvae.posteriors.full import FullNormal
from tfvae.posteriors.fusion import Fusion
from tfvae.posteriors.hamiltonian import Hamiltonian
from tfvae.posteriors.hierarchical_vector_quantizer import HierarchicalVectorQuantizer
from tfvae.posteriors.inverse_autoregressive import InverseAutoregressive
from tfvae.posteriors.lista import LISTA
from tfvae.posteriors.mixture import Mixture
from tfvae.posteriors.mixture_fusion import MixtureFusion
from tfvae.posteriors.mixture_of_experts import MixtureOfExperts
from tfvae.posteriors.mixture_of_products import MixtureOfProducts
from tfvae.posteriors.normal import Normal
from tfvae.posteriors.planar import Planar
from tfvae.posteriors.point import Point
from tfvae.posteriors.power_spherical import PowerSpherical
from tfvae.posteriors.product_of_experts import ProductOfExperts
from tfvae.posteriors.radial import Radial
from tfvae.posteriors.relaxed import RelaxedOneHot
from tfvae.posteriors.vector_quantizer import VectorQuantizer, VectorQuantizerEMA
from tfvae.posteriors.von_mises_fisher import VonMisesFisher

__all__ = [
    "LISTA",
    "Categorical",
    "CodePosterior",
    "Codebook",
    "Encoded",
    "FullNormal",
    "Fusion",
    "Hamiltonian",
    "HierarchicalVectorQuantizer",
    "InverseAutoregressive",
    "Mixture",
    "MixtureFusion",
    "MixtureOfExperts",
    "MixtureOfProducts",
    "Normal",
    "Planar",
    "Point",
    "Posterior",
    "PowerSpherical",
    "ProductOfExperts",
    "Radial",
    "RelaxedOneHot",
    "VectorQuantizer",
    "VectorQuantizerEMA",
    "VonMisesFisher",
    "perplexity",
]
