"""An endpoint for a fixed number of examples."""

from __future__ import annotations

import dataclasses
from typing import final

import tensorflow as tf

from tfvae.core.types import Tensor, Tensors
from tfvae.export.endpoints.base import Endpoint


@final
@dataclasses.dataclass(frozen=True)
class FixedBatch:
    """An endpoint whose inputs are all [size, ...]; device runtimes need it for loops over the batch.

    Attributes:
        endpoint: the endpoint for any number of examples.
        size: the number of examples.
    """

    endpoint: Endpoint
    size: int

    @property
    def name(self) -> str:
        """Name of the endpoint."""
        return self.endpoint.name

    @property
    def signature(self) -> list[tf.TensorSpec]:
        """Specifications of the inputs, with their names, in the order of the arguments."""
        return [
            tf.TensorSpec((self.size, *spec.shape[1:]), spec.dtype, spec.name)
            for spec in self.endpoint.signature
        ]

    def __call__(self, *values: Tensor) -> Tensors:
        """Apply the endpoint.

        Args:
            values: a tensor for each input, in the order of the signature.
        """
        return self.endpoint(*values)
