"""A served model's folder: its versions, and the files beside them for the server's operator and clients."""

from __future__ import annotations

import base64
import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jinja2
import numpy as np

from tfvae.core.checks import integer
from tfvae.core.errors import InvalidInput, UnreadableFile
from tfvae.core.files import replacing
from tfvae.core.types import Array
from tfvae.export.endpoints.base import Endpoint
from tfvae.export.serving.model_card import ModelCard
from tfvae.export.source_text import markdown_cell, python_string

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*")
# Not overwritten, as an operator may have changed them:
_KEPT = ("models.config", "batching.config", "monitoring.config", "docker-compose.yml")
_WRITTEN = ("client.py", "README.md")
_IMAGE = "tensorflow/serving:2.21.0"  # of the TensorFlow that writes the models


class ModelFolder:
    """The folder `NAME/` with versions `NAME/1/`, `NAME/2/`, ... in it.

    Args:
        path: the folder; its name is that of the served model.

    Attributes:
        path: the folder.
        name: name of the served model.

    Raises:
        InvalidInput: for a name that cannot be part of a server's addresses.

    Example:
        >>> ModelFolder("models/digits").name
        'digits'
    """

    def __init__(self, path: str | os.PathLike[str]):
        self.path = Path(path)
        self.name = Path(os.path.abspath(path)).name
        if not _NAME.fullmatch(self.name):
            expected = "a folder named with letters, digits, '.', '_' and '-', as the served model will be"
            raise InvalidInput("path", expected, repr(self.name))

    def versions(self) -> list[int]:
        """Return the numbers of the versions, in ascending order."""
        entries = self.path.iterdir() if self.path.is_dir() else ()
        return sorted(int(entry.name) for entry in entries if entry.name.isascii() and entry.name.isdigit())

    def new_version(self, version: int | None) -> Path:
        """Return the folder of a new version.

        Args:
            version: its number; None means the one after the last.

        Raises:
            InvalidInput: the version exists, or is below 1.
        """
        if version is None:
            return self.path / str(max(self.versions(), default=0) + 1)
        target = self.path / str(integer("version", version))
        if target.exists():
            raise InvalidInput("version", "one that does not exist yet", f"{version}, and {target} exists")
        return target

    def describe(
        self, version: Path, functions: list[Endpoint], expected: Mapping[str, Array], card: ModelCard
    ) -> dict[str, str]:
        """Return the contents of the files beside the versions, by file name.

        Args:
            version: folder of the newest version.
            functions: its endpoints.
            expected: `endpoint/in/name` and `endpoint/out/name` arrays.
            card: facts about the model.
        """
        facts = [_endpoint_facts(endpoint, expected) for endpoint in functions]
        sections = {
            "Data": card.data,
            "Measures": card.metrics,
            "Training": card.training,
            "License": card.license,
        }
        values = {
            "name": self.name,
            "version": version.name,
            "image": _IMAGE,
            "endpoints": facts,
            "card": card,
            "sections": sections,
        }
        files = {name: _TEMPLATES.get_template(f"{name}.j2").render(values) for name in (*_KEPT, *_WRITTEN)}
        for endpoint in functions:
            inputs = {name: _as_json(expected[f"{endpoint.name}/in/{name}"][:2]) for name in endpoint.specs}
            request = {"signature_name": endpoint.name, "inputs": inputs}
            files[f"requests/{endpoint.name}.json"] = json.dumps(request) + "\n"
        return files

    def write_beside(self, files: dict[str, str]) -> None:
        """Write the files, each whole or not at all.

        A server's configuration is written only if there is none, as its operator may have changed it.

        Args:
            files: contents by file name, see `describe`.
        """
        for name, content in files.items():
            if name in _KEPT and (self.path / name).exists():
                continue
            with replacing(self.path / name) as temporary:
                temporary.write_text(content, encoding="utf-8")


def newest_version(path: str | os.PathLike[str]) -> Path:
    """Return the folder of a version.

    Args:
        path: the folder of a version, or of all versions, of which the newest is taken.

    Raises:
        UnreadableFile: there is no SavedModel.
    """
    path = Path(path)
    if (path / "saved_model.pb").is_file():
        return path
    expected = "the folder of a SavedModel, or one of its versions"
    if not path.is_dir():
        raise UnreadableFile(path, expected, "there is no such folder")
    found = [entry for entry in path.iterdir() if entry.name.isdigit() and entry.name.isascii()]
    found = [entry for entry in found if (entry / "saved_model.pb").is_file()]
    if not found:
        raise UnreadableFile(path, expected, "there is no saved_model.pb in it")
    return max(found, key=lambda entry: int(entry.name))


def _endpoint_facts(endpoint: Endpoint, expected: Mapping[str, Array]) -> dict[str, Any]:
    """Return the facts about an endpoint that the templates use."""
    rows, prefix = [], f"{endpoint.name}/"
    for key in (key for key in expected if key.startswith(prefix)):
        side, name = key.removeprefix(prefix).split("/", 1)
        array = expected[key]
        rows.append(
            {
                "side": side,
                "name": name,
                "shape": f"[{', '.join(['B', *map(str, array.shape[1:])])}]",
                "dtype": "string" if array.dtype.kind == "S" else array.dtype.name,
                "unit": endpoint.units.get(name, ""),
            }
        )
    inputs = {row["name"]: row["dtype"] for row in rows if row["side"] == "in"}
    outputs = [row["name"] for row in rows if row["side"] == "out"]
    return {"name": endpoint.name, "rows": rows, "input_dtypes": inputs, "output_names": outputs}


def _as_json(array: Array) -> Any:
    """Return an array as JSON values of a request; bytes that are no text as {"b64": ...}."""
    if array.ndim:
        return [_as_json(np.asarray(item)) for item in array] if array.dtype.kind == "S" else array.tolist()
    data = array.item()
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return {"b64": base64.b64encode(data).decode()}


_TEMPLATES = jinja2.Environment(
    loader=jinja2.PackageLoader("tfvae.export"),
    undefined=jinja2.StrictUndefined,
    keep_trailing_newline=True,
    autoescape=False,  # no HTML
)
_TEMPLATES.filters |= {"cell": markdown_cell, "quoted": python_string}
