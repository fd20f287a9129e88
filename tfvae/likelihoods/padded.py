"""Any likelihood of sequences with independent elements, for sequences of unequal lengths."""

from __future__ import annotations

from tensorflow_probability import distributions as tfd

from tfvae.core.types import DType, InputShape, Tensor, Tensors
from tfvae.likelihoods.base import Likelihood
from tfvae.likelihoods.missing_values import (
    check_complete,
    check_elements,
    element_support,
    observed_elements,
    zeros_for_missing,
)
from tfvae.likelihoods.sequence_support import SequenceSupport, present, with_presence
from tfvae.likelihoods.wrapped import WrappedLikelihood


class Padded(WrappedLikelihood):
    """p(x|z) = prod over the steps before the padding of p(x_t|z), for sequences x [T, ...] padded with NaN.

    Sequences of unequal lengths are filled up to T steps with NaN, so that no value of the padding can have
    an effect. The likelihood is that of the values given the length. The encoder sees [T, n + 1]: each
    step's numbers and a 1, and zeros alone in the padding, which `networks.recurrent` skips. `mean` has all
    T steps.

    Args:
        likelihood: a likelihood of T steps whose elements are independent given z, such as `Normal((T, D))`.

    Example:
        >>> import tensorflow as tf
        >>> from tfvae.likelihoods import Normal
        >>> likelihood = Padded(Normal((3, 1), scale=1.0))
        >>> px = likelihood.distribution({"loc": tf.zeros([1, 3, 1])})
        >>> nan = float("nan")
        >>> px.log_prob([[[0.0], [nan], [nan]]]).numpy().round(3)    # -log(2 pi) / 2 once
        array([-0.919], dtype=float32)
    """

    def __init__(self, likelihood: Likelihood, *, name: str | None = None, dtype: DType = None):
        super().__init__(check_complete(likelihood), name=name, dtype=dtype)
        self.support = SequenceSupport.from_support(element_support(likelihood))

    def build(self, input_shape: InputShape) -> None:
        """Make the likelihood's weights, and check that its elements are independent."""
        super().build(input_shape)
        check_elements(self.likelihood, input_shape)

    def distribution(self, params: Tensors) -> tfd.Distribution:
        """Return the likelihood's distribution, with log density 0 for elements that are NaN."""
        return observed_elements(self.likelihood, params)

    def encoder_input(self, x: Tensor) -> Tensor:
        """Return what the likelihood's encoder sees of each step and a 1, [B, T, n + 1]; zeros in padding."""
        return with_presence(zeros_for_missing(self.likelihood, x), present(x))
