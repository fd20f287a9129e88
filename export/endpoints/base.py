"""Endpoints: functions from named tensors to named tensors, with all randomness fixed.

Every input has the batch on axis 0 and a shape check: a server can then batch requests, and a request of the
wrong rank is an error instead of the end of the process.

What can be exported registers with three functions: `endpoints`, `example_inputs` and `layers`.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable

import keras
import tensorflow as tf

from tfvae.core.errors import InvalidInput
from tfvae.export.endpoints.input_checks import require_examples

Tensors = dict[str, tf.Tensor]


@dataclasses.dataclass(frozen=True)
class Endpoint:
    """A function of named tensors, each [B, ...].

    Attributes:
        name: the endpoint's name.
        specs: shape and dtype of each input, by the input's name; axis 0 is the batch.
        function: from those tensors, by name, to a dict of named tensors [B, ...].
        units: what the numbers of an input or output mean, by its name, such as "nats"; for people.
    """

    name: str
    specs: dict[str, tf.TensorSpec]
    function: Callable[[Tensors], Tensors]
    units: dict[str, str] = dataclasses.field(default_factory=dict)

    def __post_init__(self):
        for name, spec in self.specs.items():
            if not spec.shape.rank or spec.shape[0] is not None:
                expected = "shapes with a batch of any size on axis 0"
                raise InvalidInput(f"{self.name}, {name}", expected, spec.shape)

    @property
    def signature(self) -> list[tf.TensorSpec]:
        """The inputs' specifications with their names, in the order of the arguments."""
        return [tf.TensorSpec(spec.shape, spec.dtype, name) for name, spec in self.specs.items()]

    def __call__(self, *values: tf.Tensor) -> Tensors:
        """Check shapes and numbers of examples, then apply the function."""
        named = zip(self.specs.items(), values, strict=True)
        inputs = {name: tf.ensure_shape(value, spec.shape) for (name, spec), value in named}
        require_examples(inputs)
        return self.function(inputs)


@functools.singledispatch
def endpoints(subject: object, preprocessing: keras.Layer | None, num_samples: int) -> list[Endpoint]:
    """Return what a server of the subject answers, the default endpoint first.

    Args:
        subject: a model, or another kind of object that was registered.
        preprocessing: layer from raw features to x; see `tfvae.export.endpoints.raw_inputs`.
        num_samples: draws, stored in the graph and shared by all examples.

    Raises:
        InvalidInput: for a subject of an unknown kind.
    """
    raise _unknown(subject)


@functools.singledispatch
def device_endpoints(subject: object, preprocessing: keras.Layer | None, num_samples: int) -> list[Endpoint]:
    """Return what a device answers, in operations that LiteRT has; by default what a server does."""
    return endpoints(subject, preprocessing, num_samples)


@functools.singledispatch
def threshold_of(subject: object) -> float | None:
    """Return the score above which an example is an anomaly; by default there is none."""
    return None


@functools.singledispatch
def example_inputs(subject: object, preprocessing: keras.Layer | None, count: int = 5) -> Tensors:
    """Return `count` values of every input of the endpoints, by name, to try an export with."""
    raise _unknown(subject)


@functools.singledispatch
def layers(subject: object) -> list[keras.Layer]:
    """Return the layers whose weights and tables the endpoints use, besides the preprocessing."""
    raise _unknown(subject)


def _unknown(subject: object) -> InvalidInput:
    return InvalidInput("subject", "a model of tfvae, or what else has endpoints", type(subject).__name__)
