"""What the likelihoods share that are a location and a scale for each element."""

from __future__ import annotations

import abc

import tensorflow as tf
import tensorflow_probability as tfp

from tfvae.core.errors import InvalidInput
from tfvae.core.heads import Head
from tfvae.likelihoods.base import Likelihood
from tfvae.scales import Learned, Scale, as_scale

tfd = tfp.distributions


class LocationScale(Likelihood, abc.ABC):
    """p(x|z) = prod_i f((x_i - loc_i(z)) / scale) / scale, with f a density symmetric around 0; abstract.

    Args:
        event_shape: shape of one example.
        scale: a number or `scales.Fixed` for a constant, `scales.Learned` for one trained number (the
            default) or one for each element, `scales.PerElement` for one from the network for each element of
            each example.
    """

    def __init__(
        self,
        event_shape: tuple[int, ...],
        scale: float | Scale | None = None,
        *,
        name: str | None = None,
        dtype: object = None,
    ):
        super().__init__(event_shape, name=name, dtype=dtype)
        self.scale = Learned() if scale is None else as_scale("scale", scale)

    def positive_parts(self) -> dict[str, Scale]:
        """Return what the distribution needs beside the location, by the name of its raw parameter."""
        return {"raw_scale": self.scale}

    @abc.abstractmethod
    def elements(self, loc: tf.Tensor, *positive: tf.Tensor) -> tfd.Distribution:
        """Return the distribution of the single elements, of the location and the values of the parts."""

    def build(self, input_shape: tuple) -> None:
        """Make the projection to the location and to what else comes from the network."""
        for name, part in self.positive_parts().items():
            if part.shape not in ((), self.event_shape):
                raise InvalidInput(name.removeprefix("raw_"), f"shape () or {self.event_shape}", part.shape)
        channels = 1 + sum(part.channels for part in self.positive_parts().values())
        self.head = Head(self.event_shape, channels, name="head", dtype=self.dtype_policy)
        self.head.build(input_shape)

    def call(self, inputs: tf.Tensor) -> dict[str, tf.Tensor]:
        """Return {"loc"}, and the raw parameters of what comes from the network, [B, *event]."""
        names = ("loc", *(name for name, part in self.positive_parts().items() if part.channels))
        return dict(zip(names, tf.unstack(self.head(inputs), axis=-1), strict=True))

    def distribution(self, params: dict[str, tf.Tensor]) -> tfd.Distribution:
        """Return an independent distribution for each element."""
        values = [
            part.scale([params[name]] if name in params else [])
            for name, part in self.positive_parts().items()
        ]
        return tfd.Independent(self.elements(params["loc"], *values), len(self.event_shape))

    def mean(self, params: dict[str, tf.Tensor]) -> tf.Tensor:
        """Return the location: the mean where there is one, and always the median."""
        return params["loc"]
