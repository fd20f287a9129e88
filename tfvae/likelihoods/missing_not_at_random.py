"""The Gaussian likelihood of data that are missing because of what they would have been."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp
from tensorflow_probability import distributions as tfd

from tfvae.core.checks import integer
from tfvae.core.errors import InvalidInput
from tfvae.core.numerics import softplus
from tfvae.distributions.base import BaseDistribution
from tfvae.likelihoods.base import Likelihood
from tfvae.likelihoods.missing_at_random import elements_of, zeros_for_missing
from tfvae.likelihoods.normal import Normal

_HALVINGS = 24
_REACH, _BARS = 6.0, 400  # of a histogram, in scales


class MissingNotAtRandom(Likelihood):
    """p(x_obs, s|z) with s_j = 1 for an observed x_j, and a model of s: x_j may hide itself.

    p(s_j = 1|x_j) = sigmoid(slope_j x_j + intercept_j)
    observed j:  log N(x_j; loc_j, scale_j^2) + log sigmoid(slope_j x_j + intercept_j)
    missing j:   log of the integral of N(x; loc_j, scale_j^2) (1 - sigmoid(slope_j x + intercept_j)) dx

    NaN marks what is missing; the encoder sees zeros there. Slope and intercept are learned for each
    element; a slope of 0 is data missing at random. The integral is taken by Gauss-Hermite quadrature,
    where the paper draws the missing x_j. With 20 nodes, and loc_j within two scales of where seen and
    hidden are as likely, the integral's relative error is below 1e-4 for |slope_j| scale_j up to 2, below
    1e-3 up to 3 and below 3 % up to 5; a steeper mask needs more nodes.

    Args:
        likelihood: a `Normal`.
        num_nodes: nodes of the quadrature, from 1 to 100.

    Source: Ipsen et al. 2021 (not-MIWAE), the self-masking missing process.

    Example:
        >>> likelihood = MissingNotAtRandom(Normal((2,), scale=1.0))
        >>> px = likelihood.distribution({"loc": tf.zeros([1, 2])})
        >>> px.log_prob([[float("nan"), float("nan")]]).numpy().round(3)    # 2 log(1/2)
        array([-1.386], dtype=float32)
    """

    def __init__(
        self,
        likelihood: Normal,
        num_nodes: int = 20,
        *,
        name: str | None = None,
        dtype: object = None,
    ):
        if not isinstance(likelihood, Normal):
            raise InvalidInput("likelihood", "a Normal", type(likelihood).__name__)
        super().__init__(likelihood.event_shape, name=name, dtype=dtype)
        self.likelihood = likelihood
        self.num_nodes = integer("num_nodes", num_nodes, at_most=100)
        self.support = dataclasses.replace(likelihood.support, missing=True)
        self.slope = self.add_weight(name="slope", shape=self.event_shape, initializer="zeros")
        self.intercept = self.add_weight(name="intercept", shape=self.event_shape, initializer="zeros")

    def build(self, input_shape: tuple) -> None:
        """Make the likelihood's weights."""
        if not self.likelihood.built:  # it is already when it comes out of a file
            self.likelihood.build(input_shape)

    def call(self, inputs: tf.Tensor) -> dict[str, tf.Tensor]:
        """Return the likelihood's parameters."""
        return self.likelihood(inputs)

    def distribution(self, params: dict[str, tf.Tensor]) -> tfd.Distribution:
        """Return the distribution of data with gaps: a draw has NaN where its element hides itself."""
        elements = _SelfMasked(
            elements_of(self.likelihood, params),
            tf.convert_to_tensor(self.slope, tf.float32),
            tf.convert_to_tensor(self.intercept, tf.float32),
            self.num_nodes,
        )
        return tfd.Independent(elements, len(self.event_shape))

    def encoder_input(self, x: tf.Tensor) -> tf.Tensor:
        """Return x with zeros for missing elements."""
        return zeros_for_missing(self.likelihood, x)

    def mean(self, params: dict[str, tf.Tensor]) -> tf.Tensor:
        """Return E[x|z] of all elements, whether they would be observed or not."""
        return self.likelihood.mean(params)

    def missing_statistic(self, params: dict[str, tf.Tensor]) -> tf.Tensor:
        """Return E[x_j|z, s_j = 0] by the same quadrature: values that hide differ from those seen."""
        return self.distribution(params).distribution.hidden_mean()

    def missing_draw(self, params: dict[str, tf.Tensor], seed: tf.Tensor) -> tf.Tensor:
        """Return a draw of p(x_j|z, s_j = 0), [..., *event], from its histogram in bars of 0.03 scales."""
        return self.distribution(params).distribution.hidden_draw(seed)


