"""What the likelihoods that wrap another one share."""

from __future__ import annotations

import abc

from tensorflow_probability import distributions as tfd

from tfvae.core.errors import InvalidInput
from tfvae.core.trace import Trace
from tfvae.core.types import DType, InputShape, Tensor, Tensors
from tfvae.likelihoods.base import Likelihood


class WrappedLikelihood(Likelihood, abc.ABC):
    """A likelihood that wraps another one and forwards everything that it does not change; abstract.

    The parameters of p(x|z) are those of the inner likelihood, which observes the same traces.

    Args:
        likelihood: the inner likelihood.

    Raises:
        InvalidInput: for what is no likelihood.
    """

    @abc.abstractmethod
    def __init__(self, likelihood: Likelihood, *, name: str | None = None, dtype: DType = None):
        if not isinstance(likelihood, Likelihood):
            raise InvalidInput("likelihood", "one of tfvae.likelihoods", repr(likelihood))
        super().__init__(likelihood.event_shape, name=name, dtype=dtype)
        self.likelihood = likelihood

    def build(self, input_shape: InputShape) -> None:
        """Make the inner likelihood's weights."""
        if not self.likelihood.built:  # a file's likelihood is already built
            self.likelihood.build(input_shape)

    def call(self, inputs: Tensor) -> Tensors:
        """Return the inner likelihood's parameters."""
        return self.likelihood(inputs)

    def distribution(self, params: Tensors) -> tfd.Distribution:
        """Return the inner likelihood's distribution."""
        return self.likelihood.distribution(params)

    def encoder_input(self, x: Tensor) -> Tensor:
        """Return what the inner likelihood's encoder sees of x."""
        return self.likelihood.encoder_input(x)

    def mean(self, params: Tensors) -> Tensor:
        """Return the inner likelihood's E[x|z], of all elements."""
        return self.likelihood.mean(params)

    def missing_statistic(self, params: Tensors) -> Tensor:
        """Return the inner likelihood's statistic."""
        return self.likelihood.missing_statistic(params)

    def missing_estimate(self, average: Tensor) -> Tensor:
        """Return the inner likelihood's estimate."""
        return self.likelihood.missing_estimate(average)

    def missing_draw(self, params: Tensors, seed: Tensor) -> Tensor:
        """Return the inner likelihood's draw."""
        return self.likelihood.missing_draw(params, seed)

    def observe(self, trace: Trace) -> None:
        """Forward the batch to the inner likelihood; x has NaN where it is missing."""
        self.likelihood.observe(trace)
