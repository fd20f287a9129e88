"""Representative data: checked, and turned into the inputs of each endpoint."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import keras
import numpy as np

from tfvae.core.errors import InvalidInput
from tfvae.core.inputs import Input, check_array
from tfvae.core.support import Support
from tfvae.core.types import Array, Inputs
from tfvae.export.device.quantization import CalibrationBatches
from tfvae.export.endpoints.base import Endpoint, example_inputs

_BATCH = 64
_ARGUMENT = "representative_data"
_DRAWN = ("z", "noise")


def representative_inputs(
    subject: Any, functions: Sequence[Endpoint], preprocessing: keras.Layer | None, data: Inputs
) -> dict[str, Array]:
    """Return the inputs of all endpoints by name, all with the same number of examples.

    Noise and latent points that the data does not include are drawn from the prior, by `example_inputs`.

    Args:
        subject: the exported model, or another object with endpoints.
        functions: the endpoints.
        preprocessing: preprocessing layer, with which the data is raw features; or None.
        data: an array for the first input, or a dict of arrays by name.

    Raises:
        InvalidInput: an input is missing, an array has a wrong shape or NaN that does not stand for a missing
            value, or the arrays have different lengths.
    """
    specs = {name: spec for endpoint in functions for name, spec in endpoint.specs.items()}
    first = next((name for name in specs if name not in _DRAWN), next(iter(specs)))
    named = data if isinstance(data, Mapping) else {first: data}
    accepts = {} if preprocessing is not None else getattr(subject, "accepts", {})
    arrays, counts = {}, {}
    for name, value in named.items():
        if name not in specs:
            continue
        expected = accepts.get(name, Input(tuple(specs[name].shape[1:]), Support()))
        title = _ARGUMENT if name == first else f"{_ARGUMENT}, {name}"
        check_array(title, value, tuple(specs[name].shape[1:]), expected.support)
        arrays[name] = np.asarray(value, specs[name].dtype.as_numpy_dtype)
        counts[name] = len(arrays[name])
    if len(set(counts.values())) > 1:
        raise InvalidInput(_ARGUMENT, "the same number of examples for each input", counts)
    count = max(counts.values(), default=_BATCH)
    drawn = example_inputs(subject, preprocessing, count)
    for name in specs:
        if name not in arrays and name not in _DRAWN:
            raise InvalidInput(_ARGUMENT, f"a dict with {[n for n in specs if n in drawn]}", list(named))
    return {name: arrays[name] if name in arrays else drawn[name].numpy() for name in specs}


def calibration_batches(
    functions: Sequence[Endpoint], inputs: Mapping[str, Array], batch_size: int | None
) -> CalibrationBatches:
    """Return batches of the inputs of each endpoint, by its name; the last example fills up the last batch.

    Args:
        functions: the endpoints.
        inputs: inputs by name.
        batch_size: examples in a batch; None means 64.
    """
    size = _BATCH if batch_size is None else batch_size
    count = len(next(iter(inputs.values())))
    batches = np.minimum(np.arange(-(-count // size) * size), count - 1).reshape(-1, size)
    return {
        endpoint.name: [{name: inputs[name][rows] for name in endpoint.specs} for rows in batches]
        for endpoint in functions
    }
