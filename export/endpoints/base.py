"""Endpoints: functions from named tensors to named tensors, with all randomness fixed.

Every input has the batch on axis 0 and a shape check. A server can then batch requests, and a request of the
wrong rank is an error instead of the end of the process.

A kind of object is exported by registering it with the functions below: `endpoints`, `example_inputs` and
`layers`, and if needed `device_endpoints`, `threshold_of` and `trained_layers`, which have defaults. See
`tfvae.export.endpoints.models` and `tfvae.export.endpoints.detectors`.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable
from typing import Any, NoReturn

import keras
import numpy as np
import tensorflow as tf

from tfvae.core.errors import InvalidInput
from tfvae.core.types import Tensor, Tensors
from tfvae.export.endpoints.input_checks import require_examples
from tfvae.export.result import ExportError


@dataclasses.dataclass(frozen=True)
class Endpoint:
    """A function of named tensors, each [B, ...].

    Attributes:
        name: name of the endpoint, of ASCII letters, digits and underscores: it is part of file names.
        specs: shape and dtype of each input, by its name; axis 0 is the batch.
        function: from those tensors, by name, to a dict of named tensors [B, ...].
        units: units of the inputs and outputs, such as "nats", by name; for people.

    Raises:
        InvalidInput: another name, or an input without a batch of any size.
    """

    name: str
    specs: dict[str, tf.TensorSpec]
    function: Callable[[Tensors], Tensors]
    units: dict[str, str] = dataclasses.field(default_factory=dict)

    def __post_init__(self):
        if not (self.name.isascii() and self.name.isidentifier()):
            raise InvalidInput("name", "an endpoint's name of letters, digits and '_'", repr(self.name))
        for name, spec in self.specs.items():
            if not spec.shape.rank or spec.shape[0] is not None:
                expected = "shapes with a batch of any size on axis 0"
                raise InvalidInput(f"{self.name}, {name}", expected, spec.shape)

    @property
    def signature(self) -> list[tf.TensorSpec]:
        """Specifications of the inputs, with their names, in the order of the arguments."""
        return [tf.TensorSpec(spec.shape, spec.dtype, name) for name, spec in self.specs.items()]

    def __call__(self, *values: Tensor) -> Tensors:
        """Check the shapes and the number of examples, then apply the function.

        Args:
            values: a tensor for each input, in the order of `specs`.
        """
        named = zip(self.specs.items(), values, strict=True)
        inputs = {name: tf.ensure_shape(value, spec.shape) for (name, spec), value in named}
        require_examples(inputs)
        return self.function(inputs)


@functools.singledispatch
def endpoints(subject: Any, preprocessing: keras.Layer | None, num_samples: int) -> list[Endpoint]:
    """Return the endpoints for a server, the default one first.

    Args:
        subject: a model, or another kind of object that is registered.
        preprocessing: layer from raw features to x; see `tfvae.export.endpoints.raw_inputs`.
        num_samples: draws, stored in the graph and shared by all examples.

    Raises:
        InvalidInput: the subject's kind is not registered.
    """
    _raise_unknown(subject)


@functools.singledispatch
def device_endpoints(subject: Any, preprocessing: keras.Layer | None, num_samples: int) -> list[Endpoint]:
    """Return the endpoints for a device, made of operations that LiteRT has; by default those for a server.

    Args:
        subject: a model, or another kind of object that is registered.
        preprocessing: layer from raw features to x; see `tfvae.export.endpoints.raw_inputs`.
        num_samples: draws, stored in the graph and shared by all examples.

    Raises:
        InvalidInput: the subject's kind is not registered.
    """
    return endpoints(subject, preprocessing, num_samples)


@functools.singledispatch
def threshold_of(subject: Any) -> float | None:
    """Return the score above which an example is an anomaly; by default None.

    Args:
        subject: a model, or another kind of object that is registered.
    """
    return None


@functools.singledispatch
def example_inputs(subject: Any, preprocessing: keras.Layer | None, count: int = 5) -> Tensors:
    """Return values of every input of the endpoints, by name, to try an export with.

    Args:
        subject: a model, or another kind of object that is registered.
        preprocessing: layer from raw features to x; see `tfvae.export.endpoints.raw_inputs`.
        count: number of examples.

    Raises:
        InvalidInput: the subject's kind is not registered.
    """
    _raise_unknown(subject)


@functools.singledispatch
def layers(subject: Any) -> list[keras.Layer]:
    """Return the layers whose weights and tables the endpoints use, besides the preprocessing.

    Args:
        subject: a model, or another kind of object that is registered.

    Raises:
        InvalidInput: the subject's kind is not registered.
    """
    _raise_unknown(subject)


@functools.singledispatch
def trained_layers(subject: Any) -> list[keras.Layer]:
    """Return the layers whose weights training has changed; by default all layers.

    Args:
        subject: a model, or another kind of object that is registered.
    """
    return layers(subject)


def require_finite_weights(subject: Any) -> None:
    """Raise for a model whose training has ended in NaN.

    Args:
        subject: a model, or another kind of object that is registered.

    Raises:
        ExportError: names the first weight with NaN or infinite numbers.
    """
    for layer in trained_layers(subject):
        for weight in layer.weights:
            value = np.asarray(weight)
            if value.dtype.kind == "f" and not np.isfinite(value).all():
                count = int((~np.isfinite(value)).sum())
                received = f"{count} of {value.size} numbers of {weight.path} NaN or infinite"
                advice = "train it again, with a lower learning rate or on standardized data"
                raise ExportError(
                    f"the model's weights: expected finite numbers, received {received}; {advice}"
                )


def _raise_unknown(subject: Any) -> NoReturn:
    expected = "a model of tfvae, or another object with endpoints"
    raise InvalidInput("subject", expected, type(subject).__name__)
