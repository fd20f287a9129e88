"""A model as a SavedModel with named endpoints, as TensorFlow Serving lays it out."""

from __future__ import annotations

import os
from pathlib import Path

import keras
import numpy as np

from tfvae.checks import whole_number
from tfvae.errors import InvalidInput
from tfvae.export import verify
from tfvae.export.endpoints import Endpoint, endpoints, example_inputs, layers
from tfvae.export.result import Export, size_of
from tfvae.files import replacing
from tfvae.models import LatentModel


def saved_model(
    model: LatentModel,
    path: str | os.PathLike,
    version: int = 1,
    preprocessing: keras.Layer | None = None,
    num_samples: int = 64,
) -> Export:
    """Write `path/version/` with the endpoints encode, decode, reconstruct, sample, score, log_likelihood.

    Each takes and gives named tensors with a dynamic batch (see `tfvae.export.endpoints`); the default
    signature is `encode`. What was written is loaded in a fresh process in which this package, Keras
    and TensorFlow Probability cannot be imported, and its numbers are compared with the model's; only
    then does the folder get its name, so that a polling server never sees half a model.

    Args:
        model: the model.
        path: the servable's folder.
        version: the version's number, at least 1; it must not exist yet.
        preprocessing: layer from raw features to the model's x, put into the graph.
        num_samples: fixed draws that `score` and `log_likelihood` average over.

    Returns:
        The path, size, differences and time per item.

    Raises:
        InvalidInput: for a version that exists or is below 1.
        ExportError: where the export gives other numbers than the model.

    Example:
        >>> import tempfile, tfvae
        >>> vae = tfvae.zoo.vae((4,), latent_dim=2)
        >>> export = saved_model(vae, tempfile.mkdtemp())
        >>> sorted(export.largest_difference)
        ['decode', 'encode', 'log_likelihood', 'reconstruct', 'sample', 'score']
    """
    whole_number("version", version)
    whole_number("num_samples", num_samples)
    target = Path(path) / str(version)
    if target.exists():
        raise InvalidInput("version", "one that is not there yet", f"{version}, and {target} exists")
    functions = endpoints(model, preprocessing, num_samples)
    expected = expectations(functions, example_inputs(model, preprocessing))
    with replacing(target) as folder:
        write(model, functions, preprocessing, folder)
        extra = folder / "assets.extra"
        extra.mkdir()
        np.savez(extra / "verification.npz", **expected)
        report = verify.saved_model(folder)
    return Export(target, size_of(target), report["difference"], report["seconds_per_item"])


def write(
    model: LatentModel, functions: list[Endpoint], preprocessing: keras.Layer | None, folder: Path
) -> None:
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
            arrays[f"{endpoint.name}/in/{name}"] = np.asarray(value)
        for name, result in endpoint(*values).items():
            arrays[f"{endpoint.name}/out/{name}"] = np.asarray(result)
    return arrays
