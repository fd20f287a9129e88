"""What the likelihoods of data with missing values share."""

from __future__ import annotations

import tensorflow as tf
from tensorflow_probability import distributions as tfd

from tfvae.core.errors import InvalidInput
from tfvae.core.support import Support
from tfvae.core.types import Tensor, Tensors
from tfvae.distributions import IgnoreMissing
from tfvae.likelihoods.base import Likelihood


def element_support(likelihood: Likelihood) -> Support:
    """Return the values that each element can have.

    Raises:
        InvalidInput: for elements with different supports, and for what is no likelihood.
    """
    if not isinstance(likelihood, Likelihood) or not isinstance(likelihood.support, Support):
        raise InvalidInput(
            "likelihood", "a likelihood with one support for all elements", type(likelihood).__name__
        )
    return likelihood.support


def check_complete(likelihood: Likelihood) -> Likelihood:
    """Return a likelihood to which missing values can be added.

    Raises:
        InvalidInput: for anything else, such as a likelihood that takes missing values already.
    """
    if element_support(likelihood).missing:
        raise InvalidInput(
            "likelihood", "one that does not take missing values already", type(likelihood).__name__
        )
    return likelihood


def elements_of(likelihood: Likelihood, params: Tensors) -> tfd.Distribution:
    """Return the distribution of each element, batch shape [..., *event].

    Raises:
        InvalidInput: for a likelihood whose elements depend on each other given z.
    """
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


def observed_elements(likelihood: Likelihood, params: Tensors) -> tfd.Distribution:
    """Return the likelihood's distribution with log density 0 for elements that are NaN."""
    elements = IgnoreMissing(elements_of(likelihood, params), element_support(likelihood).fill_value)
    return tfd.Independent(elements, len(likelihood.event_shape))


def check_elements(likelihood: Likelihood, input_shape: tuple[int | None, ...]) -> None:
    """Raise for a likelihood, already built, whose elements depend on each other given z."""
    elements_of(likelihood, likelihood.call(tf.zeros((1, *input_shape[1:]))))


def zeros_for_missing(likelihood: Likelihood, x: Tensor) -> Tensor:
    """Return the likelihood's encoder input of x, [B, *event] or [B, *event, n], with zeros for NaN."""
    missing = tf.math.is_nan(x)
    seen = likelihood.encoder_input(tf.where(missing, element_support(likelihood).fill_value, x))
    for _ in range(seen.shape.rank - missing.shape.rank):  # several numbers for each element, such as a code
        missing = missing[..., tf.newaxis]
    return tf.where(missing, tf.zeros_like(seen), seen)
