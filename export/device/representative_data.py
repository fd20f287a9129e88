"""Examples of what a device will see, checked, and made into the inputs of each endpoint."""

from __future__ import annotations

import keras
import numpy as np

from tfvae.core.errors import InvalidInput
from tfvae.core.inputs import Input, check_array
from tfvae.core.support import Support
from tfvae.export.endpoints.base import Endpoint, example_inputs

_BATCH = 64
_ARGUMENT = "representative_data"
_DRAWN = ("z", "noise")


def representative(
    subject: object, functions: list[Endpoint], preprocessing: keras.Layer | None, data: object
) -> dict[str, np.ndarray]:
    """Return the inputs of all endpoints by name, as many of each.

    Where an endpoint takes noise or latent points, and the data has none under that name, they are those of
    `example_inputs`: draws from the prior.

    Args:
        subject: what is exported.
        functions: the endpoints.
        preprocessing: layer in front; the data is then the raw features.
        data: an array for the first input, or a dict of arrays by name.

    Raises:
        InvalidInput: where a name is missing, for wrong shapes, NaN where it does not stand for a missing
            value, and for arrays of different lengths.
    """
    specs = {name: spec for endpoint in functions for name, spec in endpoint.specs.items()}
    first = next((name for name in specs if name not in _DRAWN), next(iter(specs)))
    given = data if isinstance(data, dict) else {first: data}
    accepts = {} if preprocessing is not None else getattr(subject, "accepts", {})
    arrays, counts = {}, {}
    for name, value in given.items():
        if name not in specs:
            continue
        expected = accepts.get(name, Input(tuple(specs[name].shape[1:]), Support()))
        title = _ARGUMENT if name == first else f"{_ARGUMENT}, {name}"
        check_array(title, value, tuple(specs[name].shape[1:]), expected.support)
        arrays[name] = np.asarray(value, specs[name].dtype.as_numpy_dtype)
        counts[name] = len(arrays[name])
    if len(set(counts.values())) > 1:
        raise InvalidInput(_ARGUMENT, "as many examples under each name", counts)
    count = max(counts.values(), default=_BATCH)
    drawn = example_inputs(subject, preprocessing, count)
    for name in specs:
        if name not in arrays and name not in _DRAWN:
            raise InvalidInput(_ARGUMENT, f"a dict with {[n for n in specs if n in drawn]}", list(given))
    return {name: arrays[name] if name in arrays else drawn[name].numpy() for name in specs}


def calibration(
    functions: list[Endpoint], inputs: dict[str, np.ndarray], batch_size: int | None
) -> dict[str, list[dict[str, np.ndarray]]]:
    """Return batches of the inputs of each endpoint, by its name; the last example fills the last one."""
    size = _BATCH if batch_size is None else batch_size
    count = len(next(iter(inputs.values())))
    batches = np.minimum(np.arange(-(-count // size) * size), count - 1).reshape(-1, size)
    return {
        endpoint.name: [{name: inputs[name][rows] for name in endpoint.specs} for rows in batches]
        for endpoint in functions
    }
