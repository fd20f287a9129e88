"""Code that calls a LiteRT file, in C++, Kotlin, Swift and JavaScript, generated from the file."""

from __future__ import annotations

import functools
import math
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jinja2
from ai_edge_litert import schema_py_generated as schema

from tfvae.core.files import replacing
from tfvae.export.device.file_metadata import read_metadata
from tfvae.export.device.flatbuffer import Graph, Model, model_of

_LANGUAGES = ("cc", "kt", "swift", "js")
_TYPES = {
    schema.TensorType.FLOAT32: {
        "bytes": 4, "cc": "float", "kt": "Float", "kt_put": "putFloat", "kt_get": "getFloat",
        "swift": "Float32", "js": "Float32Array", "name": "float32",
    },
    schema.TensorType.INT32: {
        "bytes": 4, "cc": "int32_t", "kt": "Int", "kt_put": "putInt", "kt_get": "getInt",
        "swift": "Int32", "js": "Int32Array", "name": "int32",
    },
    schema.TensorType.UINT8: {
        "bytes": 1, "cc": "uint8_t", "kt": "Byte", "kt_put": "put", "kt_get": "get",
        "swift": "UInt8", "js": "Uint8Array", "name": "uint8",
    },
    schema.TensorType.BOOL: {
        "bytes": 1, "cc": "uint8_t", "kt": "Byte", "kt_put": "put", "kt_get": "get",
        "swift": "Bool", "js": "Uint8Array", "name": "bool",
    },
}  # fmt: skip


def snippets(path: str | os.PathLike[str]) -> dict[str, str]:
    """Return code that calls a file that `tfvae.export.litert` wrote, by language: "cc", "kt", "swift", "js".

    It has a function for each signature of the file, with the signature's names, shapes and types.

    Args:
        path: the file.

    Example:
        >>> import tempfile, tfvae
        >>> path = tempfile.mkdtemp() + "/encoder.tflite"
        >>> _ = tfvae.export.litert(tfvae.zoo.vae((4,), latent_dim=2), path)
        >>> "export async function encode(model, x)" in snippets(path)["js"]
        True
    """
    path = Path(path)
    facts = read_metadata(path)
    model = model_of(path.read_bytes())
    title = f"{facts['label'] or facts['model']}, {facts['quantization']}, written by tfvae {facts['tfvae']}"
    context = {
        "file": path.name,
        "class": _camel(path.stem),
        "title": title.replace("\n", " ").replace("*/", ""),
        "threshold": facts["threshold"],
        "signatures": [_signature(model, each, facts) for each in model.signatureDefs],
    }
    return {name: _templates().get_template(f"device.{name}.j2").render(context) for name in _LANGUAGES}


def write(path: Path) -> Path:
    """Write the code to the folder with the file's name and suffix `.code`, and return the folder.

    Args:
        path: the LiteRT file.
    """
    folder = path.with_suffix(".code")
    for language, text in snippets(path).items():
        with replacing(folder / f"{path.stem}.{language}") as temporary:
            temporary.write_text(text, encoding="utf-8")
    return folder


def _signature(model: Model, signature: Any, facts: Mapping[str, Any]) -> dict[str, Any]:
    graph, name = model.subgraphs[signature.subgraphIndex], signature.signatureKey.decode()
    endpoint = facts["endpoints"][name]
    return {
        "name": name,
        "inputs": [_tensor(graph, entry, endpoint) for entry in signature.inputs],
        "outputs": [_tensor(graph, entry, endpoint) for entry in signature.outputs],
    }


def _tensor(graph: Graph, entry: Any, endpoint: Mapping[str, Any]) -> dict[str, Any]:
    tensor = graph.tensors[entry.tensorIndex]
    shape = [1 if size < 0 else int(size) for size in tensor.shape]  # a batch of any size is 1
    kind = _TYPES[tensor.type]
    name, size = entry.name.decode(), math.prod(shape)
    words = [
        f"{kind['name']} [{', '.join(map(str, shape))}]",
        _range(endpoint["inputs"].get(name, {}).get("values")),
        endpoint["units"].get(name, ""),
    ]
    return {
        "name": name,
        "shape": shape,
        "size": size,
        "bytes": size * kind["bytes"],
        "type": kind,
        "about": ", ".join(filter(None, words)),
    }


def _range(values: list[dict[str, Any]] | None) -> str:
    """Return the range of an input's values in words."""
    if values is None:
        return ""
    if len(values) > 1:
        return "values that differ by column"
    (only,) = values
    kind = "integers" if only["integer"] else "numbers"
    ends = [only[end] for end in ("low", "high")]
    limits = "" if ends == [None, None] else f" from {_end(ends[0], '-')} to {_end(ends[1], '')}"
    return f"{kind}{limits}{', NaN where missing' if only['missing'] else ''}"


def _end(value: float | None, sign: str) -> str:
    return f"{sign}infinity" if value is None else f"{value:g}"


@functools.cache
def _templates() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("tfvae.export"),
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        undefined=jinja2.StrictUndefined,
        autoescape=False,  # code, not HTML
    )
    environment.filters |= {"camel": _camel, "lower_camel": _lower_camel}
    return environment


def _camel(name: str) -> str:
    joined = "".join(part[:1].upper() + part[1:] for part in re.split(r"\W|_", name))
    return joined if joined[:1].isalpha() else f"Model{joined}"


def _lower_camel(name: str) -> str:
    joined = _camel(name)
    return joined[:1].lower() + joined[1:]
