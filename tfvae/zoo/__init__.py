"""Recipes: one function per paper, which makes the four choices around two networks.

A recipe's arguments after `shape` are also its options on the command line. The decorator `Recipe` declares
its paper, the kind of data it is for, and what it needs from labels.
"""

from tfvae.zoo.adversarial import aae, vae_gan
from tfvae.zoo.autoencoders import (
    autoencoder,
    contractive_autoencoder,
    denoising_autoencoder,
    sparse_autoencoder,
)
from tfvae.zoo.calibrated_decoder import sigma_vae
from tfvae.zoo.conditional import conditional_prior_cvae, conditional_prior_vae, cvae
from tfvae.zoo.constrained import geco_vae
from tfvae.zoo.discrete import discrete_vae
from tfvae.zoo.disentanglement import beta_tcvae, beta_vae, dip_vae, factor_vae
from tfvae.zoo.flow_posteriors import iaf_vae, planar_vae
from tfvae.zoo.graphs import graph_autoencoder, graph_vae
from tfvae.zoo.hamiltonian import hamiltonian_vae
from tfvae.zoo.hierarchical import hierarchical_vae, ladder_vae, vdvae
from tfvae.zoo.hyperspherical import hyperspherical_vae
from tfvae.zoo.identifiable import ivae
from tfvae.zoo.learned_priors import flow_prior_vae, mixture_vae, vamp_vae
from tfvae.zoo.linear import linear_vae
from tfvae.zoo.missing_data import miwae, not_miwae
from tfvae.zoo.mixed_tables import hi_vae
from tfvae.zoo.mmd import info_vae, wae_mmd
from tfvae.zoo.multi_sample_bounds import iwae, renyi_vae
from tfvae.zoo.multimodal import mmvae, mopoe_vae, multimodal_vae
from tfvae.zoo.recommendation import mult_vae
from tfvae.zoo.semi_supervised import auxiliary_vae, semi_supervised_vae
from tfvae.zoo.sequences import sequence_vae, vrnn
from tfvae.zoo.sparse import predictive_sparse_decomposition, sparse_vae
from tfvae.zoo.standard import annealed_vae, vae
from tfvae.zoo.text import text_vae
from tfvae.zoo.vector_quantized import vq_vae, vq_vae_2

__all__ = [
    "aae",
    "annealed_vae",
    "autoencoder",
    "auxiliary_vae",
    "beta_tcvae",
    "beta_vae",
    "conditional_prior_cvae",
    "conditional_prior_vae",
    "contractive_autoencoder",
    "cvae",
    "denoising_autoencoder",
    "dip_vae",
    "discrete_vae",
    "factor_vae",
    "flow_prior_vae",
    "geco_vae",
    "graph_autoencoder",
    "graph_vae",
    "hamiltonian_vae",
    "hi_vae",
    "hierarchical_vae",
    "hyperspherical_vae",
    "iaf_vae",
    "info_vae",
    "ivae",
    "iwae",
    "ladder_vae",
    "linear_vae",
    "miwae",
    "mixture_vae",
    "mmvae",
    "mopoe_vae",
    "mult_vae",
    "multimodal_vae",
    "not_miwae",
    "planar_vae",
    "predictive_sparse_decomposition",
    "renyi_vae",
    "semi_supervised_vae",
    "sequence_vae",
    "sigma_vae",
    "sparse_autoencoder",
    "sparse_vae",
    "text_vae",
    "vae",
    "vae_gan",
    "vamp_vae",
    "vdvae",
    "vq_vae",
    "vq_vae_2",
    "vrnn",
    "wae_mmd",
]
