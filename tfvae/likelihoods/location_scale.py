"""What the likelihoods with a location and a scale for each element share."""

from __future__ import annotations

import abc

import tensorflow as tf
from tensorflow_probability import distributions as tfd

from tfvae.core.errors import InvalidInput
from tfvae.core.trace import Trace
from tfvae.core.types import DType, InputShape, Shape, Tensor, Tensors
from tfvae.likelihoods.projected import ProjectedLikelihood
from tfvae.scales import Learned, Optimal, Scale, as_scale


class LocationScale(ProjectedLikelihood, abc.ABC):
    """p(x|z) = prod_i f((x_i - loc_i(z)) / scale) / scale, with f a density symmetric around 0; abstract.

    Args:
        event_shape: shape of one example.
        scale: a number or `scales.Fixed` for a constant, `scales.Learned` for one trained number (the
            default) or one for each element, `scales.PerElement` for one from the network for each element of
            each example.

    Attributes:
        exponent: p where the scale of the highest density is mean(|x - loc|^p)^(1 / p); None where it has no
            closed form.
    """

    exponent: float | None = None

    def __init__(
        self,
        event_shape: Shape,
        scale: float | Scale | None = None,
        *,
        name: str | None = None,
        dtype: DType = None,
    ):
        super().__init__(event_shape, name=name, dtype=dtype)
        self.scale = Learned() if scale is None else as_scale("scale", scale)
        if isinstance(self.scale, Optimal) and self.exponent is None:
            expected = f"another scale, as the best one of {type(self).__name__} has no closed form"
            raise InvalidInput("scale", expected, "scales.Optimal")

    def positive_parts(self) -> dict[str, Scale]:
        """Return the positive parameters of the distribution, by the name of their raw parameter."""
        return {"raw_scale": self.scale}

    @abc.abstractmethod
    def elements(self, loc: Tensor, *positive: Tensor) -> tfd.Distribution:
        """Return the distribution of the single elements, of the location and the values of the parts."""

    @property
    def channels(self) -> int:
        """One for the location, and those of the parts that come from the network."""
        return 1 + sum(part.channels for part in self.positive_parts().values())

    def parameters(self, raw: Tensor) -> Tensors:
        """Return {"loc"}, and the raw parameters of what comes from the network, [B, *event]."""
        names = ("loc", *(name for name, part in self.positive_parts().items() if part.channels))
        return dict(zip(names, tf.unstack(raw, axis=-1), strict=True))

    def build(self, input_shape: InputShape) -> None:
        """Make the projection to the location and to what else comes from the network."""
        for name, part in self.positive_parts().items():
            if part.shape not in ((), self.event_shape):
                raise InvalidInput(name.removeprefix("raw_"), f"shape () or {self.event_shape}", part.shape)
        super().build(input_shape)

    def distribution(self, params: Tensors) -> tfd.Distribution:
        """Return an independent distribution for each element."""
        values = [
            part.scale([params[name]] if name in params else [])
            for name, part in self.positive_parts().items()
        ]
        return tfd.Independent(self.elements(params["loc"], *values), len(self.event_shape))

    def observe(self, trace: Trace) -> None:
        """Pass the scale the errors of a training batch, NaN where x is missing."""
        if self.exponent is not None:
            error = tf.abs(trace.x - trace.record["likelihood"]["loc"])
            self.scale.observe(tf.stop_gradient(error) ** self.exponent, self.exponent)

    def mean(self, params: Tensors) -> Tensor:
        """Return the location: the mean where there is one, and always the median."""
        return params["loc"]
