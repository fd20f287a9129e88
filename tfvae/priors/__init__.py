"""Priors p(z) over the latent variable."""

from tfvae.priors.autoregressive import AutoregressiveCodes
from tfvae.priors.base import Prior
from tfvae.priors.categorical import Categorical
from tfvae.priors.codes import UniformCodes
from tfvae.priors.codes_model import CodesModel
from tfvae.priors.conditional import Conditional
from tfvae.priors.flow import Flow
from tfvae.priors.learned_categorical import LearnedCategorical
from tfvae.priors.mixture import Mixture
from tfvae.priors.normal import StandardNormal
from tfvae.priors.relaxed_categorical import RelaxedCategorical
from tfvae.priors.sphere import SphereUniform
from tfvae.priors.vamp import VampPrior

__all__ = [
    "AutoregressiveCodes",
    "Categorical",
    "CodesModel",
    "Conditional",
    "Flow",
    "LearnedCategorical",
    "Mixture",
    "Prior",
    "RelaxedCategorical",
    "SphereUniform",
    "StandardNormal",
    "UniformCodes",
    "VampPrior",
]
