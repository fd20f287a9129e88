"""Scores that are expectations under q(z|x): the negative ELBO and the reconstruction probability."""

from __future__ import annotations

from typing import final

import tensorflow as tf

from tfvae.anomaly.scores.attribution import shared_evenly
from tfvae.anomaly.scores.base import MonteCarloScore
from tfvae.core.trace import Trace
from tfvae.models import LatentModel


@final
class NegativeELBO(MonteCarloScore):
    """score = -ELBO = distortion + rate, in nats; never below -log p(x) but for the noise of the draws.

    distortion = -E_q log p(x|z),  rate = KL(q(z|x) || p(z))

    Contributions: -E_q log p(x_i|z) of each element, and an even share of the rate.

    Args:
        num_samples: draws for each example.
        seed: start of the random numbers.

    Source: Kingma and Welling 2014, equation 3.

    Example:
        >>> NegativeELBO(num_samples=10).terms
        ('distortion', 'rate')
    """

    terms = ("distortion", "rate")
    needs_density = True

    def of(self, trace: Trace) -> dict[str, tf.Tensor]:
        """Return -ELBO, distortion and rate."""
        return {"score": trace.distortion + trace.rate, "distortion": trace.distortion, "rate": trace.rate}

    def contributions(self, model: LatentModel, trace: Trace) -> tf.Tensor:
        """Return the distortion of each element, and an even share of the rate."""
        return tf.reduce_mean(trace.element_nll, axis=0) + shared_evenly(trace.rate, trace.x)


@final
class Reconstruction(MonteCarloScore):
    """score = -E_q log p(x|z), the reconstruction probability's logarithm with the sign turned; in nats.

    Contributions: -E_q log p(x_i|z) of each element. What x needs of the latent space costs nothing, so an
    anomaly that the decoder can make is not found.

    Args:
        num_samples: draws for each example.
        seed: start of the random numbers.

    Source: An and Cho 2015, algorithm 4.

    Example:
        >>> Reconstruction().num_samples
        64
    """

    def of(self, trace: Trace) -> dict[str, tf.Tensor]:
        """Return the distortion."""
        return {"score": trace.distortion}

    def contributions(self, model: LatentModel, trace: Trace) -> tf.Tensor:
        """Return the distortion of each element."""
        return tf.reduce_mean(trace.element_nll, axis=0)
