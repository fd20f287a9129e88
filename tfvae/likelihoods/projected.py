"""Likelihoods whose parameters are one dense projection of the decoder's features."""

from __future__ import annotations

import abc

from tfvae.core.heads import Head
from tfvae.core.types import InputShape, Tensor, Tensors
from tfvae.likelihoods.base import Likelihood


class ProjectedLikelihood(Likelihood, abc.ABC):
    """p(x|z) with `channels` numbers for each element of x, projected from the features; abstract.

    Features [B, n] are projected to the whole event; features that have the event's leading axes,
    [B, H, W, n] for an event (H, W, C), place by place.

    Args:
        event_shape: shape of one example.
    """

    @property
    def channels(self) -> int:
        """Numbers that the network gives for each element."""
        return 1

    @abc.abstractmethod
    def parameters(self, raw: Tensor) -> Tensors:
        """Return the parameters of p(x|z), by name, of the projected numbers [B, *event, channels]."""

    def build(self, input_shape: InputShape) -> None:
        """Make the projection."""
        self.head = Head(self.event_shape, self.channels, name="head", dtype=self.dtype_policy)
        self.head.build(input_shape)

    def call(self, inputs: Tensor) -> Tensors:
        """Return the parameters of p(x|z), tensors [B, *event, ...] in float32."""
        return self.parameters(self.head(inputs))
