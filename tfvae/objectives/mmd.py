"""The maximum mean discrepancy between aggregated posterior and prior: InfoVAE and the WAE."""

from __future__ import annotations

import tensorflow as tf

from tfvae.core.checks import real_number
from tfvae.core.errors import InvalidInput
from tfvae.core.replicas import all_gather, replica_offset
from tfvae.core.trace import Trace
from tfvae.core.types import DType, ObjectiveModel, Tensor, Tensors
from tfvae.objectives.kernels import InverseMultiquadric, Kernel
from tfvae.objectives.prior_draws import PriorDraws
from tfvae.schedules import Schedule, as_schedule


class _Matching(PriorDraws):
    """An objective with the MMD between q(z) and p(z)."""

    def __init__(self, kernel: Kernel | None, *, name: str | None = None, dtype: DType = None):
        super().__init__(name=name, dtype=dtype)
        if not isinstance(kernel, Kernel | None):
            raise InvalidInput("kernel", "a kernel of tfvae.objectives", repr(kernel))
        self.kernel = InverseMultiquadric() if kernel is None else kernel

    def mmd(self, trace: Trace, model: ObjectiveModel) -> Tensor:
        """Return MMD^2(q(z), p(z)), shares of the whole batch's by example, [B]."""
        draws = self.prior_draws(trace, model)[tf.newaxis]
        return tf.reduce_mean(mmd_shares(trace.z, draws, self.kernel), axis=0)


class InfoVAE(_Matching):
    """loss = distortion + (1 - alpha) rate + (alpha + lambda - 1) MMD^2(q(z), p(z)).

    alpha = 1, lambda = 1 is the plain autoencoder, alpha = 0, lambda = 1 the ELBO; alpha > 0 gives back
    the mutual information that the rate takes, and lambda weighs the match of q(z) with the prior.

    Args:
        alpha: at most 1; weight of the mutual information that is kept.
        lambda_: at least 1 - alpha; with alpha, the weight of the MMD.
        kernel: of the MMD; None is `InverseMultiquadric()`.

    Source: Zhao et al. 2019, equation 6.

    Example:
        >>> from tfvae.objectives.kernels import RBF
        >>> InfoVAE(alpha=0.5, lambda_=100.0, kernel=RBF(2.0)).terms
        ('distortion', 'rate', 'elbo', 'mmd')
    """

    terms = ("distortion", "rate", "elbo", "mmd")
    needs = ("has_density", "reparameterized")

    def __init__(
        self,
        alpha: float = 0.0,
        lambda_: float = 10.0,
        kernel: Kernel | None = None,
        *,
        name: str | None = None,
        dtype: DType = None,
    ):
        super().__init__(kernel, name=name, dtype=dtype)
        self.alpha = real_number("alpha", alpha, at_most=1)
        self.lambda_ = real_number("lambda_", lambda_, at_least=1 - self.alpha)

    def loss(self, trace: Trace, model: ObjectiveModel) -> Tensors:
        """Return the loss, the terms of the ELBO and the MMD, [B]."""
        mmd = self.mmd(trace, model)
        loss = trace.distortion + (1 - self.alpha) * trace.rate + (self.alpha + self.lambda_ - 1) * mmd
        bound = {"distortion": trace.distortion, "rate": trace.rate, "elbo": trace.elbo}
        return {"loss": loss, **bound, "mmd": mmd}


class WassersteinMMD(_Matching):
    """WAE-MMD: loss = distortion + weight MMD^2(q(z), p(z)).

    The distortion is -log p(x|z); a normal likelihood of fixed scale makes it the paper's squared error,
    up to scale and a constant. The code may be a point or a distribution, with or without a density.

    Args:
        weight: of the MMD, a number or a schedule.
        kernel: of the MMD; None is `InverseMultiquadric()`.

    Source: Tolstikhin et al. 2018, algorithm 2.

    Example:
        >>> WassersteinMMD(weight=10.0).terms
        ('distortion', 'mmd')
    """

    terms = ("distortion", "mmd")
    needs = ("reparameterized",)

    def __init__(
        self,
        weight: float | Schedule = 10.0,
        kernel: Kernel | None = None,
        *,
        name: str | None = None,
        dtype: DType = None,
    ):
        super().__init__(kernel, name=name, dtype=dtype)
        self.weight = as_schedule("weight", weight)

    def loss(self, trace: Trace, model: ObjectiveModel) -> Tensors:
        """Return the loss, the distortion and the MMD, [B]."""
        mmd = self.mmd(trace, model)
        loss = trace.distortion + self.weight(model.step) * mmd
        return {"loss": loss, "distortion": trace.distortion, "mmd": mmd}


def mmd_shares(z: Tensor, draws: Tensor, kernel: Kernel) -> Tensor:
    """Return by row what, averaged over the whole batch, is the unbiased estimate of MMD^2.

    share_i = (1/(n - 1)) sum_{j != i} (k(z_i, z_j) + k(p_i, p_j)) - (2/n) sum_j k(z_i, p_j)

    The n rows are those of all replicas; the estimate may be below 0.

    Args:
        z: points of one distribution, [S, B, D]; samples are compared each by itself.
        draws: points of the other, [1, B, D].
        kernel: k.

    Source: Gretton et al. 2012, lemma 6.

    Example:
        >>> from tfvae.objectives.kernels import RBF
        >>> z = tf.constant([[[0.0], [3.0]]])
        >>> mmd_shares(z, z, RBF(1.0)).numpy().round(3)
        array([[-0.989, -0.989]], dtype=float32)
    """
    all_z, all_draws = _whole_batch(z), _whole_batch(draws)
    count, total = tf.shape(z)[1], tf.shape(all_z)[1]
    other = tf.range(count)[:, tf.newaxis] + replica_offset(count) != tf.range(total)[tf.newaxis]
    other = tf.cast(other, z.dtype) / tf.cast(tf.maximum(total - 1, 1), z.dtype)
    within = tf.reduce_sum(other * (kernel(z, all_z) + kernel(draws, all_draws)), axis=2)
    return within - 2.0 * tf.reduce_mean(kernel(z, all_draws), axis=2)


def _whole_batch(points: Tensor) -> Tensor:
    """Return [S, B, D] with the rows of all replicas."""
    return tf.transpose(all_gather(tf.transpose(points, (1, 0, 2))), (1, 0, 2))
