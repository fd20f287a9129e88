"""What an app must know about a LiteRT file, kept in the file as JSON.

It is one entry of the file's own metadata, under the name `tfvae`, so that no other file can get lost:

    from ai_edge_litert import schema_py_generated as schema
    model = schema.ModelT.InitFromPackedBuf(open("encoder.tflite", "rb").read(), 0)
    entry, = [each for each in model.metadata if each.name == b"tfvae"]
    facts = json.loads(bytes(model.buffers[entry.buffer].data))

and the same with the schema of any other language.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import keras
import numpy as np
from ai_edge_litert import schema_py_generated as schema

import tfvae
from tfvae.core.checks import real_number
from tfvae.core.errors import InvalidInput, UnreadableFile
from tfvae.export.device.flatbuffer import file_of, model_of
from tfvae.export.endpoints.base import Endpoint

_NAME = b"tfvae"


def metadata(
    subject: object,
    functions: list[Endpoint],
    outputs: dict[str, list[str]],
    preprocessing: keras.Layer | None,
    quantization: str,
    num_samples: int,
    label: str | None,
    threshold: float | None,
) -> dict:
    """Return what an app must know, as JSON values.

    The keys: `format` (1), `tfvae` (version), `model`, `label`, `threshold`, `quantization`, `num_samples`,
    `preprocessing` (None, or the layer that is in front of the model, inside the file: its class and its
    values, such as offset and scale), and `endpoints`: for each its inputs with shape of one example, dtype
    and range of values, and the units of its numbers.

    Args:
        subject: what is exported.
        functions: the endpoints.
        outputs: the names of their outputs, by the endpoint's name.
        preprocessing: the layer in front.
        quantization: how numbers are written.
        num_samples: draws in the graph.
        label: what the file is about.
        threshold: score above which an example is an anomaly.

    Raises:
        InvalidInput: for a label that is no text, and a threshold that is no number.
    """
    if not isinstance(label, str | None):
        raise InvalidInput("label", "text", repr(label))
    if threshold is not None:
        real_number("threshold", threshold)
    accepts = getattr(subject, "accepts", {})
    return {
        "format": 1,
        "tfvae": tfvae.__version__,
        "model": type(subject).__name__,
        "label": label,
        "threshold": None if threshold is None else float(threshold),
        "quantization": quantization,
        "num_samples": num_samples,
        "preprocessing": None if preprocessing is None else _layer(preprocessing),
        "endpoints": {
            endpoint.name: {
                "inputs": {
                    name: {
                        "shape": list(spec.shape[1:]),
                        "dtype": spec.dtype.name,
                        "values": _values(accepts.get(name), preprocessing),
                    }
                    for name, spec in endpoint.specs.items()
                },
                "units": {
                    name: unit
                    for name, unit in endpoint.units.items()
                    if name in endpoint.specs or name in outputs[endpoint.name]
                },
            }
            for endpoint in functions
        },
    }


def with_metadata(file: bytes, values: dict) -> bytes:
    """Return a file with the facts in its metadata, in the place of those that were there."""
    model = model_of(file)
    text = json.dumps(values, allow_nan=False).encode()
    buffer = schema.BufferT()
    buffer.data = np.frombuffer(text, np.uint8)
    entry = schema.MetadataT()
    entry.name, entry.buffer = _NAME, len(model.buffers)
    model.buffers.append(buffer)
    model.metadata = [each for each in model.metadata or [] if each.name != _NAME] + [entry]
    return file_of(model)


def read_metadata(path: str | os.PathLike) -> dict:
    """Return what an app must know about a file that `litert` wrote.

    Raises:
        UnreadableFile: where there is no such file, or one without these facts.

    Example:
        >>> import tempfile
        >>> path = tempfile.mkdtemp() + "/encoder.tflite"
        >>> _ = tfvae.export.litert(tfvae.zoo.vae((4,), latent_dim=2), path, label="four numbers")
        >>> read_metadata(path)["label"], read_metadata(path)["endpoints"]["encode"]["inputs"]["x"]["shape"]
        ('four numbers', [4])
    """
    path, expected = Path(path), "a .tflite file that tfvae wrote"
    try:
        model = model_of(path.read_bytes())
        (entry,) = [each for each in model.metadata or [] if each.name == _NAME]
        return json.loads(bytes(model.buffers[entry.buffer].data))
    except OSError as error:
        raise UnreadableFile(path, expected, error.strerror) from error
    except (ValueError, TypeError) as error:
        raise UnreadableFile(path, expected, "it is another file, or damaged") from error


def _layer(preprocessing: keras.Layer) -> dict:
    config = keras.saving.serialize_keras_object(preprocessing)
    values = {name: value for name, value in config["config"].items() if name not in ("name", "dtype")}
    return {"class": config["class_name"], **json.loads(json.dumps(values, default=str))}


def _values(expected: object, preprocessing: keras.Layer | None) -> list[dict] | None:
    """Return the values that an input can have, an interval for each part of it; None where any will do."""
    if expected is None or preprocessing is not None:
        return None
    parts = getattr(expected.support, "columns", [expected.support])
    return [
        {
            "low": part.low if np.isfinite(part.low) else None,
            "high": part.high if np.isfinite(part.high) else None,
            "integer": part.integer,
            "missing": part.missing,
        }
        for part in parts
    ]
