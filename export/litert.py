"""A model's encoder as a LiteRT file for phones and other devices."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from tfvae.errors import InvalidInput
from tfvae.export import verify
from tfvae.export.endpoints import endpoints, example_inputs
from tfvae.export.result import Export, ExportError
from tfvae.export.saved_model import expectations, write
from tfvae.files import replacing
from tfvae.models import LatentModel


def litert(
    model: LatentModel,
    path: str | os.PathLike,
    endpoint: str = "encode",
    preprocessing: keras.Layer | None = None,
) -> Export:
    """Write one endpoint as a `.tflite` file in float32 with builtin operations only.

    The file has one signature of the endpoint's name, with named inputs and outputs and a dynamic
    batch. It is run in a fresh process by the LiteRT interpreter alone, with one example and with
    several, and its numbers are compared with the model's before the file gets its name.

    Args:
        model: the model.
        path: the file, with suffix `.tflite`.
        endpoint: the endpoint to write; see `tfvae.export.endpoints`.
        preprocessing: layer from raw features to the model's x, put into the graph.

    Returns:
        The path, size, difference and time per item.

    Raises:
        InvalidInput: for a wrong suffix or an unknown endpoint.
        ExportError: where the file gives other numbers than the model, and for an endpoint with operations
            that LiteRT has not, among them loops over a batch of any size, as recurrent networks have.

    Example:
        >>> import tempfile, tfvae
        >>> vae = tfvae.zoo.vae((4,), latent_dim=2)
        >>> litert(vae, tempfile.mkdtemp() + "/encoder.tflite").largest_difference["encode"] < 1e-5
        True
    """
    path = Path(path)
    if path.suffix != ".tflite":
        raise InvalidInput("path", "a name that ends in .tflite", path)
    known = {known.name: known for known in endpoints(model, preprocessing, num_samples=1)}
    if endpoint not in known:
        raise InvalidInput("endpoint", f"one of {sorted(known)}", endpoint)
    functions = [known[endpoint]]
    arrays = expectations(functions, example_inputs(model, preprocessing))
    with tempfile.TemporaryDirectory() as scratch, replacing(path) as temporary:
        # By way of a SavedModel and its signature: from a concrete function of a Keras 3 model the
        # converter writes a file of NaNs, and no error.
        write(model, functions, preprocessing, Path(scratch))
        converter = tf.lite.TFLiteConverter.from_saved_model(scratch, signature_keys=[endpoint])
        temporary.write_bytes(_converted(converter, endpoint))
        expected = Path(scratch) / "verification.npz"
        np.savez(expected, **arrays)
        report = verify.litert(temporary, expected)
    return Export(path, path.stat().st_size, report["difference"], report["seconds_per_item"])


def _converted(converter: tf.lite.TFLiteConverter, endpoint: str) -> bytes:
    """Return the file's content, or say in one line what LiteRT cannot do."""
    try:
        return converter.convert()
    except Exception as error:  # the converter's own class of errors is in no public module
        reason = str(error).partition("\n")[0]
        loops = " (a loop over a batch of any size: a SavedModel has it)" if "TensorList" in reason else ""
        raise ExportError(f"{endpoint}: LiteRT cannot do this: {reason}{loops}") from error
