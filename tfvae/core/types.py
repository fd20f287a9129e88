"""Types that signatures share, and what an objective may ask of a model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol, TypeAlias

import keras
import numpy.typing as npt
import tensorflow as tf

Tensor: TypeAlias = tf.Tensor
Tensors: TypeAlias = dict[str, Tensor]
ArrayLike: TypeAlias = npt.ArrayLike | tf.Tensor
Inputs: TypeAlias = ArrayLike | Mapping[str, ArrayLike]  # x alone, or all of a model's inputs by name
Array: TypeAlias = npt.NDArray[Any]
Shape: TypeAlias = tuple[int, ...]
InputShape: TypeAlias = tuple[int | None, ...]
DType: TypeAlias = str | keras.DTypePolicy | None


class ObjectiveModel(Protocol):
    """What an objective may ask of a model.

    Attributes:
        posterior: q(z|x), a `tfvae.posteriors.Posterior`.
        prior: p(z), a `tfvae.priors.Prior`.
        likelihood: p(x|z), a `tfvae.likelihoods.Likelihood`.
    """

    posterior: Any
    prior: Any
    likelihood: Any

    @property
    def step(self) -> Tensor:
        """Optimizer steps taken, a float32 scalar."""
        ...

    @property
    def latent_dim(self) -> int:
        """Entries of z."""
        ...

    @property
    def prior_noise_dim(self) -> int:
        """Standard normal numbers that one draw from p(z) takes."""
        ...

    @property
    def event_shape(self) -> Shape:
        """Shape of one example of x."""
        ...

    @property
    def accepts(self) -> Mapping[str, Any]:
        """The model's inputs by name."""
        ...

    def noise(self, num_samples: int, batch: int, seed: Tensor) -> Tensor:
        """Draw the base noise of q(z|x), [num_samples, batch, ...]."""
        ...

    def latent(self, inputs: Tensors) -> Tensor:
        """Return the location of q(z|x), [B, latent_dim]."""
        ...

    def prior_draw(self, noise: Tensor, given: Tensors | None = None) -> Tensor:
        """Return z ~ p(z), [B, latent_dim]."""
        ...

    def decoded_mean(self, z: Tensor, given: Tensors | None = None) -> Any:
        """Return E[x|z], [B, *event]."""
        ...

    def retrace(self, trace: Any, z: Tensor, log_q: Tensor) -> Any:
        """Return the trace of the same pass with other draws z [S, B, latent_dim] and their log q."""
        ...
