"""What the posteriors share whose flow is a chain of steps with separate parameters."""

from __future__ import annotations

import abc

import tensorflow as tf

from tfvae.core.types import DType, Tensor, Tensors
from tfvae.posteriors.flow import FlowPosterior


class StepwiseFlowPosterior(FlowPosterior, abc.ABC):
    """A flow of `num_flows` steps of one form, whose parameters come from the network; abstract.

    Args:
        latent_dim: number of latent dimensions.
        num_flows: number of steps.
        floor: smallest scale of the Gaussian.

    Attributes:
        step_names: names of the parameters of the steps, each a tensor [B, num_flows, ...].
    """

    step_names: tuple[str, ...]

    def __init__(
        self,
        latent_dim: int,
        num_flows: int = 8,
        floor: float = 1e-4,
        *,
        name: str | None = None,
        dtype: DType = None,
    ):
        super().__init__(latent_dim, num_flows, floor, name=name, dtype=dtype)

    @abc.abstractmethod
    def step(self, z: Tensor, *params: Tensor) -> tuple[Tensor, Tensor]:
        """Return f(z) and log |det f'(z)| for one step's parameters, in the order of `step_names`."""

    @abc.abstractmethod
    def step_back(self, z: Tensor, *params: Tensor) -> tuple[Tensor, Tensor]:
        """Return the point that the step takes to z, and log |det f'| there."""

    def forward(self, params: Tensors, start: Tensor) -> tuple[Tensor, Tensor]:
        """Return z and log |det dz/dz_0|."""
        z, log_det = start, 0.0
        for step in self._steps(params):
            z, more = self.step(z, *step)
            log_det += more
        return z, log_det

    def inverse(self, params: Tensors, z: Tensor) -> tuple[Tensor, Tensor]:
        """Return z_0 and log |det dz/dz_0|."""
        log_det = 0.0
        for step in reversed(self._steps(params)):
            z, more = self.step_back(z, *step)
            log_det += more
        return z, log_det

    def _steps(self, params: Tensors) -> list[tuple[Tensor, ...]]:
        named = (tf.unstack(params[name], axis=1) for name in self.step_names)
        return list(zip(*named, strict=True))
