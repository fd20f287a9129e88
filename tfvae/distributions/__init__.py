"""Distributions that TFP lacks, or that are inexact or slow there; used as TFP's own."""

from tfvae.distributions.autoregressive_bernoulli import AutoregressiveBernoulli
from tfvae.distributions.autoregressive_categorical import AutoregressiveCategorical
from tfvae.distributions.base import UnvalidatedDistribution
from tfvae.distributions.bernoulli import Bernoulli
from tfvae.distributions.categorical_draws import draw_categorical, draw_stratified, gumbel_from_normal
from tfvae.distributions.cholesky_normal import CholeskyNormal
from tfvae.distributions.code_vectors import CodeVectors
from tfvae.distributions.concrete import Concrete
from tfvae.distributions.continuous_bernoulli import ContinuousBernoulli
from tfvae.distributions.discretized_logistic_mixture import DiscretizedLogisticMixture
from tfvae.distributions.float_categorical import FloatCategorical
from tfvae.distributions.gaussian_products import product_of_normals
from tfvae.distributions.ignore_missing import IgnoreMissing
from tfvae.distributions.low_rank_normal import LowRankNormal
from tfvae.distributions.mixed_row import MixedRow
from tfvae.distributions.multinomial import Multinomial
from tfvae.distributions.negative_binomial import NegativeBinomial
from tfvae.distributions.normal_mixture import component_log_joint, normal_mixture
from tfvae.distributions.one_hot_rows import OneHotRows
from tfvae.distributions.poisson import Poisson
from tfvae.distributions.power_spherical import PowerSpherical
from tfvae.distributions.pushforward import Pushforward
from tfvae.distributions.score_function import score_function_loss
from tfvae.distributions.self_masked_normal import SelfMaskedNormal
from tfvae.distributions.standard_normal import StandardNormal
from tfvae.distributions.tilted_spherical import TiltedSpherical
from tfvae.distributions.uniform_codes import UniformCodes
from tfvae.distributions.von_mises_fisher import VonMisesFisher
from tfvae.distributions.zero_inflated import ZeroInflated

__all__ = [
    "AutoregressiveBernoulli",
    "AutoregressiveCategorical",
    "Bernoulli",
    "CholeskyNormal",
    "CodeVectors",
    "Concrete",
    "ContinuousBernoulli",
    "DiscretizedLogisticMixture",
    "FloatCategorical",
    "IgnoreMissing",
    "LowRankNormal",
    "MixedRow",
    "Multinomial",
    "NegativeBinomial",
    "OneHotRows",
    "Poisson",
    "PowerSpherical",
    "Pushforward",
    "SelfMaskedNormal",
    "StandardNormal",
    "TiltedSpherical",
    "UniformCodes",
    "UnvalidatedDistribution",
    "VonMisesFisher",
    "ZeroInflated",
    "component_log_joint",
    "draw_categorical",
    "draw_stratified",
    "gumbel_from_normal",
    "normal_mixture",
    "product_of_normals",
    "score_function_loss",
]
