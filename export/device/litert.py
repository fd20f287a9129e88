"""A model's endpoints as a LiteRT file for phones, browsers and microcontrollers."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tfvae.core.checks import integer
from tfvae.core.errors import InvalidInput
from tfvae.core.files import replacing
from tfvae.core.types import Array, Inputs
from tfvae.export.device import code_snippets, file_metadata, microcontroller
from tfvae.export.device.flatbuffer import operations
from tfvae.export.device.quantization import CalibrationBatches, Quantization, quantization
from tfvae.export.device.representative_data import calibration_batches, representative_inputs
from tfvae.export.device.result import DeviceExport
from tfvae.export.endpoints.base import (
    Endpoint,
    device_endpoints,
    example_inputs,
    require_finite_weights,
    threshold_of,
)
from tfvae.export.endpoints.fixed_batch import FixedBatch
from tfvae.export.result import ExportError
from tfvae.export.serving.saved_model import expectations, write
from tfvae.export.verification import verify
from tfvae.export.verification.verify import Report

_COMPARED = 32  # examples


def litert(
    subject: Any,
    path: str | os.PathLike[str],
    endpoint: str | Sequence[str] = "encode",
    quantize: str | None = None,
    representative_data: Inputs | None = None,
    preprocessing: keras.Layer | None = None,
    num_samples: int = 1,
    batch_size: int | None = None,
    label: str | None = None,
    threshold: float | None = None,
) -> DeviceExport:
    """Write endpoints as a `.tflite` file with builtin operations only, and code that calls it beside it.

    The file has a signature for each endpoint, with the endpoint's name and named inputs and outputs. Before
    the file gets its name, the LiteRT interpreter runs it in a fresh process, with one example and with
    several, and its numbers are compared with the model's.

    No operation draws random numbers, which device runtimes lack. The endpoints of a model are:

    encode(x), reconstruct(x): no noise; the location of q(z|x), and E[x|z] there.
    decode(z): E[x|z].
    sample(noise): E[x|z] for z computed from standard normal noise [B, prior_noise_dim], which the app draws;
        for most models that is [1, latent_dim]. The same noise gives the same x.
    score(x): the negative ELBO in nats, the same in each call. The noise of its `num_samples` draws is stored
        in the file. Decoding takes most of the time and runs `num_samples` times: 1 suits most apps. A
        threshold must be chosen with the same number.

    A device does not check that x is in the support of the likelihood: the app has to.

    `quantize` makes the file smaller. None is float32; "float16" halves the weights; "dynamic" stores weights
    in 8 bits; "int8" computes networks in 8-bit integers, scaled to the ranges measured on
    `representative_data`, and densities and sums in float32, so that a score keeps its order. Inputs and
    outputs are always float32. See `tfvae.export.device.quantization`.

    Browsers and microcontrollers need `batch_size=1`, which removes operations on shapes from the file.

    Args:
        subject: a model, or another object with endpoints, such as a fitted detector.
        path: the file, with suffix `.tflite`. The code is in the folder with its name and suffix `.code`.
        endpoint: the endpoint to write, or several in one file; see `tfvae.export.endpoints.models`.
        quantize: None, "float16", "dynamic" or "int8".
        representative_data: at least a hundred examples of the data on the device, for "int8": an array
            [n, ...], or a dict of arrays by the endpoint's inputs. Latent points and noise that are not given
            are drawn from the prior.
        preprocessing: layer from raw features to the model's x, included in the graph.
        num_samples: fixed draws that `score` averages over.
        batch_size: examples in one call; None means any number. Recurrent networks need a fixed number.
        label: what the model is for, in a few words; stored in the file.
        threshold: score above which an example is an anomaly, in nats; stored in the file. None means that of
            a detector, and none for a model.

    Returns:
        The path, size, differences, operations and time per item; for an int8 file with one endpoint also
        what a microcontroller needs, if the package tflite-micro is installed.

    Raises:
        InvalidInput: a wrong suffix, an unknown name, a file in the folder of the code that is not generated,
            or representative data that is missing or has wrong names, shapes or values.
        ExportError: the model's weights are not finite, the file computes other numbers than the model, or
            LiteRT lacks an operation, such as loops over a batch of any size, which recurrent networks have.
            Nothing is written.

    Example:
        >>> import tempfile, tfvae
        >>> vae = tfvae.zoo.vae((4,), latent_dim=2)
        >>> litert(vae, tempfile.mkdtemp() + "/encoder.tflite").largest_difference["encode"] < 1e-5
        True
    """
    path, chosen = Path(path), quantization(quantize)
    if path.suffix != ".tflite":
        raise InvalidInput("path", "a name that ends in .tflite", path)
    integer("num_samples", num_samples)
    if batch_size is not None:
        integer("batch_size", batch_size)
    if chosen.needs_data and representative_data is None:
        raise InvalidInput("representative_data", f'examples, as quantize is "{quantize}"', "None")
    code_snippets.check_writable(path)
    require_finite_weights(subject)
    functions = _select(device_endpoints(subject, preprocessing, num_samples), endpoint)
    if representative_data is None:
        inputs = {name: np.asarray(value) for name, value in example_inputs(subject, preprocessing).items()}
    else:
        inputs = representative_inputs(subject, functions, preprocessing, representative_data)
    numbers = expectations(functions, {name: value[:_COMPARED] for name, value in inputs.items()})
    metadata = file_metadata.collect_metadata(
        subject,
        functions,
        _output_names(numbers),
        preprocessing,
        chosen.name,
        num_samples,
        label,
        threshold_of(subject) if threshold is None else threshold,
    )
    with tempfile.TemporaryDirectory() as scratch, replacing(path) as temporary:
        converted = _convert(subject, functions, preprocessing, batch_size, Path(scratch) / "model")
        batches = calibration_batches(functions, inputs, batch_size)
        quantized = _quantize(converted, chosen, batches, batch_size)
        temporary.write_bytes(file_metadata.with_metadata(quantized, metadata))
        expected = Path(scratch) / "verification.npz"
        np.savez(expected, allow_pickle=False, **numbers)
        report = _measure(temporary, expected, batch_size)
        verify.require_equal(path.name, report, chosen.tolerance)
        micro = _on_a_microcontroller(temporary, expected, chosen, functions)
    return DeviceExport(
        path,
        path.stat().st_size,
        report["difference"],
        verify.seconds_per_item(report),
        tuple(operations(path.read_bytes())),
        code_snippets.write(path),
        micro,
    )


def _select(known: Sequence[Endpoint], names: str | Sequence[str]) -> list[Endpoint]:
    """Return the endpoints with the given names, in their order."""
    named = {endpoint.name: endpoint for endpoint in known}
    names = [names] if isinstance(names, str) else list(names)
    if not names or len(set(names)) < len(names) or not all(name in named for name in names):
        received = names[0] if len(names) == 1 else names
        raise InvalidInput("endpoint", f"one of {sorted(named)}, or several of them", received)
    return [named[name] for name in names]


def _output_names(numbers: Mapping[str, Array]) -> dict[str, list[str]]:
    """Return the names of the outputs by endpoint, of `endpoint/in/name` and `endpoint/out/name` arrays."""
    found: dict[str, list[str]] = {}
    for endpoint, side, name in (key.split("/", 2) for key in numbers):
        found.setdefault(endpoint, []).extend([name] if side == "out" else [])
    return found


def _convert(
    subject: Any,
    functions: Sequence[Endpoint],
    preprocessing: keras.Layer | None,
    batch_size: int | None,
    scratch: Path,
) -> bytes:
    """Return the endpoints as a float32 file, or raise with the operations that LiteRT lacks."""
    # By way of a SavedModel and its signatures: from a concrete function of a Keras 3 model the
    # converter writes a file of NaNs, and no error.
    sized = functions if batch_size is None else [FixedBatch(each, batch_size) for each in functions]
    write(subject, sized, preprocessing, scratch)
    names = [endpoint.name for endpoint in functions]
    converter = tf.lite.TFLiteConverter.from_saved_model(str(scratch), signature_keys=names)
    try:
        return converter.convert()
    except Exception as error:  # the converter's error class is not public
        lacking = sorted(set(re.findall(r"'tf\.(\w+)' op", str(error))))
        reason = f"it has no {', '.join(lacking)}" if lacking else str(error).partition("\n")[0][:200]
        raise ExportError(
            f"{', '.join(names)}: LiteRT cannot do this: {reason}{_advice(batch_size)}"
        ) from error


def _quantize(
    file: bytes, chosen: Quantization, batches: CalibrationBatches, batch_size: int | None
) -> bytes:
    """Return the quantized file, or raise with the reason in one line."""
    try:
        return chosen.apply(file, batches)
    except ExportError:
        raise
    except (RuntimeError, ValueError) as error:  # of the interpreter
        reason = str(error).partition("\n")[0][:200]
        raise ExportError(
            f"{chosen.name}: LiteRT cannot run the file to measure ranges: {reason}{_advice(batch_size)}"
        ) from error


def _measure(file: Path, expected: Path, batch_size: int | None) -> Report:
    """Run the file in a fresh process and compare."""
    try:
        return verify.LITERT.measure(file, expected)
    except ExportError as error:
        raise ExportError(f"{error}{_advice(batch_size)}") from error


def _advice(batch_size: int | None) -> str:
    return " (for batches of any size; batch_size=1 may help)" if batch_size is None else ""


def _on_a_microcontroller(
    file: Path, inputs: Path, chosen: Quantization, functions: Sequence[Endpoint]
) -> microcontroller.Microcontroller | None:
    """Return what a microcontroller needs for an int8 file of one endpoint; None for other files."""
    if not chosen.needs_data or len(functions) > 1 or not microcontroller.available():
        return None
    return microcontroller.microcontroller(file, inputs)
