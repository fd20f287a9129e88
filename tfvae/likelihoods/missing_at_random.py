"""Any likelihood with independent elements, of the observed elements only."""

from __future__ import annotations

import dataclasses

import tensorflow as tf
import tensorflow_probability as tfp
from tensorflow_probability import distributions as tfd

from tfvae.core.errors import InvalidInput
from tfvae.core.support import Support
from tfvae.distributions.base import BaseDistribution
from tfvae.likelihoods.base import Likelihood


class MissingAtRandom(Likelihood):
    """p(x_obs|z) = prod over observed i of p(x_i|z), where NaN marks the elements that are missing.

    The likelihood of data missing at random. An example with nothing observed has log-likelihood 0.
    The encoder sees zeros in the place of missing elements. With the objective IWAE this is MIWAE.

    Args:
        likelihood: a likelihood whose elements are independent given z, such as `Normal`.

    Source: Mattei and Frellsen 2019 (MIWAE), section 2.

    Example:
        >>> from tfvae.likelihoods import Normal
        >>> likelihood = MissingAtRandom(Normal((3,), scale=1.0))
        >>> px = likelihood.distribution({"loc": tf.zeros([1, 3])})
        >>> px.log_prob([[0.0, float("nan"), float("nan")]]).numpy().round(3)    # -log(2 pi) / 2 once
        array([-0.919], dtype=float32)
    """

    def __init__(self, likelihood: Likelihood, *, name: str | None = None, dtype: object = None):
        super().__init__(as_likelihood(likelihood).event_shape, name=name, dtype=dtype)
        self.likelihood = likelihood
        self.support = dataclasses.replace(likelihood.support, missing=True)

    def build(self, input_shape: tuple) -> None:
        """Make the likelihood's weights, and see that its elements are independent."""
        if not self.likelihood.built:  # it is already when it comes out of a file
            self.likelihood.build(input_shape)
        params = self.likelihood.call(tf.zeros((1, *input_shape[1:])))
        elements_of(self.likelihood, params)

    def call(self, inputs: tf.Tensor) -> dict[str, tf.Tensor]:
        """Return the likelihood's parameters."""
        return self.likelihood(inputs)

    def distribution(self, params: dict[str, tf.Tensor]) -> tfd.Distribution:
        """Return the likelihood's distribution, with log-density 0 for elements that are NaN."""
        elements = _Ignoring(elements_of(self.likelihood, params), self.support.fill_value)
        return tfd.Independent(elements, len(self.event_shape))

    def encoder_input(self, x: tf.Tensor) -> tf.Tensor:
        """Return what the likelihood's encoder sees, [B, *event], with zeros for missing elements."""
        return zeros_for_missing(self.likelihood, x)

    def mean(self, params: dict[str, tf.Tensor]) -> tf.Tensor:
        """Return E[x|z] of all elements."""
        return self.likelihood.mean(params)

    def missing_statistic(self, params: dict[str, tf.Tensor]) -> tf.Tensor:
        """Return the likelihood's own."""
        return self.likelihood.missing_statistic(params)

    def missing_estimate(self, average: tf.Tensor) -> tf.Tensor:
        """Return the likelihood's own."""
        return self.likelihood.missing_estimate(average)


def as_likelihood(likelihood: Likelihood) -> Likelihood:
    """Return a likelihood that can be wrapped, or refuse it."""
    if not isinstance(likelihood, Likelihood) or not isinstance(likelihood.support, Support):
        raise InvalidInput(
            "likelihood", "a likelihood with one support for all elements", type(likelihood).__name__
        )
    if likelihood.support.missing:
        raise InvalidInput(
            "likelihood", "one that does not take missing values already", type(likelihood).__name__
        )
    return likelihood


def elements_of(likelihood: Likelihood, params: dict[str, tf.Tensor]) -> tfd.Distribution:
    """Return the distribution of each element, batch shape [..., *event], or refuse the likelihood."""
    whole = likelihood.distribution(params)
    rank = len(likelihood.event_shape)
    if (
        not isinstance(whole, tfd.Independent)
        or whole.event_shape.rank != rank
        or whole.distribution.event_shape.rank != 0
    ):
        raise InvalidInput(
            "likelihood", "one whose elements are independent given z", type(likelihood).__name__
        )
    return whole.distribution


def zeros_for_missing(likelihood: Likelihood, x: tf.Tensor) -> tf.Tensor:
    """Return the likelihood's encoder input of x, [B, *event] or [B, *event, n], with zeros for NaN."""
    missing = tf.math.is_nan(x)
    seen = likelihood.encoder_input(tf.where(missing, likelihood.support.fill_value, x))
    for _ in range(seen.shape.rank - missing.shape.rank):  # several numbers for each element, such as a code
        missing = missing[..., tf.newaxis]
    return tf.where(missing, tf.zeros_like(seen), seen)


class _Ignoring(BaseDistribution):
    """A distribution of single numbers that gives NaN the log-density 0."""

    def __init__(self, elements: tfd.Distribution, inside: float):
        parameters = dict(locals())
        self._elements, self._inside = elements, inside
        super().__init__(parameters, elements.reparameterization_type, elements.dtype)

    @classmethod
    def _parameter_properties(cls, dtype: object, num_classes: object = None) -> dict:
        return {"elements": tfp.util.BatchedComponentProperties()}

    def _event_shape(self) -> tf.TensorShape:
        return tf.TensorShape([])

    def _event_shape_tensor(self, **_: object) -> tf.Tensor:
        return tf.constant([], tf.int32)

    def _log_prob(self, x: tf.Tensor) -> tf.Tensor:
        # A number is put in NaN's place before the density: the gradient of a density at NaN is NaN, also
        # where the density is not used.
        missing = tf.math.is_nan(x)
        log_prob = self._elements.log_prob(tf.where(missing, self._inside, x))
        return tf.where(missing, 0.0, log_prob)

    def _sample_n(self, n: int, seed: object = None) -> tf.Tensor:
        return self._elements.sample(n, seed=seed)

    def _mean(self) -> tf.Tensor:
        return self._elements.mean()
