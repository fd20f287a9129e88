"""A model's endpoints as a LiteRT file for phones, browsers and microcontrollers."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Sequence
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from tfvae.core.checks import integer
from tfvae.core.errors import InvalidInput
from tfvae.core.files import replacing
from tfvae.export.device import code_snippets, metadata, microcontroller
from tfvae.export.device.fixed_batch import FixedBatch
from tfvae.export.device.flatbuffer import operations
from tfvae.export.device.quantization import Calibration, Quantization, quantization
from tfvae.export.device.representative_data import calibration, representative
from tfvae.export.device.result import DeviceExport
from tfvae.export.endpoints.base import Endpoint, device_endpoints, example_inputs, threshold_of
from tfvae.export.result import ExportError
from tfvae.export.serving.saved_model import expectations, write
from tfvae.export.verification import verify

_CHECKED = 32


def litert(
    subject: object,
    path: str | os.PathLike,
    endpoint: str | Sequence[str] = "encode",
    quantize: str | None = None,
    representative_data: object = None,
    preprocessing: keras.Layer | None = None,
    num_samples: int = 1,
    batch_size: int | None = None,
    label: str | None = None,
    threshold: float | None = None,
) -> DeviceExport:
    """Write endpoints as a `.tflite` file with builtin operations only, and code that calls it beside it.

    The file has one signature for each endpoint, of the endpoint's name, with named inputs and outputs. It is
    run in a fresh process by the LiteRT interpreter alone, with one example and with several, and its
    numbers are compared with the model's before the file gets its name.

    No operation draws at random, which device runtimes lack. What an app needs is:

    encode(x), reconstruct(x): no noise; the location of q(z|x), and E[x|z] there.
    decode(z): E[x|z], for sliders through the latent space.
    sample(noise): a new x for standard normal noise [B, prior_noise_dim] that the app draws; for most models
        that is [1, latent_dim]. The same noise gives the same x; half of it is a temperature of 1/2.
    score(x): the negative ELBO in nats, the same at each call. The noise of its `num_samples` draws is in the
        file: decoding is most of the time, and is done `num_samples` times. 1 is what most apps want;
        thresholds must be found with the same number.

    Values that the model takes no density of are not refused on a device: an app checks its inputs.

    `quantize` makes the file smaller. None is float32; "float16" halves the weights; "dynamic" has weights
    in 8 bits; "int8" has whole networks in 8-bit integers, scaled to the range that `representative_data`
    shows, with densities and sums in float32 so that a score keeps its order. Inputs and outputs are
    always as in float32. See `tfvae.export.device.quantization`.

    Browsers and microcontrollers want `batch_size=1`: what computes shapes is then not in the file.

    Args:
        subject: a model, or what else has endpoints.
        path: the file, with suffix `.tflite`. The code goes to a folder of its name with suffix `.code`.
        endpoint: the endpoint to write, or several in one file; see `tfvae.export.endpoints.models`.
        quantize: None, "float16", "dynamic" or "int8".
        representative_data: a hundred examples or more of what the device will see, for "int8": an array
            [n, ...], or a dict of arrays by the endpoint's inputs. Latent points and noise are drawn from the
            prior where they are not given.
        preprocessing: layer from raw features to the model's x, put into the graph.
        num_samples: fixed draws that `score` averages over.
        batch_size: examples in one call; None is any number. Recurrent networks need a fixed one.
        label: what the file is about, in a few words; kept in the file.
        threshold: score above which an example is an anomaly, in nats; kept in the file. None is a detector's
            own, and none for a model.

    Returns:
        The path, size, differences, operations and time per item; for an int8 file with one endpoint also
        what a microcontroller needs, where the package tflite-micro is installed.

    Raises:
        InvalidInput: for a wrong suffix, unknown names, and representative data that is missing or has wrong
            names, shapes or values.
        ExportError: where the file gives other numbers than the model or none, and for an endpoint with
            operations that LiteRT has not, among them loops over a batch of any size, as recurrent
            networks have. Nothing is written.

    Example:
        >>> import tempfile, tfvae
        >>> vae = tfvae.zoo.vae((4,), latent_dim=2)
        >>> litert(vae, tempfile.mkdtemp() + "/encoder.tflite").largest_difference["encode"] < 1e-5
        True
    """
    path, way_to_write = Path(path), quantization(quantize)
    if path.suffix != ".tflite":
        raise InvalidInput("path", "a name that ends in .tflite", path)
    integer("num_samples", num_samples)
    if batch_size is not None:
        integer("batch_size", batch_size)
    if way_to_write.needs_data and representative_data is None:
        raise InvalidInput("representative_data", f'examples, as quantize is "{quantize}"', "None")
    functions = _chosen(device_endpoints(subject, preprocessing, num_samples), endpoint)
    if representative_data is None:
        inputs = {name: np.asarray(value) for name, value in example_inputs(subject, preprocessing).items()}
    else:
        inputs = representative(subject, functions, preprocessing, representative_data)
    numbers = expectations(functions, {name: value[:_CHECKED] for name, value in inputs.items()})
    about = metadata.metadata(
        subject,
        functions,
        _outputs(numbers),
        preprocessing,
        way_to_write.name,
        num_samples,
        label,
        threshold_of(subject) if threshold is None else threshold,
    )
    with tempfile.TemporaryDirectory() as scratch, replacing(path) as temporary:
        converted = _converted(subject, functions, preprocessing, batch_size, Path(scratch) / "model")
        batches = calibration(functions, inputs, batch_size)
        smaller = _smaller(converted, way_to_write, batches, batch_size)
        temporary.write_bytes(metadata.with_metadata(smaller, about))
        expected = Path(scratch) / "verification.npz"
        np.savez(expected, **numbers)
        report = _measured(temporary, expected, batch_size)
        verify.require_equal(path.name, report, way_to_write.tolerance)
        micro = _on_a_microcontroller(temporary, expected, way_to_write, functions)
    return DeviceExport(
        path,
        path.stat().st_size,
        report["difference"],
        report["seconds_per_item"],
        tuple(operations(path.read_bytes())),
        code_snippets.write(path),
        micro,
    )


def _chosen(known: list[Endpoint], names: str | Sequence[str]) -> list[Endpoint]:
    """Return the endpoints of the names, in their order."""
    named = {endpoint.name: endpoint for endpoint in known}
    names = [names] if isinstance(names, str) else list(names)
    if not names or len(set(names)) < len(names) or not all(name in named for name in names):
        shown = names[0] if len(names) == 1 else names
        raise InvalidInput("endpoint", f"one of {sorted(named)}, or several of them", shown)
    return [named[name] for name in names]


def _outputs(numbers: dict[str, np.ndarray]) -> dict[str, list[str]]:
    """Return the names of the outputs, by endpoint, of arrays `endpoint/in/name` and `endpoint/out/name`."""
    found: dict[str, list[str]] = {}
    for endpoint, side, name in (key.split("/", 2) for key in numbers):
        found.setdefault(endpoint, []).extend([name] if side == "out" else [])
    return found


def _converted(
    subject: object,
    functions: list[Endpoint],
    preprocessing: keras.Layer | None,
    batch_size: int | None,
    scratch: Path,
) -> bytes:
    """Return the endpoints as a float32 file, or say in one line what LiteRT cannot do."""
    # By way of a SavedModel and its signatures: from a concrete function of a Keras 3 model the
    # converter writes a file of NaNs, and no error.
    sized = functions if batch_size is None else [FixedBatch(each, batch_size) for each in functions]
    write(subject, sized, preprocessing, scratch)
    names = [endpoint.name for endpoint in functions]
    converter = tf.lite.TFLiteConverter.from_saved_model(str(scratch), signature_keys=names)
    try:
        return converter.convert()
    except Exception as error:  # the converter's own class of errors is in no public module
        lacking = sorted(set(re.findall(r"'tf\.(\w+)' op", str(error))))
        reason = f"it has no {', '.join(lacking)}" if lacking else str(error).partition("\n")[0][:200]
        raise ExportError(
            f"{', '.join(names)}: LiteRT cannot do this: {reason}{_advice(batch_size)}"
        ) from error


def _smaller(file: bytes, way_to_write: Quantization, batches: Calibration, batch_size: int | None) -> bytes:
    """Return the file with its numbers written in a way, or say in one line why it cannot be."""
    try:
        return way_to_write.apply(file, batches)
    except ExportError:
        raise
    except (RuntimeError, ValueError) as error:  # of the interpreter
        reason = str(error).partition("\n")[0][:200]
        raise ExportError(
            f"{way_to_write.name}: LiteRT cannot run the file to see its numbers' ranges: {reason}"
            f"{_advice(batch_size)}"
        ) from error


def _measured(file: Path, expected: Path, batch_size: int | None) -> dict:
    """Return what the file gives in a fresh process."""
    try:
        return verify.LITERT.measure(file, expected)
    except ExportError as error:
        raise ExportError(f"{error}{_advice(batch_size)}") from error


def _advice(batch_size: int | None) -> str:
    return " (for batches of any size; batch_size=1 may help)" if batch_size is None else ""


def _on_a_microcontroller(
    file: Path, inputs: Path, way_to_write: Quantization, functions: list[Endpoint]
) -> microcontroller.Microcontroller | None:
    """Return what a microcontroller needs for an int8 file of one endpoint; None where that is not known."""
    if not way_to_write.needs_data or len(functions) > 1 or not microcontroller.available():
        return None
    return microcontroller.microcontroller(file, inputs)
