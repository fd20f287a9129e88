"""One version of an exported model, loaded with TensorFlow alone."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import tensorflow as tf
from google.protobuf import json_format
from tensorflow.core.protobuf import meta_graph_pb2, saved_model_pb2

from tfvae.pipelines.serve.failure import Failure, invalid

if TYPE_CHECKING:
    from tfvae.core.types import Array


class Version:
    """A SavedModel whose signatures can be called.

    Args:
        number: the version's number.
        folder: the folder with `saved_model.pb`.

    Raises:
        Exception: any error of TensorFlow's about the folder.
    """

    def __init__(self, number: int, folder: Path):
        content = saved_model_pb2.SavedModel.FromString((folder / "saved_model.pb").read_bytes())
        if len(content.meta_graphs) != 1:
            raise ValueError(f"expected one graph in saved_model.pb, received {len(content.meta_graphs)}")
        self.number = number
        self._signatures = dict(content.meta_graphs[0].signature_def)
        self._loaded = tf.saved_model.load(str(folder))  # kept: the functions hold its variables weakly
        self._functions = dict(self._loaded.signatures)
        if not self._functions:
            raise ValueError("expected a signature, received none")

    @functools.cached_property
    def metadata(self) -> dict[str, Any]:
        """The signatures as in TensorFlow Serving's metadata, including `__saved_model_init_op`."""
        return {name: _as_json(self._signatures[name]) for name in sorted(self._signatures)}

    def inputs(self, signature: str) -> dict[str, tuple[tf.DType, tf.TensorShape]]:
        """Return data type and shape of each input of a signature.

        Args:
            signature: name of the signature.

        Raises:
            Failure: there is no such signature, or it has no inputs.
        """
        if signature not in self._signatures:
            raise invalid(f'Serving signature name: "{signature}" not found in signature def')
        infos = self._signatures[signature].inputs
        if not infos or signature not in self._functions:
            raise invalid(f"Failed to get input map for signature: {signature}")
        return {name: (tf.DType(infos[name].dtype), _shape(infos[name])) for name in sorted(infos)}

    def method(self, signature: str) -> str:
        """Return the kind of requests that a signature answers, such as `tensorflow/serving/predict`.

        Args:
            signature: name of the signature.

        Raises:
            Failure: there is no such signature.
        """
        if signature not in self._signatures:
            raise invalid(f'Serving signature name: "{signature}" not found in signature def')
        return self._signatures[signature].method_name

    def batchable(self, signature: str) -> bool:
        """Return whether all inputs and outputs of a signature have a first axis of any length.

        Args:
            signature: name of the signature.
        """
        definition = self._signatures[signature]
        shapes = [_shape(info) for info in (*definition.inputs.values(), *definition.outputs.values())]
        return all(shape.rank and shape[0] is None for shape in shapes)

    def call(self, signature: str, inputs: Mapping[str, Array]) -> dict[str, Array]:
        """Return a signature's outputs by name.

        Args:
            signature: name of the signature.
            inputs: arrays by name.

        Raises:
            Failure: TensorFlow's status and message.
        """
        tensors = {
            name: tf.constant(value, tf.string if value.dtype == object else None)
            for name, value in inputs.items()
        }
        try:
            results = self._functions[signature](**tensors)
            return {name: np.asarray(value.numpy()) for name, value in results.items()}
        except tf.errors.OpError as error:
            raise Failure.of_tensorflow(error.error_code, error.message) from error


def _shape(info: meta_graph_pb2.TensorInfo) -> tf.TensorShape:
    return tf.TensorShape(info.tensor_shape)


def _as_json(definition: meta_graph_pb2.SignatureDef) -> dict[str, Any]:
    text = json_format.MessageToJson(
        definition, preserving_proto_field_name=True, always_print_fields_with_no_presence=True
    )
    return json.loads(text)
