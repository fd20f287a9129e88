"""The beta-TCVAE: the rate in three parts, each with its weight."""

from __future__ import annotations

import tensorflow as tf

from tfvae.core.dataset_size import DatasetSize
from tfvae.core.errors import InvalidInput
from tfvae.core.replicas import all_gather, replica_offset
from tfvae.core.trace import Trace
from tfvae.core.types import DType, ObjectiveModel, Tensor, Tensors
from tfvae.objectives.base import Objective
from tfvae.posteriors import Normal
from tfvae.schedules import Schedule, as_schedule


class BetaTCVAE(Objective):
    """loss = distortion + alpha MI + beta TC + gamma sum_j KL_j, in nats, for q(z) = (1/N) sum_n q(z|x_n).

    MI = E[log q(z|x) - log q(z)]                   index-code mutual information
    TC = E[log q(z) - sum_j log q(z_j)]             total correlation
    KL_j = E[log q(z_j) - log p(z_j)]               dimension-wise KL

    The three add up to log q(z|x) - log p(z) whatever q(z) is taken to be, so that with all weights 1
    this is the ELBO. q(z) is estimated from the M examples of the batch by the stratified sampling of
    the paper's appendix C.2, averaged over the order of the other examples:

        q(z) ~ q(z|x_n) / N + (N - 1) / N mean over m != n of q(z|x_m),  z ~ q(z|x_n)

    which is unbiased, and exact where the batch is the whole data set. Its logarithm is biased, the less
    the larger the batch. The prior is taken to have independent dimensions.

    Args:
        beta: weight of the total correlation, a number or a schedule.
        dataset_size: N, the number of training examples; None means that of the data given to `fit`.
        alpha: weight of the mutual information.
        gamma: weight of the dimension-wise KL.

    Source: Chen et al. 2018, equations 2 and 4, appendix C.2.

    Example:
        >>> BetaTCVAE(beta=6.0, dataset_size=60000).terms[3:]
        ('mutual_information', 'total_correlation', 'dimension_kl')
    """

    terms = ("distortion", "rate", "elbo", "mutual_information", "total_correlation", "dimension_kl")
    needs = ("has_density", "reparameterized", "explicit_density")

    def __init__(
        self,
        beta: float | Schedule,
        dataset_size: int | None = None,
        alpha: float | Schedule = 1.0,
        gamma: float | Schedule = 1.0,
        *,
        name: str | None = None,
        dtype: DType = None,
    ):
        super().__init__(name=name, dtype=dtype)
        self.dataset_size = dataset_size
        self.size = DatasetSize(dataset_size, least=2)
        self.beta = as_schedule("beta", beta)
        self.alpha = as_schedule("alpha", alpha)
        self.gamma = as_schedule("gamma", gamma)

    def check(self, model: ObjectiveModel) -> None:
        """Reject a posterior whose dimensions are not independent."""
        super().check(model)
        posterior = type(model.posterior)
        if getattr(posterior, "distribution", None) is not Normal.distribution:
            raise InvalidInput(
                "objective",
                f"one that goes with the posterior {posterior.__name__}",
                f"{type(self).__name__}, which needs a posterior Normal, with independent dimensions",
            )

    def loss(self, trace: Trace, model: ObjectiveModel) -> Tensors:
        """Return the loss, the terms of the ELBO and the three parts of the rate, [B]."""
        log_q_by_dimension, log_q_aggregate = self._aggregate(trace, model)
        parts = {
            "mutual_information": trace.log_q - log_q_aggregate,
            "total_correlation": log_q_aggregate - log_q_by_dimension,
            "dimension_kl": log_q_by_dimension - trace.log_p,
        }
        parts = {name: tf.reduce_mean(part, axis=0) for name, part in parts.items()}
        loss = (
            trace.distortion
            + self.alpha(model.step) * parts["mutual_information"]
            + self.beta(model.step) * parts["total_correlation"]
            + self.gamma(model.step) * parts["dimension_kl"]
        )
        bound = {"distortion": trace.distortion, "rate": trace.rate, "elbo": trace.elbo}
        return {"loss": loss, **bound, **parts}

    def _aggregate(self, trace: Trace, model: ObjectiveModel) -> tuple[Tensor, Tensor]:
        """Return sum_j log q(z_j) and log q(z) of every draw, each [S, B]."""
        params = all_gather(trace.record["posterior"])
        pairs = model.posterior.distribution(params).distribution.log_prob(trace.z[:, :, tf.newaxis])
        log_weights = self._log_weights(tf.shape(trace.z)[1], tf.shape(pairs)[2])  # pairs: [S, B, M, D]
        by_dimension = tf.reduce_logsumexp(pairs + log_weights[:, :, tf.newaxis], axis=2)
        joint = tf.reduce_logsumexp(tf.reduce_sum(pairs, axis=3) + log_weights, axis=2)
        return tf.reduce_sum(by_dimension, axis=2), joint

    def _log_weights(self, count: Tensor, total: Tensor) -> Tensor:
        """Return the log weight of every example's q for each of this replica's, [B, M]."""
        size = self.size.examples(total)
        others = tf.cast(tf.maximum(total - 1, 1), tf.float32)
        other = tf.math.log1p(-1 / size) - tf.math.log(others)
        rows = tf.range(count)[:, tf.newaxis] + replica_offset(count)
        own = rows == tf.range(total)[tf.newaxis]
        return tf.where(own, -tf.math.log(size), other)
