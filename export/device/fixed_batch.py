"""An endpoint for a fixed number of examples."""

from __future__ import annotations

import dataclasses
from typing import final

import tensorflow as tf

from tfvae.export.endpoints.base import Endpoint, Tensors


@final
@dataclasses.dataclass(frozen=True)
class FixedBatch:
    """An endpoint whose inputs are all [size, ...]: device runtimes run loops over such a batch alone.

    Attributes:
        endpoint: the endpoint for any number of examples.
        size: the number of examples.
    """

    endpoint: Endpoint
    size: int

    @property
    def name(self) -> str:
        """The endpoint's name."""
        return self.endpoint.name

    @property
    def signature(self) -> list[tf.TensorSpec]:
        """The inputs' specifications with their names, in the order of the arguments."""
        return [
            tf.TensorSpec((self.size, *spec.shape[1:]), spec.dtype, spec.name)
            for spec in self.endpoint.signature
        ]

    def __call__(self, *values: tf.Tensor) -> Tensors:
        """Apply the endpoint."""
        return self.endpoint(*values)
