"""DIP-VAE: the covariance of the aggregated posterior pressed toward the identity."""

from __future__ import annotations

import abc

import tensorflow as tf
from tensorflow_probability import distributions as tfd

from tfvae.core.replicas import all_gather
from tfvae.core.trace import Trace
from tfvae.core.types import DType, ObjectiveModel, Tensor, Tensors
from tfvae.objectives.base import Objective
from tfvae.schedules import Schedule, as_schedule


class _DIP(Objective):
    """loss = distortion + rate + diagonal sum_i (C_ii - 1)^2 + off_diagonal sum_{i != j} C_ij^2."""

    terms = ("distortion", "rate", "elbo", "covariance_penalty")
    needs = ("has_density", "has_location")

    def __init__(
        self,
        diagonal: float | Schedule,
        off_diagonal: float | Schedule,
        *,
        name: str | None = None,
        dtype: DType = None,
    ):
        super().__init__(name=name, dtype=dtype)
        self.diagonal = as_schedule("diagonal", diagonal)
        self.off_diagonal = as_schedule("off_diagonal", off_diagonal)

    @abc.abstractmethod
    def covariance(self, trace: Trace, model: ObjectiveModel) -> Tensor:
        """Return the covariance C over the whole batch, [D, D]."""

    def loss(self, trace: Trace, model: ObjectiveModel) -> Tensors:
        """Return the loss, the terms of the ELBO and the penalty, the same for every example, [B]."""
        covariance = self.covariance(trace, model)
        variances = tf.linalg.diag_part(covariance)
        between = tf.linalg.set_diag(covariance, tf.zeros_like(variances))
        penalty = self.diagonal(model.step) * tf.reduce_sum(tf.square(variances - 1.0))
        penalty += self.off_diagonal(model.step) * tf.reduce_sum(tf.square(between))
        return {
            "loss": trace.distortion + trace.rate + penalty,
            "distortion": trace.distortion,
            "rate": trace.rate,
            "elbo": trace.elbo,
            "covariance_penalty": tf.broadcast_to(penalty, tf.shape(trace.rate)),
        }


class DIPVAE1(_DIP):
    """DIP-VAE-I: the covariance of the posterior's location, C = Cov_x[loc(x)], over the whole batch.

    loss = distortion + rate + diagonal sum_i (C_ii - 1)^2 + off_diagonal sum_{i != j} C_ij^2

    Args:
        diagonal: weight of the squared distance of the variances from 1, a number or a schedule; the
            paper takes ten times the other.
        off_diagonal: weight of the squared covariances.

    Source: Kumar et al. 2018, equation 6.

    Example:
        >>> DIPVAE1(diagonal=50.0, off_diagonal=5.0).terms
        ('distortion', 'rate', 'elbo', 'covariance_penalty')
    """

    def __init__(
        self,
        diagonal: float | Schedule = 100.0,
        off_diagonal: float | Schedule = 10.0,
        *,
        name: str | None = None,
        dtype: DType = None,
    ):
        super().__init__(diagonal, off_diagonal, name=name, dtype=dtype)

    def covariance(self, trace: Trace, model: ObjectiveModel) -> Tensor:
        """Return Cov_x[loc(x)], [D, D]."""
        return _covariance_of(model.posterior.location(trace.record["posterior"]))


class DIPVAE2(_DIP):
    """DIP-VAE-II: the covariance of the aggregated posterior, C = Cov_x[E_q z] + E_x[Cov_q z].

    loss = distortion + rate + diagonal sum_i (C_ii - 1)^2 + off_diagonal sum_{i != j} C_ij^2

    Both over the whole batch, in closed form: q needs a known mean and covariance.

    Args:
        diagonal: weight of the squared distance of the variances from 1, a number or a schedule.
        off_diagonal: weight of the squared covariances.

    Source: Kumar et al. 2018, equation 7.

    Example:
        >>> DIPVAE2(diagonal=5.0, off_diagonal=5.0).terms
        ('distortion', 'rate', 'elbo', 'covariance_penalty')
    """

    needs = ("has_density", "has_covariance")

    def __init__(
        self,
        diagonal: float | Schedule = 10.0,
        off_diagonal: float | Schedule = 10.0,
        *,
        name: str | None = None,
        dtype: DType = None,
    ):
        super().__init__(diagonal, off_diagonal, name=name, dtype=dtype)

    def covariance(self, trace: Trace, model: ObjectiveModel) -> Tensor:
        """Return Cov_x[E_q z] + E_x[Cov_q z], [D, D]."""
        if isinstance(trace.q, tfd.Independent):
            within = tf.linalg.diag(tf.reduce_mean(all_gather(trace.q.variance()), axis=0))
        else:
            within = tf.reduce_mean(all_gather(trace.q.covariance()), axis=0)
        return _covariance_of(trace.q.mean()) + within


def _covariance_of(rows: Tensor) -> Tensor:
    """Return the covariance of [B, D] over the whole batch, (1/M) sum_i (r_i - mean)(r_i - mean)^T."""
    rows = all_gather(rows)
    centered = rows - tf.reduce_mean(rows, axis=0)
    return tf.matmul(centered, centered, transpose_a=True) / tf.cast(tf.shape(rows)[0], rows.dtype)