class _SelfMasked(BaseDistribution):
    """A normal number that is seen with probability sigmoid(slope x + intercept), and else is NaN."""

    def __init__(self, normal: tfd.Normal, slope: tf.Tensor, intercept: tf.Tensor, num_nodes: int):
        parameters = dict(locals())
        self._normal, self._slope, self._intercept = normal, slope, intercept
        self._num_nodes = num_nodes
        super().__init__(parameters)

    @classmethod
    def _parameter_properties(cls, dtype: object, num_classes: object = None) -> dict:
        return {
            "normal": tfp.util.BatchedComponentProperties(),
            "slope": tfp.util.ParameterProperties(),
            "intercept": tfp.util.ParameterProperties(),
        }

    def _event_shape(self) -> tf.TensorShape:
        return tf.TensorShape([])

    def _event_shape_tensor(self, **_: object) -> tf.Tensor:
        return tf.constant([], tf.int32)

    def _log_prob(self, x: tf.Tensor) -> tf.Tensor:
        missing = tf.math.is_nan(x)
        x = tf.where(missing, 0.0, x)  # before the density, whose gradient at NaN is NaN
        seen = self._normal.log_prob(x) - softplus(-self._logit(x))
        return tf.where(missing, self._log_hidden(), seen)

    def hidden_mean(self) -> tf.Tensor:
        """Return E[x] under N(x; loc, scale^2) (1 - sigmoid(slope x + intercept)), normed."""
        x, log_weights = self._quadrature()
        return tf.reduce_sum(tf.nn.softmax(log_weights) * x, axis=-1)

    def hidden_draw(self, seed: tf.Tensor) -> tf.Tensor:
        """Return a draw of that density, whose mode lies between loc and loc - slope scale^2.

        Its logarithm is more concave than the normal's own, so six scales on both sides of the mode hold all
        but 1e-8 of it.
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

    def _log_hidden(self) -> tf.Tensor:
        """Log of E[1 - sigmoid(slope x + intercept)] under the normal distribution."""
        return tf.reduce_logsumexp(self._quadrature()[1], axis=-1)

    def _quadrature(self) -> tuple[tf.Tensor, tf.Tensor]:
        """Return the nodes x, and the log-weights of a sum that stands for the integral over what hides."""
        nodes, weights = np.polynomial.hermite_e.hermegauss(self._num_nodes)
        log_weights = np.log(weights) - 0.5 * math.log(2 * math.pi)
        x = self._normal.loc[..., tf.newaxis] + self._normal.scale[..., tf.newaxis] * nodes.astype("float32")
        logit = self._slope[..., tf.newaxis] * x + self._intercept[..., tf.newaxis]
        return x, log_weights.astype("float32") - softplus(logit)

    def _logit(self, x: tf.Tensor) -> tf.Tensor:
        return self._slope * x + self._intercept

    def _sample_n(self, n: int, seed: object = None) -> tf.Tensor:
        value_seed, mask_seed = tfp.random.split_seed(seed, n=2)
        x = self._normal.sample(n, seed=value_seed)
        seen = tf.random.stateless_uniform(tf.shape(x), mask_seed) < tf.sigmoid(self._logit(x))
        return tf.where(seen, x, float("nan"))
