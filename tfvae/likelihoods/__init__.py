"""Likelihoods p(x|z): layers from a decoder's features to a distribution over the data."""

from tfvae.likelihoods.autoregressive import Autoregressive
from tfvae.likelihoods.autoregressive_categorical import AutoregressiveCategorical
from tfvae.likelihoods.base import Likelihood, Support
from tfvae.likelihoods.bernoulli import Bernoulli
from tfvae.likelihoods.categorical import Categorical
from tfvae.likelihoods.column_kinds import Category, Count, Ordinal, Positive, Real
from tfvae.likelihoods.columns import Columns
from tfvae.likelihoods.continuous_bernoulli import ContinuousBernoulli
from tfvae.likelihoods.counts import NegativeBinomial, Poisson
from tfvae.likelihoods.dictionary import Dictionary
from tfvae.likelihoods.inner_product import InnerProduct
from tfvae.likelihoods.laplace import Laplace
from tfvae.likelihoods.logistic_mixture import DiscretisedLogisticMixture
from tfvae.likelihoods.low_rank_normal import LowRankNormal
from tfvae.likelihoods.marked import Marked
from tfvae.likelihoods.masked_normal import MaskedNormal
from tfvae.likelihoods.multinomial import Multinomial
from tfvae.likelihoods.normal import Normal
from tfvae.likelihoods.not_at_random import NotAtRandom
from tfvae.likelihoods.observed import Observed
from tfvae.likelihoods.padded import Padded
from tfvae.likelihoods.student_t import StudentT
from tfvae.likelihoods.zero_inflated import ZeroInflated

__all__ = [
    "Autoregressive",
    "AutoregressiveCategorical",
    "Bernoulli",
    "Categorical",
    "Category",
    "Columns",
    "ContinuousBernoulli",
    "Count",
    "Dictionary",
    "DiscretisedLogisticMixture",
    "InnerProduct",
    "Laplace",
    "Likelihood",
    "LowRankNormal",
    "Marked",
    "MaskedNormal",
    "Multinomial",
    "NegativeBinomial",
    "Normal",
    "NotAtRandom",
    "Observed",
    "Ordinal",
    "Padded",
    "Poisson",
    "Positive",
    "Real",
    "StudentT",
    "Support",
    "ZeroInflated",
]
