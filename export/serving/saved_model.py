"""A model as a SavedModel with named endpoints, in the layout of TensorFlow Serving."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tfvae.core.checks import integer
from tfvae.core.errors import UnwritableFile
from tfvae.core.files import replacing
from tfvae.core.types import Array, ArrayLike
from tfvae.export.endpoints.base import Endpoint, endpoints, example_inputs, layers, require_finite_weights
from tfvae.export.endpoints.fixed_batch import FixedBatch
from tfvae.export.result import Export, size_of
from tfvae.export.serving.model_card import ModelCard
from tfvae.export.serving.model_folder import ModelFolder
from tfvae.export.serving.warmup import write_warmup
from tfvae.export.verification import verify


def saved_model(
    model: Any,
    path: str | os.PathLike[str],
    version: int | None = None,
    preprocessing: keras.Layer | None = None,
    num_samples: int = 64,
    card: ModelCard | None = None,
    notes: Mapping[str, str] | None = None,
) -> Export:
    """Write `path/version/` with the endpoints encode, decode, reconstruct, sample, score, log_likelihood.

    Inputs and outputs are named tensors with a batch of any size; see `tfvae.export.endpoints.models`. The
    default signature is the first endpoint. Before the folder gets its name, it is loaded in a fresh process
    in which this package, Keras and TensorFlow Probability cannot be imported, its warm-up requests are
    answered, and its numbers are compared with the model's. A polling server therefore never sees an
    incomplete model.

    Beside the versions are `models.config`, `batching.config`, `monitoring.config` and `docker-compose.yml`
    for TensorFlow Serving, which are not overwritten, and `README.md`, `client.py` and `requests/` for the
    newest version.

    Args:
        model: the model, or another object with endpoints, such as a fitted detector.
        path: the folder of the served model, which has its name.
        version: number of the version, at least 1, which must not exist yet; None means the one after the
            last.
        preprocessing: layer from raw features to the model's x, included in the graph; see
            `tfvae.export.endpoints.raw_inputs`.
        num_samples: fixed draws that `score` and `log_likelihood` average over.
        card: facts for README.md; None means `ModelCard()`.
        notes: texts to store with the version, by the name of their file in `assets.extra`.

    Returns:
        The path, size, differences and time per item.

    Raises:
        InvalidInput: the version exists or is below 1.
        ExportError: the model's weights are not finite, the export computes other numbers than the model, or
            a warm-up request fails.
        UnwritableFile: the disk is full, for example; what was there before is unchanged.

    Example:
        >>> import tempfile, tfvae
        >>> vae = tfvae.zoo.vae((4,), latent_dim=2)
        >>> export = saved_model(vae, tempfile.mkdtemp())
        >>> sorted(export.largest_difference), export.path.name
        (['decode', 'encode', 'log_likelihood', 'reconstruct', 'sample', 'score'], '1')
    """
    integer("num_samples", num_samples)
    servable = ModelFolder(path)
    target = servable.new_version(version)
    require_finite_weights(model)
    functions = endpoints(model, preprocessing, num_samples)
    expected = expectations(functions, example_inputs(model, preprocessing))
    beside = servable.describe(target, functions, expected, card or ModelCard())
    with _write_errors(target), replacing(target) as folder:
        write(model, functions, preprocessing, folder)
        extra = folder / "assets.extra"
        extra.mkdir()
        for name, text in (notes or {}).items():
            (extra / name).write_text(text, encoding="utf-8")
        np.savez(extra / "verification.npz", allow_pickle=False, **expected)
        write_warmup(servable.name, expected, extra)
        (extra / "README.md").write_text(beside["README.md"], encoding="utf-8")
        report = verify.saved_model(folder)
    if target.name == str(servable.versions()[-1]):
        servable.write_beside(beside)
    return Export(target, size_of(target), report["difference"], verify.seconds_per_item(report))


def write(
    model: Any,
    functions: Sequence[Endpoint | FixedBatch],
    preprocessing: keras.Layer | None,
    folder: Path,
) -> None:
    """Write endpoints as a SavedModel, the first one as the default signature.

    Args:
        model: the model, or another object with endpoints.
        functions: its endpoints.
        preprocessing: the layer in the graph, or None.
        folder: the folder.
    """
    archive: Any = keras.export.ExportArchive()  # of the TensorFlow backend
    for layer in [*layers(model), *([] if preprocessing is None else [preprocessing])]:
        archive.track(layer)
    for endpoint in functions:
        archive.add_endpoint(endpoint.name, endpoint.__call__, input_signature=endpoint.signature)
    archive.write_out(str(folder), verbose=False)


def expectations(functions: Sequence[Endpoint], inputs: Mapping[str, ArrayLike]) -> dict[str, Array]:
    """Return the numbers that an export must reproduce, as `endpoint/in/name` and `endpoint/out/name` arrays.

    Args:
        functions: the endpoints.
        inputs: examples of all inputs, by name.
    """
    arrays = {}
    for endpoint in functions:
        values = [inputs[name] for name in endpoint.specs]
        for name, value in zip(endpoint.specs, values, strict=True):
            arrays[f"{endpoint.name}/in/{name}"] = _array(value)
        for name, result in endpoint(*values).items():
            arrays[f"{endpoint.name}/out/{name}"] = _array(result)
    return arrays


@contextlib.contextmanager
def _write_errors(target: Path) -> Iterator[None]:
    """Turn TensorFlow's errors of writing into one line."""
    try:
        yield
    except tf.errors.OpError as error:
        raise UnwritableFile(target, str(error.message).partition("\n")[0]) from error


def _array(value: ArrayLike) -> Array:
    """Return an array that an .npz file holds without pickling: strings as bytes of one length."""
    array = np.asarray(value)
    return array.astype("S") if array.dtype == object else array
