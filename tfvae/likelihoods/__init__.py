"""Likelihoods p(x|z): layers from a decoder's features to a distribution over the data."""

from tfvae.core.support import Support
from tfvae.likelihoods.autoregressive import Autoregressive
from tfvae.likelihoods.autoregressive_categorical import AutoregressiveCategorical
from tfvae.likelihoods.base import Likelihood
from tfvae.likelihoods.bernoulli import Bernoulli
from tfvae.likelihoods.categorical import Categorical
from tfvae.likelihoods.columns import Category, Column, Count, Ordinal, Positive, Real
from tfvae.likelihoods.continuous_bernoulli import ContinuousBernoulli
from tfvae.likelihoods.dictionary import Dictionary
from tfvae.likelihoods.discretized_logistic_mixture import DiscretizedLogisticMixture
from tfvae.likelihoods.inner_product import InnerProduct
from tfvae.likelihoods.laplace import Laplace
from tfvae.likelihoods.low_rank_normal import LowRankNormal
from tfvae.likelihoods.masked_normal import MaskedNormal
from tfvae.likelihoods.missing_at_random import MissingAtRandom
from tfvae.likelihoods.missing_mask import WithMissingMask
from tfvae.likelihoods.missing_not_at_random import MissingNotAtRandom
from tfvae.likelihoods.mixed_columns import MixedColumns
from tfvae.likelihoods.multinomial import Multinomial
from tfvae.likelihoods.negative_binomial import NegativeBinomial
from tfvae.likelihoods.normal import Normal
from tfvae.likelihoods.padded import Padded
from tfvae.likelihoods.poisson import Poisson
from tfvae.likelihoods.projected import ProjectedLikelihood
from tfvae.likelihoods.sequence_support import SequenceSupport
from tfvae.likelihoods.student_t import StudentT
from tfvae.likelihoods.wrapped import WrappedLikelihood
from tfvae.likelihoods.zero_inflated import ZeroInflated

__all__ = [
    "Autoregressive",
    "AutoregressiveCategorical",
    "Bernoulli",
    "Categorical",
    "Category",
    "Column",
    "ContinuousBernoulli",
    "Count",
    "Dictionary",
    "DiscretizedLogisticMixture",
    "InnerProduct",
    "Laplace",
    "Likelihood",
    "LowRankNormal",
    "MaskedNormal",
    "MissingAtRandom",
    "MissingNotAtRandom",
    "MixedColumns",
    "Multinomial",
    "NegativeBinomial",
    "Normal",
    "Ordinal",
    "Padded",
    "Poisson",
    "Positive",
    "ProjectedLikelihood",
    "Real",
    "SequenceSupport",
    "StudentT",
    "Support",
    "WithMissingMask",
    "WrappedLikelihood",
    "ZeroInflated",
]
