"""Code that calls a LiteRT file, in C++, Kotlin, Swift and JavaScript, generated from the file."""

from __future__ import annotations

import dataclasses
import functools
import math
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

import jinja2
import numpy as np
from ai_edge_litert import schema_py_generated as schema

from tfvae.core.errors import InvalidInput
from tfvae.core.files import replacing
from tfvae.export import source_text
from tfvae.export.device.file_metadata import read_metadata
from tfvae.export.device.flatbuffer import Graph, Model, model_of
from tfvae.export.device.identifiers import Scope, words_of
from tfvae.export.source_text import comment

_WRITTEN_BY = "written by tfvae"


@dataclasses.dataclass(frozen=True)
class _Language:
    """How a language writes strings and names.

    Attributes:
        suffix: suffix of its files, and of its template.
        quoted: writes a string literal.
        method: makes the name of a method, in its scope.
        value: makes the name of an argument or a result, in its scope.
    """

    suffix: str
    quoted: Callable[[str], str]
    method: Callable[[Scope, str], str]
    value: Callable[[Scope, str], str]


_LANGUAGES = (
    _Language("cc", source_text.cpp_string, Scope.camel, Scope.snake),
    _Language("kt", source_text.kotlin_string, Scope.lower_camel, Scope.lower_camel),
    _Language("swift", source_text.swift_string, Scope.lower_camel, Scope.lower_camel),
    _Language("js", source_text.javascript_string, Scope.lower_camel, Scope.lower_camel),
)
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

    It has a function for each signature of the file, with the signature's names, shapes and types. A name
    that is no identifier of the language, or is taken, is changed a little; strings keep it unchanged.

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
    signatures = [_signature(model, each, facts) for each in model.signatureDefs]
    return {language.suffix: _code(language, path, facts, signatures) for language in _LANGUAGES}


def check_writable(path: Path) -> None:
    """Raise if the code of a LiteRT file would replace something other than generated code.

    Args:
        path: the LiteRT file, which need not exist yet.

    Raises:
        InvalidInput: names the other file.
    """
    folder = _folder(path)
    taken = [folder] if os.path.lexists(folder) and not folder.is_dir() else []
    for file in [*taken, *(folder / name for name in _names(path).values())]:
        if os.path.lexists(file) and not _is_generated(file):
            raise InvalidInput("path", "a name whose code replaces only generated code", f"{file} exists")


def write(path: Path) -> Path:
    """Write the code to the folder with the file's name and suffix `.code`, and return the folder.

    Args:
        path: the LiteRT file.
    """
    folder, names = _folder(path), _names(path)
    for language, text in snippets(path).items():
        with replacing(folder / names[language]) as temporary:
            temporary.write_text(text, encoding="utf-8")
    return folder


def _folder(path: Path) -> Path:
    return path.with_suffix(".code")


def _names(path: Path) -> dict[str, str]:
    return {language.suffix: f"{path.stem}.{language.suffix}" for language in _LANGUAGES}


def _is_generated(file: Path) -> bool:
    if file.is_symlink() or not file.is_file():
        return False
    with file.open("rb") as stream:
        first = stream.readline()
    return first.startswith(b"// Calls ") and _WRITTEN_BY.encode() in first


def _code(
    language: _Language, path: Path, facts: Mapping[str, Any], signatures: Sequence[Mapping[str, Any]]
) -> str:
    environment, name = _templates(language), f"device.{language.suffix}.j2"
    assert environment.loader is not None
    scope = Scope(words_of(environment.loader.get_source(environment, name)[0]))
    title = f"{facts['label'] or facts['model']}, {facts['quantization']}, {_WRITTEN_BY} {facts['tfvae']}"
    threshold = facts["threshold"]
    context = {
        "about": comment(f"{path.name}: {title}."),
        "file_url": quote(os.fsencode(path.name)),
        "class": scope.camel(path.stem),
        "threshold": None if threshold is None else np.float32(threshold),
        "signatures": [_named(language, scope, each) for each in signatures],
    }
    return environment.get_template(name).render(context)


def _named(language: _Language, scope: Scope, signature: Mapping[str, Any]) -> dict[str, Any]:
    """Return a signature with identifiers for its method, the method's result, arguments and fields."""
    method, result = language.method(scope, signature["name"]), scope.camel(f"{signature['name']} result")
    local, fields = scope.inner(), scope.inner()
    inputs = [{**each, "parameter": language.value(local, each["name"])} for each in signature["inputs"]]
    outputs = [{**each, "field": language.value(fields, each["name"])} for each in signature["outputs"]]
    for each in inputs:
        each["buffer"] = language.value(local, f"{each['parameter']} bytes")
    for each in outputs:
        each["buffer"] = language.value(local, f"{each['field']} out")
    return {**signature, "method": method, "result": result, "inputs": inputs, "outputs": outputs}


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
        "title": comment(name),
        "shape": shape,
        "size": size,
        "bytes": size * kind["bytes"],
        "type": kind,
        "about": comment(", ".join(filter(None, words))),
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
def _templates(language: _Language) -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("tfvae.export"),
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        undefined=jinja2.StrictUndefined,
        autoescape=False,  # code, not HTML: strings are quoted, comments cleaned
    )
    environment.filters["quoted"] = language.quoted
    return environment
