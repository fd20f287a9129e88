"""The decomposition of the mean rate into mutual information, total correlation and dimension-wise KL."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import tensorflow as tf
from tensorflow_probability import distributions as tfd

from tfvae.core.errors import InvalidInput
from tfvae.core.noise import as_seed
from tfvae.core.types import Inputs
from tfvae.models import VAE

_ROWS = 128


class Decomposition(NamedTuple):
    """The three terms of the mean rate, in nats.

    Attributes:
        mutual_information: I(x; z).
        total_correlation: KL(q(z) || prod_j q(z_j)).
        dimension_kl: sum_j KL(q(z_j) || p(z_j)).
    """

    mutual_information: float
    total_correlation: float
    dimension_kl: float


def rate_decomposition(model: VAE, inputs: Inputs, seed: int = 0) -> Decomposition:
    """Return the three terms of the mean of KL(q(z|x) || p(z)), with q(z) = (1/N) sum_n q(z|x_n).

    rate = I(x; z) + KL(q(z) || prod_j q(z_j)) + sum_j KL(q(z_j) || p(z_j))

    The aggregated posterior q(z) is that of all given examples. Each term is estimated from one draw of z for
    each example.

    Args:
        model: a model with a diagonal normal posterior and a factorized prior.
        inputs: data [N, *event], or the model's inputs by name; time is proportional to N^2.
        seed: seed of the draws.

    Raises:
        InvalidInput: for another model, posterior or prior.

    Source: Chen et al. 2018, equation 2.

    Example:
        >>> import tfvae
        >>> vae = tfvae.zoo.vae((4,), latent_dim=2)
        >>> terms = rate_decomposition(vae, np.ones((3, 4)))
        >>> abs(terms.mutual_information) < 1e-5    # all examples are equal
        True
    """
    if not isinstance(model, VAE):
        raise InvalidInput("model", "a VAE, with one density q(z|x)", type(model).__name__)
    if model.prior.needs_condition:
        raise InvalidInput("prior", "one without a condition", type(model.prior).__name__)
    q, p = model.encode(inputs), model.prior.distribution()
    for argument, part in (("posterior", q), ("prior", p)):
        if not (isinstance(part, tfd.Independent) and isinstance(part.distribution, tfd.Normal)):
            raise InvalidInput(argument, "independent normal dimensions", part.name)
    loc, scale = tf.convert_to_tensor(q.distribution.loc), tf.convert_to_tensor(q.distribution.scale)
    z = loc + scale * tf.random.stateless_normal(tf.shape(loc), as_seed(seed))
    log_count = np.log(len(loc))
    joint, marginals = [], []
    for first in range(0, len(loc), _ROWS):
        by_dimension = tfd.Normal(loc, scale).log_prob(z[first : first + _ROWS, tf.newaxis])  # [rows, N, d]
        joint.append(tf.reduce_logsumexp(tf.reduce_sum(by_dimension, -1), axis=1) - log_count)
        marginals.append(tf.reduce_logsumexp(by_dimension, axis=1) - log_count)
    log_joint, log_marginals = tf.concat(joint, 0), tf.concat(marginals, 0)
    terms = (
        q.log_prob(z) - log_joint,
        log_joint - tf.reduce_sum(log_marginals, -1),
        tf.reduce_sum(log_marginals - p.distribution.log_prob(z), -1),
    )
    return Decomposition(*(float(tf.reduce_mean(term)) for term in terms))
