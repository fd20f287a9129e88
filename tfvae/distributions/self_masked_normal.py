"""The Gaussian number whose own value decides whether it is observed."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp
from tensorflow_probability import distributions as tfd

from tfvae.core.numerics import softplus
from tfvae.core.types import Tensor
from tfvae.distributions.base import UnvalidatedDistribution

_HALVINGS = 24
_REACH, _BARS = 6.0, 400  # of a histogram, in scales


class SelfMaskedNormal(UnvalidatedDistribution):
    """A normal number x that is observed with probability sigmoid(slope x + intercept), and NaN otherwise.

    observed:  log p(x)   = log N(x; loc, scale^2) + log sigmoid(slope x + intercept)
    missing:   log p(NaN) = log of the integral of N(x; loc, scale^2) (1 - sigmoid(slope x + intercept)) dx

    The integral is taken by Gauss-Hermite quadrature.

    Args:
        normal: a `tfd.Normal`, batch shape [...].
        slope: broadcast against the batch shape.
        intercept: broadcast against the batch shape.
        num_nodes: nodes of the quadrature.
        name: of the distribution.

    Source: Ipsen et al. 2021 (not-MIWAE), the self-masking missing process.

    Example:
        >>> p = SelfMaskedNormal(tfd.Normal(0.0, 1.0), tf.constant(2.0), tf.constant(0.0), num_nodes=20)
        >>> round(float(p.prob(float("nan"))), 6)
        0.5
    """

    def __init__(
        self,
        normal: tfd.Normal,
        slope: Tensor,
        intercept: Tensor,
        num_nodes: int,
        name: str = "SelfMaskedNormal",
    ):
        parameters = dict(locals())
        self._normal, self._slope, self._intercept = normal, slope, intercept
        self._num_nodes = num_nodes
        super().__init__(parameters, name=name)

    @classmethod
    def _parameter_properties(cls, dtype: Any, num_classes: int | None = None) -> dict[str, Any]:
        return {
            "normal": tfp.util.BatchedComponentProperties(),
            "slope": tfp.util.ParameterProperties(),
            "intercept": tfp.util.ParameterProperties(),
        }

    def _event_shape(self) -> tf.TensorShape:
        return tf.TensorShape([])

    def _event_shape_tensor(self) -> Tensor:
        return tf.constant([], tf.int32)

    def _log_prob(self, x: Tensor) -> Tensor:
        missing = tf.math.is_nan(x)
        x = tf.where(missing, 0.0, x)  # before the density, whose gradient at NaN is NaN
        observed = self._normal.log_prob(x) - softplus(-self._logit(x))
        return tf.where(missing, tf.reduce_logsumexp(self._quadrature()[1], axis=-1), observed)

    def missing_mean(self) -> Tensor:
        """Return E[x|x missing], [...]: the mean of N(x; loc, scale^2) (1 - sigmoid(slope x + intercept))."""
        x, log_weights = self._quadrature()
        return tf.reduce_sum(tf.nn.softmax(log_weights) * x, axis=-1)

    def missing_draw(self, seed: Tensor) -> Tensor:
        """Return a draw of p(x|x missing), [...], from its histogram in bars of 0.03 scales.

        The mode of that density lies between loc and loc - slope scale^2. Its logarithm is more concave than
        the normal's own, so six scales on both sides of the mode hold all but 1e-8 of it.

        Args:
            seed: int32 [2].
        """
        start = self._logit(self._normal.loc)
        slope = self._slope * self._normal.scale + tf.zeros_like(start)  # from here on in units of the scale
        low, high = tf.minimum(-slope, 0.0), tf.maximum(-slope, 0.0)
        for _ in range(_HALVINGS):
            middle = 0.5 * (low + high)
            rises = middle < -slope * tf.sigmoid(slope * middle + start)
            low, high = tf.where(rises, middle, low), tf.where(rises, high, middle)
        width = 2 * _REACH / _BARS
        bars = low[..., tf.newaxis] - _REACH + width * (tf.range(_BARS, dtype=tf.float32) + 0.5)
        logit = slope[..., tf.newaxis] * bars + start[..., tf.newaxis]
        log_density = tf.reshape(-0.5 * tf.square(bars) - softplus(logit), (-1, _BARS))
        bar_seed, place_seed = tfp.random.split_seed(seed, n=2)
        bar = tf.random.stateless_categorical(log_density, 1, bar_seed, dtype=tf.int32)
        bar = tf.cast(tf.reshape(bar, tf.shape(low)), tf.float32)
        steps = low - _REACH + width * (bar + tf.random.stateless_uniform(tf.shape(low), place_seed))
        return self._normal.loc + self._normal.scale * steps

    def _quadrature(self) -> tuple[Tensor, Tensor]:
        """Return nodes x [..., num_nodes] and the log weights of the sum that stands for the integral."""
        nodes, weights = np.polynomial.hermite_e.hermegauss(self._num_nodes)
        log_weights = np.log(weights) - 0.5 * math.log(2 * math.pi)
        x = self._normal.loc[..., tf.newaxis] + self._normal.scale[..., tf.newaxis] * nodes.astype("float32")
        logit = self._slope[..., tf.newaxis] * x + self._intercept[..., tf.newaxis]
        return x, log_weights.astype("float32") - softplus(logit)

    def _logit(self, x: Tensor) -> Tensor:
        return self._slope * x + self._intercept

    def _sample_n(self, n: Tensor, seed: Any = None) -> Tensor:
        value_seed, mask_seed = tfp.random.split_seed(seed, n=2)
        x = self._normal.sample(n, seed=value_seed)
        observed = tf.random.stateless_uniform(tf.shape(x), mask_seed) < tf.sigmoid(self._logit(x))
        return tf.where(observed, x, float("nan"))
