"""Facts about a LiteRT file for apps, stored in the file as JSON.

They are an entry of the file's own metadata with the name `tfvae`, so that there is no second file to lose:

    from ai_edge_litert import schema_py_generated as schema
    model = schema.ModelT.InitFromPackedBuf(open("encoder.tflite", "rb").read(), 0)
    entry, = [each for each in model.metadata if each.name == b"tfvae"]
    facts = json.loads(bytes(model.buffers[entry.buffer].data))

Other languages read it with their schema in the same way.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
from ai_edge_litert import schema_py_generated as schema

import tfvae
from tfvae.core.checks import real_number
from tfvae.core.errors import InvalidInput, UnreadableFile
from tfvae.core.inputs import Input
from tfvae.core.support import ColumnSupports
from tfvae.export.device.flatbuffer import file_of, model_of
from tfvae.export.endpoints.base import Endpoint

_NAME = b"tfvae"


def collect_metadata(
    subject: Any,
    functions: Sequence[Endpoint],
    outputs: Mapping[str, Sequence[str]],
    preprocessing: keras.Layer | None,
    quantization: str,
    num_samples: int,
    label: str | None,
    threshold: float | None,
) -> dict[str, Any]:
    """Return the facts about an export, as JSON values.

    The keys: `format` (1), `tfvae` (version), `model`, `label`, `threshold`, `quantization`, `num_samples`,
    `preprocessing` (None, or the preprocessing layer in the file: its class and its values, such as offset
    and scale), and `endpoints`: for each its inputs with shape of one example, dtype and range of values, and
    the units of its inputs and outputs.

    Args:
        subject: the exported model, or another object with endpoints.
        functions: the endpoints.
        outputs: names of the outputs, by the endpoint's name.
        preprocessing: the preprocessing layer in the file, or None.
        quantization: name of the number format.
        num_samples: draws in the graph.
        label: what the model is for.
        threshold: score above which an example is an anomaly.

    Raises:
        InvalidInput: `label` is no string, or `threshold` is no number.
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


def with_metadata(file: bytes, values: Mapping[str, Any]) -> bytes:
    """Return a LiteRT file with the facts in its metadata; earlier ones are replaced.

    Args:
        file: content of the file.
        values: see `collect_metadata`.
    """
    model = model_of(file)
    text = json.dumps(values, allow_nan=False).encode()
    buffer: Any = schema.BufferT()
    buffer.data = np.frombuffer(text, np.uint8)
    entry: Any = schema.MetadataT()
    entry.name, entry.buffer = _NAME, len(model.buffers)
    model.buffers.append(buffer)
    model.metadata = [each for each in model.metadata or [] if each.name != _NAME] + [entry]
    return file_of(model)


def read_metadata(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Return the facts about a file that `tfvae.export.litert` wrote, as JSON values.

    The keys: `format`, `tfvae`, `model`, `label`, `threshold`, `quantization`, `num_samples`, `preprocessing`
    and `endpoints`, which has inputs (shape, dtype, values) and units.

    Args:
        path: the file.

    Raises:
        UnreadableFile: there is no such file, or it has no such facts.

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
        raise UnreadableFile(path, expected, "it is another file, or a damaged one") from error


def _layer(preprocessing: keras.Layer) -> dict[str, Any]:
    config: Any = keras.saving.serialize_keras_object(preprocessing)
    values = {name: value for name, value in config["config"].items() if name not in ("name", "dtype")}
    return {"class": config["class_name"], **json.loads(json.dumps(values, default=str))}


def _values(expected: Input | None, preprocessing: keras.Layer | None) -> list[dict[str, Any]] | None:
    """Return the range of an input's values, an interval for each column of a table; None if any is valid."""
    if expected is None or preprocessing is not None:
        return None
    support = expected.support
    parts = support.columns if isinstance(support, ColumnSupports) else [support]
    return [
        {
            "low": part.low if np.isfinite(part.low) else None,
            "high": part.high if np.isfinite(part.high) else None,
            "integer": part.integer,
            "missing": part.missing,
        }
        for part in parts
    ]
