"""The facts about a model that a page needs: its endpoints, inputs, ranges, and numbers to check."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tfvae.core.errors import InvalidInput
from tfvae.core.support import ColumnSupports, Support
from tfvae.core.types import Array
from tfvae.export.endpoints.base import Endpoint, endpoints, example_inputs
from tfvae.export.serving.saved_model import expectations
from tfvae.models import LatentModel

ENDPOINTS = ("encode", "decode", "reconstruct", "sample", "score")

_DTYPES = ("float32", "int32", "uint8")  # of the web runtime
_DRAWS = 512  # from the prior, for the ranges of z
_TAIL = 0.5  # percentage of them outside the range, at either end
_CHANNELS = (1, 3, 4)


@dataclasses.dataclass(frozen=True)
class WebModel:
    """A model for a page.

    Attributes:
        functions: the endpoints.
        start: an example of every input, [1, ...], drawn from the model.
        expected: `endpoint/in/name` and `endpoint/out/name` arrays for the example, from the model in Python.
        ranges: smallest and largest value of each latent dimension in draws from the prior, [2, latent_dim].
        preprocessed: whether x stands for raw features.
    """

    functions: list[Endpoint]
    start: dict[str, Array]
    expected: dict[str, Array]
    ranges: Array
    preprocessed: bool

    @classmethod
    def of(cls, model: LatentModel, preprocessing: keras.Layer | None, num_samples: int) -> WebModel:
        """Collect the facts about a model.

        Args:
            model: the model.
            preprocessing: layer from raw features to the model's x, or None.
            num_samples: fixed draws that `score` averages over.

        Raises:
            InvalidInput: raw inputs of a dtype that the web runtime does not have.
        """
        made = [known for known in endpoints(model, preprocessing, num_samples) if known.name in ENDPOINTS]
        for endpoint in made:
            for name, spec in endpoint.specs.items():
                if spec.dtype.name not in _DTYPES:
                    expected = f"raw inputs of {', '.join(_DTYPES)} for a page"
                    raise InvalidInput("preprocessing", expected, f"{name} of {spec.dtype.name}")
        start = {name: np.asarray(value) for name, value in example_inputs(model, preprocessing, 1).items()}
        draws = np.asarray(example_inputs(model, preprocessing, _DRAWS)["z"])
        low, high = np.percentile(draws, (_TAIL, 100 - _TAIL), axis=0)
        constant = low == high  # such as an entry of a one-hot code
        low, high = np.where(constant, np.minimum(low, 0), low), np.where(constant, np.maximum(high, 1), high)
        return cls(made, start, expectations(made, start), np.stack([low, high]), preprocessing is not None)

    @property
    def names(self) -> list[str]:
        """Names of the endpoints."""
        return [endpoint.name for endpoint in self.functions]

    def description(
        self, model: LatentModel, columns: Sequence[str], choices: Mapping[str, Sequence[str]]
    ) -> dict[str, Any]:
        """Return the JSON that the page reads: inputs and their ranges, ranges of z, numbers to check.

        Args:
            model: the model.
            columns: names of the elements of x, if x is a row of a table.
            choices: names of the categories of inputs that are one-hot codes, by input.

        Raises:
            InvalidInput: the names do not fit the inputs.
        """
        low, high = self.ranges
        shown = next(endpoint for endpoint in self.functions if endpoint.name == "encode").specs
        accepts = model.accepts
        if unknown := sorted(set(choices) - set(shown)):
            raise InvalidInput("choices", f"names of inputs, {sorted(shown)}", unknown)
        inputs = {}
        for name, spec in shown.items():
            support = accepts[name].support if name in accepts else Support()
            if name == "x" and self.preprocessed:  # whose range is unknown
                support = Support(missing=support.missing)
            inputs[name] = _input(name, spec, support, columns, choices.get(name, ()))
            inputs[name]["start"] = _listed(self.start[name])
            default = accepts[name].default if name in accepts else None
            inputs[name]["optional"] = default is not None and math.isnan(default)
            if default is not None and math.isfinite(default):
                inputs[name]["start"] = [default] * math.prod(spec.shape[1:])
        return {
            "inputs": inputs,
            "latent": {"low": _listed(low), "high": _listed(high)},
            "endpoints": {
                endpoint.name: {name: list(spec.shape[1:]) for name, spec in endpoint.specs.items()}
                for endpoint in self.functions
            },
            "noise": int(self.start["noise"].shape[-1]),
            "check": {key: _listed(value) for key, value in self.expected.items()},
        }


def as_json(description: dict[str, Any]) -> str:
    """Return a description as the text of a JSON file.

    Args:
        description: see `WebModel.description`; NaN and infinite numbers are None.
    """
    return json.dumps(description, indent=1, allow_nan=False)


def _input(
    name: str,
    spec: tf.TensorSpec,
    support: Support | ColumnSupports,
    columns: Sequence[str],
    choices: Sequence[str],
) -> dict[str, Any]:
    shape = tuple(spec.shape[1:])
    size = math.prod(shape)
    if choices and size != len(choices):
        raise InvalidInput("choices", f"{size} names for {name}", list(choices))
    named = columns if name == "x" else ()
    if named and (len(shape) != 1 or size != len(named)):
        raise InvalidInput("columns", f"a name for each element of x, of shape {shape}", list(named))
    image = len(shape) == 3 and shape[-1] in _CHANNELS and min(shape[:2]) > 1
    supports = support.columns if isinstance(support, ColumnSupports) else (support,)
    default = (0, 255 if spec.dtype == tf.uint8 else 1) if image else (None, None)
    return {
        "shape": shape,
        "dtype": spec.dtype.name,
        "kind": "image" if image else "choice" if choices else "numbers",
        "names": list(choices or named),
        "supports": [
            {
                "low": entry.low if math.isfinite(entry.low) else default[0],
                "high": entry.high if math.isfinite(entry.high) else default[1],
                "integer": entry.integer or spec.dtype.is_integer,
                "missing": entry.missing and entry.missing_elementwise,
            }
            for entry in supports
        ],
    }


def _listed(value: Array) -> list[float | None]:
    return [float(number) if math.isfinite(number) else None for number in np.ravel(value)]
