"""A model as a static page: encoder, decoder and score run in the reader's browser."""

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

import jinja2
import keras

from tfvae.core.checks import integer
from tfvae.core.files import new_folder, replacing
from tfvae.export.browser import web_runtime
from tfvae.export.browser.page_model import WebModel, as_json
from tfvae.export.device.litert import litert
from tfvae.export.result import Export, size_of
from tfvae.models import LatentModel

_ASIS = ("app.js", "engine.js", "inputs.js", "outputs.js", "pixels.js", "style.css")
_INLINE = re.compile(r'<script type="importmap">(.*?)</script>', re.DOTALL)


def web(
    model: LatentModel,
    folder: str | os.PathLike,
    preprocessing: keras.Layer | None = None,
    num_samples: int = 64,
    title: str = "Variational autoencoder",
    columns: Sequence[str] = (),
    choices: Mapping[str, Sequence[str]] | None = None,
    runtime: str | os.PathLike | None = None,
) -> Export:
    """Write a folder that any static web server can serve: a page on which a person tries the model.

    An image is drawn, dropped or picked, numbers are typed into fields, and the latent space is walked
    through with sliders; the reconstruction and the score follow at once. The model is one `.tflite` file
    and runs in the browser with LiteRT's web runtime, which is in the folder too: the page asks for nothing
    outside it. To look at it: `python -m http.server --directory FOLDER`.

    The model's file is run in a fresh process before the folder gets its name, and the page itself
    compares the browser's numbers with the model's when it is opened.

    Args:
        model: the model.
        folder: a folder, new or empty.
        preprocessing: layer from raw features to the model's x, put into the graph.
        num_samples: fixed draws that `score` averages over.
        title: heading of the page.
        columns: names of the numbers of x, where x is a row of a table.
        choices: for an input that is a one-hot code, by its name, what its entries stand for; the page
            offers these to choose from.
        runtime: folder with the runtime's packages, as `npm pack` writes them; None is to fetch them once,
            with npm, into the user's cache.

    Returns:
        The folder, its size, differences by endpoint and time per item in the fresh process.

    Raises:
        InvalidInput: for a folder that holds something, or names that do not fit the inputs.
        UnreadableFile: the runtime is not in its folder, or another than the one expected.
        ExportError: where the runtime cannot be fetched, LiteRT cannot do what the model does, or gives
            other numbers than the model.
    """
    integer("num_samples", num_samples)
    folder = new_folder("folder", folder)
    made = WebModel.of(model, preprocessing, num_samples)
    description = made.described(model, columns, choices or {})
    with replacing(folder) as temporary:
        temporary.mkdir()
        web_runtime.unpack(temporary / "vendor", runtime)
        written = _write_model(model, made.names, temporary / "model.tflite", preprocessing, num_samples)
        _write_page(temporary, title, description)
    return Export(folder, size_of(folder), written.largest_difference, written.seconds_per_item)


def _write_model(
    model: LatentModel, names: list[str], file: Path, preprocessing: keras.Layer | None, num_samples: int
) -> Export:
    """Write the endpoints for one example, as the web runtime wants shapes that are known."""
    with tempfile.TemporaryDirectory() as scratch:  # the code for other devices stays there
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


def _write_page(folder: Path, title: str, description: dict) -> None:
    (folder / "model.json").write_text(as_json({"title": title, **description}), encoding="utf-8")
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("tfvae.export", "templates/web"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
    )
    template = environment.get_template("index.html.j2")
    values = {"title": title, "wasm": web_runtime.WASM, "packages": web_runtime.PACKAGES}
    # The one inline script, which browsers take from nowhere else, is allowed by its hash.
    inline = _INLINE.search(template.render(policy="", **values)).group(1)
    policy = "sha256-" + base64.b64encode(hashlib.sha256(inline.encode()).digest()).decode()
    (folder / "index.html").write_text(template.render(policy=policy, **values), encoding="utf-8")
    own = importlib.resources.files("tfvae.export") / "templates" / "web"
    for name in _ASIS:
        (folder / name).write_bytes((own / name).read_bytes())
