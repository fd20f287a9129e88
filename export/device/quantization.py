"""Smaller numbers in a LiteRT file: each way is a function from a float32 file to a smaller one."""

from __future__ import annotations

import abc
import contextlib
import importlib
import io
import logging
import math
import warnings
from collections.abc import Iterator
from typing import final

import numpy as np

from tfvae.core.errors import InvalidInput
from tfvae.export.device.quantized_operations import network_operations
from tfvae.export.result import ExportError

Calibration = dict[str, list[dict[str, np.ndarray]]]
"""Batches of inputs by name, by endpoint."""


_LINEAR = ("FULLY_CONNECTED", "CONV_2D", "DEPTHWISE_CONV_2D", "CONV_2D_TRANSPOSE")


class Quantization(abc.ABC):
    """A way to write a file's numbers; abstract.

    Attributes:
        name: what a user asks for it by.
        needs_data: whether it measures the range of numbers on examples.
        tolerance: how far the file's numbers may be off the model's, relative to 1 + |expected|. Infinite
            where that is a matter of the model and its data: then it is measured and reported, and only
            numbers that are no numbers are refused.
    """

    name: str
    needs_data = False
    tolerance: float

    @abc.abstractmethod
    def apply(self, file: bytes, calibration: Calibration) -> bytes:
        """Return the file with its numbers written in this way."""


@final
class Float32(Quantization):
    """The numbers as they are."""

    name = "float32"
    tolerance = 1e-4

    def apply(self, file: bytes, calibration: Calibration) -> bytes:
        """Return the file as it is."""
        return file


@final
class Float16(Quantization):
    """Weights in 16 bits, arithmetic in float32: half the size, about three digits of every weight."""

    name = "float16"
    tolerance = 1e-2

    def apply(self, file: bytes, calibration: Calibration) -> bytes:
        """Return the file with the weights of its linear layers in 16 bits."""
        with _quantizer() as aeq:
            types = aeq.qtyping
            weights = types.TensorQuantizationConfig(num_bits=16, dtype=types.TensorDataType.FLOAT)
            config = types.OpQuantizationConfig(
                weight_tensor_config=weights,
                compute_precision=types.ComputePrecision.FLOAT,
                explicit_dequantize=True,
            )
            recipes = aeq.recipe_manager.RecipeManager()
            for operation in _LINEAR:
                recipes.add_quantization_config(".*", operation, config, "float_casting")
            return _written(aeq.quantizer.Quantizer(file, recipes.get_quantization_recipe()), None)


@final
class DynamicRange(Quantization):
    """Weights in 8 bits, activations in float32 between the layers: a quarter of the size, no data needed.

    Dense layers and convolutions round their inputs to 8 bits at each call. Transposed convolutions, for
    which runtimes have no such kernel, compute in float32.
    """

    name = "dynamic"
    tolerance = math.inf

    def apply(self, file: bytes, calibration: Calibration) -> bytes:
        """Return the file with the weights of its linear layers in 8 bits."""
        with _quantizer() as aeq:
            recipes = aeq.recipe_manager.RecipeManager()
            for operation in _LINEAR[:-1]:
                recipes.add_dynamic_config(".*", operation, num_bits=8)
            recipes.add_weight_only_config(".*", "CONV_2D_TRANSPOSE", num_bits=8)
            return _written(aeq.quantizer.Quantizer(file, recipes.get_quantization_recipe()), None)


@final
class Int8(Quantization):
    """Networks in 8-bit integers, weights and activations; what is computed of their outputs in float32.

    The networks are the linear layers and what moves or clips their results (`network_operations`).
    Densities, divergences, scales and sums stay in float32: in 8 bits a score has 256 values, and every
    example beyond the largest seen in calibration gets the same one. Inputs and outputs are float32 as
    well, so that the numbers of the file are in the model's units.
    """

    name = "int8"
    needs_data = True
    tolerance = math.inf

    def apply(self, file: bytes, calibration: Calibration) -> bytes:
        """Return the file with its networks in 8 bits, scaled to the range seen in calibration."""
        operations = network_operations(file)
        if not operations:
            raise ExportError("int8: there is no network in this endpoint, nothing to write in 8 bits")
        with _quantizer() as aeq:
            recipes = aeq.recipe_manager.RecipeManager()
            for operation, scopes in operations.items():
                recipes.add_static_config(scopes, operation, activation_num_bits=8, weight_num_bits=8)
            quantizer = aeq.quantizer.Quantizer(file, recipes.get_quantization_recipe())
            # Inside the interpreter, as it runs: from outside it has no numbers of what a loop computes.
            calibrator = aeq.calibrator.Calibrator(
                file,
                num_threads=1,
                mode=aeq.calibrator.CalibrationMode.CALIBRATION_PROFILER_BASED,
                qsv_update_func=aeq.utils.qsv_utils.min_max_update,
            )
            calibrator.calibrate(calibration, recipes)
            return _written(quantizer, calibrator.get_model_qsvs())


WAYS: dict[str | None, Quantization] = {
    None: Float32(),
    **{each.name: each for each in (Float16(), DynamicRange(), Int8())},
}


def quantization(quantize: str | None) -> Quantization:
    """Return the way of a name.

    Raises:
        InvalidInput: for a name that is none.

    Example:
        >>> quantization("int8").needs_data
        True
    """
    if not isinstance(quantize, str | None) or quantize not in WAYS:
        raise InvalidInput("quantize", f"one of {list(WAYS)}", repr(quantize))
    return WAYS[quantize]


def _written(quantizer: object, ranges: object) -> bytes:
    try:
        return bytes(quantizer.quantize(ranges).quantized_model)
    except (ValueError, RuntimeError, KeyError, NotImplementedError) as error:
        reason = str(error).partition("\n")[0]
        raise ExportError(f"it cannot be quantized: {reason}") from error


@contextlib.contextmanager
def _quantizer() -> Iterator[object]:
    """Yield the package `ai_edge_quantizer`, kept from printing."""
    try:
        package = importlib.import_module("ai_edge_quantizer")
        for name in ("calibrator", "qtyping", "quantizer", "recipe_manager", "utils.qsv_utils"):
            importlib.import_module(f"ai_edge_quantizer.{name}")
    except ModuleNotFoundError as error:
        advice = 'install it with: pip install "tfvae[quantize]"'
        raise ExportError(f"quantizing needs ai-edge-quantizer; {advice} ({error})") from None
    with contextlib.ExitStack() as quiet:
        quiet.enter_context(contextlib.redirect_stdout(io.StringIO()))
        quiet.enter_context(contextlib.redirect_stderr(io.StringIO()))
        quiet.enter_context(warnings.catch_warnings())
        warnings.simplefilter("ignore")  # that looking at every tensor takes memory
        # That endpoints share their layers' numbers. A handler keeps `logging` from making one of its own.
        root, handler = logging.getLogger(), logging.NullHandler()
        root.addHandler(handler)
        quiet.callback(root.removeHandler, handler)
        root.addFilter(_of_others)
        quiet.callback(root.removeFilter, _of_others)
        yield package


def _of_others(record: logging.LogRecord) -> bool:
    return "ai_edge_quantizer" not in record.pathname
