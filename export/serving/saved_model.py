"""A model as a SavedModel with named endpoints, as TensorFlow Serving lays it out."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from tfvae.core.checks import integer
from tfvae.core.errors import UnwritableFile
from tfvae.core.files import replacing
from tfvae.export.endpoints.base import Endpoint, endpoints, example_inputs, layers
from tfvae.export.result import Export, size_of
from tfvae.export.serving.model_card import ModelCard
from tfvae.export.serving.model_folder import ModelFolder
from tfvae.export.serving.warmup import write_warmup
from tfvae.export.verification import verify


def saved_model(
    model: object,
    path: str | os.PathLike,
    version: int | None = None,
    preprocessing: keras.Layer | None = None,
    num_samples: int = 64,
    card: ModelCard | None = None,
    notes: Mapping[str, str] | None = None,
) -> Export:
    """Write `path/version/` with the endpoints encode, decode, reconstruct, sample, score, log_likelihood.

    Each takes and gives named tensors with a dynamic batch (see `tfvae.export.endpoints.base`); the default
    signature is the first of them. What was written is loaded in a fresh process in which this package, Keras
    and TensorFlow Probability cannot be imported, its warm-up requests are answered, and its numbers are
    compared with the model's; only then does the folder get its name, so that a polling server never sees
    half a model.

    Beside the versions stand `models.config`, `batching.config` and `docker-compose.yml` for TensorFlow
    Serving, which are left as they are where they exist, and `README.md`, `client.py` and `requests/`,
    which tell of the newest version.

    Args:
        model: the model, or what else has endpoints.
        path: the servable's folder; its name is the served model's.
        version: the version's number, at least 1; it must not exist yet. None is the one after the last.
        preprocessing: layer from raw features to the model's x, put into the graph; see
            `tfvae.export.endpoints.raw_inputs`.
        num_samples: fixed draws that `score` and `log_likelihood` average over.
        card: facts for README.md.
        notes: texts that go with the version, by the name of their file in `assets.extra`.

    Returns:
        The path, size, differences and time per item.

    Raises:
        InvalidInput: for a version that exists or is below 1.
        ExportError: where the export gives other numbers than the model, or a warm-up request fails.
        UnwritableFile: where the disk is full; what was there before is unchanged.

    Example:
        >>> import tempfile, tfvae
        >>> vae = tfvae.zoo.vae((4,), latent_dim=2)
        >>> export = saved_model(vae, tempfile.mkdtemp())
        >>> sorted(export.largest_difference), export.path.name
        (['decode', 'encode', 'log_likelihood', 'reconstruct', 'sample', 'score'], '1')
    """
    integer("num_samples", num_samples)
    servable = ModelFolder(path)
    target = servable.free(version)
    functions = endpoints(model, preprocessing, num_samples)
    expected = expectations(functions, example_inputs(model, preprocessing))
    beside = servable.describe(target, functions, expected, card or ModelCard())
    with _complaining(target), replacing(target) as folder:
        write(model, functions, preprocessing, folder)
        extra = folder / "assets.extra"
        extra.mkdir()
        for name, text in (notes or {}).items():
            (extra / name).write_text(text, encoding="utf-8")
        np.savez(extra / "verification.npz", **expected)
        write_warmup(servable.name, expected, extra)
        (extra / "README.md").write_text(beside["README.md"], encoding="utf-8")
        report = verify.saved_model(folder)
    if target.name == str(servable.versions()[-1]):
        servable.write_beside(beside)
    return Export(target, size_of(target), report["difference"], report["seconds_per_item"])


def write(model: object, functions: list[Endpoint], preprocessing: keras.Layer | None, folder: Path) -> None:
    """Write the endpoints to a folder, the first one as the default."""
    archive = keras.export.ExportArchive()
    for layer in [*layers(model), *([] if preprocessing is None else [preprocessing])]:
        archive.track(layer)
    for endpoint in functions:
        archive.add_endpoint(endpoint.name, endpoint.__call__, input_signature=endpoint.signature)
    archive.write_out(str(folder), verbose=False)


def expectations(functions: list[Endpoint], inputs: dict) -> dict[str, np.ndarray]:
    """Return `endpoint/in/name` and `endpoint/out/name` arrays: what the export must reproduce."""
    arrays = {}
    for endpoint in functions:
        values = [inputs[name] for name in endpoint.specs]
        for name, value in zip(endpoint.specs, values, strict=True):
            arrays[f"{endpoint.name}/in/{name}"] = _array(value)
        for name, result in endpoint(*values).items():
            arrays[f"{endpoint.name}/out/{name}"] = _array(result)
    return arrays


@contextlib.contextmanager
def _complaining(target: Path) -> Iterator[None]:
    """Say in one line what TensorFlow could not write."""
    try:
        yield
    except tf.errors.OpError as error:
        raise UnwritableFile(target, str(error.message).partition("\n")[0]) from error


def _array(value: tf.Tensor) -> np.ndarray:
    """Return an array that an .npz file holds without pickling: texts as bytes of one length."""
    array = np.asarray(value)
    return array.astype("S") if array.dtype == object else array
