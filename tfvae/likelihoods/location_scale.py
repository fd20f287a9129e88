"""What the likelihoods share that are a location and a scale for each element."""

from __future__ import annotations

import abc

import tensorflow as tf
from tensorflow_probability import distributions as tfd

from tfvae.core.errors import InvalidInput
from tfvae.core.heads import Head
from tfvae.core.trace import Trace
from tfvae.likelihoods.base import Likelihood
from tfvae.scales import Learned, Optimal, Scale, as_scale


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
        if isinstance(self.scale, Optimal) and self.exponent is None:
            expected = f"another scale, as the best one of {type(self).__name__} has no closed form"
            raise InvalidInput("scale", expected, "scales.Optimal")

    def positive_parts(self) -> dict[str, Scale]:
        """Return what the distribution needs beside the location, by the name of its raw parameter."""
        return {"raw_scale": self.scale}

    exponent: float | None = None  # p where the best scale is mean(|x - loc|^p)^(1 / p)

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

    def observe(self, trace: Trace, training: bool) -> None:
        """Let the scale see the errors of a training batch."""
        if training and self.exponent is not None:
            error = tf.abs(trace.x - trace.record["likelihood"]["loc"])
            self.scale.observe(tf.stop_gradient(error) ** self.exponent, self.exponent)

    def mean(self, params: dict[str, tf.Tensor]) -> tf.Tensor:
        """Return the location: the mean where there is one, and always the median."""
        return params["loc"]
