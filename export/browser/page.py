"""A model as a static page: encoder, decoder and score run in the visitor's browser."""

from __future__ import annotations

import base64
import hashlib
import importlib.resources
import os
import re
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import jinja2
import keras

from tfvae.core.checks import integer
from tfvae.core.files import new_folder, replacing
from tfvae.export.browser import web_runtime
from tfvae.export.browser.page_model import WebModel, as_json
from tfvae.export.device.litert import litert
from tfvae.export.endpoints.base import require_finite_weights
from tfvae.export.result import Export, size_of
from tfvae.models import LatentModel

_UNCHANGED = ("app.js", "engine.js", "inputs.js", "outputs.js", "pixels.js", "style.css")
_INLINE_SCRIPT = re.compile(r'<script type="importmap">(.*?)</script>', re.DOTALL)


def web(
    model: LatentModel,
    folder: str | os.PathLike[str],
    preprocessing: keras.Layer | None = None,
    num_samples: int = 64,
    title: str = "Variational autoencoder",
    columns: Sequence[str] = (),
    choices: Mapping[str, Sequence[str]] | None = None,
    runtime: str | os.PathLike[str] | None = None,
) -> Export:
    """Write a folder for any static web server: a page on which visitors try the model.

    Visitors draw, drop or choose an image or type numbers, and move through the latent space with sliders;
    the page shows the reconstruction and the score at once. The model is a `.tflite` file and runs in the
    browser with LiteRT's web runtime, which is included: the page loads nothing from outside the folder. To
    open it: `python -m http.server --directory FOLDER`.

    The model's file is run in a fresh process before the folder gets its name, and the page compares the
    browser's numbers with the model's when it is opened.

    Args:
        model: the model.
        folder: a folder, new or empty.
        preprocessing: layer from raw features to the model's x, included in the graph.
        num_samples: fixed draws that `score` averages over.
        title: heading of the page.
        columns: names of the elements of x, if x is a row of a table.
        choices: for an input that is a one-hot code, by its name, names of its categories, which the page
            offers.
        runtime: folder with the runtime's packages, as `npm pack` writes them; None means the user's cache,
            which npm fills once.

    Returns:
        The folder, its size, differences by endpoint and time per item in the fresh process.

    Raises:
        InvalidInput: the folder is not empty, or names do not fit the inputs.
        UnreadableFile: a package of the runtime is missing, or is not the expected one.
        ExportError: the model's weights are not finite, the runtime cannot be fetched, LiteRT lacks an
            operation of the model, or computes other numbers than the model.
    """
    integer("num_samples", num_samples)
    folder = new_folder("folder", folder)
    require_finite_weights(model)
    web_model = WebModel.of(model, preprocessing, num_samples)
    description = web_model.description(model, columns, choices or {})
    with replacing(folder) as temporary:
        temporary.mkdir()
        web_runtime.unpack(temporary / "vendor", None if runtime is None else Path(runtime))
        written = _write_model(model, web_model.names, temporary / "model.tflite", preprocessing, num_samples)
        _write_page(temporary, title, description)
    return Export(folder, size_of(folder), written.largest_difference, written.seconds_per_item)


def _write_model(
    model: LatentModel, names: list[str], file: Path, preprocessing: keras.Layer | None, num_samples: int
) -> Export:
    """Write the endpoints for one example, as the web runtime needs known shapes."""
    with tempfile.TemporaryDirectory() as scratch:  # the code for other devices is not needed
        export = litert(
            model,
            Path(scratch) / file.name,
            names,
            preprocessing=preprocessing,
            num_samples=num_samples,
            batch_size=1,
        )
        shutil.copyfile(export.path, file)
    return export


def _write_page(folder: Path, title: str, description: dict[str, Any]) -> None:
    (folder / "model.json").write_text(as_json({"title": title, **description}), encoding="utf-8")
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("tfvae.export", "templates/web"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
    )
    template = environment.get_template("index.html.j2")
    values = {"title": title, "wasm": web_runtime.WASM, "packages": web_runtime.PACKAGES}
    # The only inline script, the import map, is allowed by its hash.
    (inline,) = _INLINE_SCRIPT.findall(template.render(policy="", **values))
    policy = "sha256-" + base64.b64encode(hashlib.sha256(inline.encode()).digest()).decode()
    (folder / "index.html").write_text(template.render(policy=policy, **values), encoding="utf-8")
    own = importlib.resources.files("tfvae.export") / "templates" / "web"
    for name in _UNCHANGED:
        (folder / name).write_bytes((own / name).read_bytes())
