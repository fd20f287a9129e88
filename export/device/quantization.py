"""Quantization of LiteRT files: from a float32 file to one with smaller numbers."""

from __future__ import annotations

import abc
import contextlib
import importlib
import io
import logging
import math
import warnings
from collections.abc import Iterator
from typing import Any, TypeAlias, final

from tfvae.core.errors import InvalidInput
from tfvae.core.types import Array
from tfvae.export.device.quantized_operations import network_operations
from tfvae.export.result import ExportError

CalibrationBatches: TypeAlias = dict[str, list[dict[str, Array]]]  # batches of inputs by name, by endpoint


_LINEAR = ("FULLY_CONNECTED", "CONV_2D", "DEPTHWISE_CONV_2D", "CONV_2D_TRANSPOSE")


class Quantization(abc.ABC):
    """A number format for the weights and activations of a file; abstract.

    Attributes:
        name: its name for users.
        needs_data: whether the ranges of activations are measured on examples.
        tolerance: largest allowed difference from the model's numbers, relative to 1 + |expected|. Infinite
            if it depends on the model and its data: then the difference is measured and reported, and only
            NaN and infinite numbers are rejected.
    """

    name: str
    needs_data = False
    tolerance: float

    @abc.abstractmethod
    def apply(self, file: bytes, batches: CalibrationBatches) -> bytes:
        """Return the quantized file.

        Args:
            file: content of the float32 file.
            batches: examples on which ranges are measured, if `needs_data`.

        Raises:
            ExportError: the file cannot be quantized.
        """


@final
class Float32(Quantization):
    """Float32, without quantization."""

    name = "float32"
    tolerance = 1e-4

    def apply(self, file: bytes, batches: CalibrationBatches) -> bytes:
        """Return the file unchanged."""
        return file


@final
class Float16(Quantization):
    """Weights in 16 bits, arithmetic in float32: half the size, about three digits of each weight."""

    name = "float16"
    tolerance = 1e-2

    def apply(self, file: bytes, batches: CalibrationBatches) -> bytes:
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
    """Weights in 8 bits, activations in float32: a quarter of the size, without representative data.

    Dense layers and convolutions round their inputs to 8 bits in each call. Transposed convolutions, for
    which runtimes have no such kernel, compute in float32.
    """

    name = "dynamic"
    tolerance = math.inf

    def apply(self, file: bytes, batches: CalibrationBatches) -> bytes:
        """Return the file with the weights of its linear layers in 8 bits."""
        with _quantizer() as aeq:
            recipes = aeq.recipe_manager.RecipeManager()
            for operation in _LINEAR[:-1]:
                recipes.add_dynamic_config(".*", operation, num_bits=8)
            recipes.add_weight_only_config(".*", "CONV_2D_TRANSPOSE", num_bits=8)
            return _written(aeq.quantizer.Quantizer(file, recipes.get_quantization_recipe()), None)


@final
class Int8(Quantization):
    """Weights and activations of networks in 8-bit integers, all else in float32.

    Networks are the linear layers and the operations that move or clip their results, see
    `network_operations`. Densities, divergences, scales and sums stay in float32: in 8 bits a score has 256
    values, and all examples beyond the largest one in calibration get the same. Inputs and outputs are
    float32, in the model's units.
    """

    name = "int8"
    needs_data = True
    tolerance = math.inf

    def apply(self, file: bytes, batches: CalibrationBatches) -> bytes:
        """Return the file with its networks in 8 bits, scaled to the ranges in the batches."""
        operations = network_operations(file)
        if not operations:
            raise ExportError("int8: there is no network in this endpoint")
        with _quantizer() as aeq:
            recipes = aeq.recipe_manager.RecipeManager()
            for operation, scopes in operations.items():
                recipes.add_static_config(scopes, operation, activation_num_bits=8, weight_num_bits=8)
            quantizer = aeq.quantizer.Quantizer(file, recipes.get_quantization_recipe())
            # Inside the running interpreter: from outside, the activations in a loop are not available.
            calibrator = aeq.calibrator.Calibrator(
                file,
                num_threads=1,
                mode=aeq.calibrator.CalibrationMode.CALIBRATION_PROFILER_BASED,
                qsv_update_func=aeq.utils.qsv_utils.min_max_update,
            )
            calibrator.calibrate(batches, recipes)
            return _written(quantizer, calibrator.get_model_qsvs())


QUANTIZATIONS: dict[str | None, Quantization] = {
    None: Float32(),
    **{each.name: each for each in (Float16(), DynamicRange(), Int8())},
}


def quantization(quantize: str | None) -> Quantization:
    """Return the quantization of a name.

    Args:
        quantize: None, "float16", "dynamic" or "int8".

    Raises:
        InvalidInput: another name.

    Example:
        >>> quantization("int8").needs_data
        True
    """
    if not isinstance(quantize, str | None) or quantize not in QUANTIZATIONS:
        raise InvalidInput("quantize", f"one of {list(QUANTIZATIONS)}", repr(quantize))
    return QUANTIZATIONS[quantize]


def _written(quantizer: Any, ranges: Any) -> bytes:
    try:
        return bytes(quantizer.quantize(ranges).quantized_model)
    except (ValueError, RuntimeError, KeyError, NotImplementedError) as error:
        reason = str(error).partition("\n")[0]
        raise ExportError(f"it cannot be quantized: {reason}") from error


@contextlib.contextmanager
def _quantizer() -> Iterator[Any]:
    """Yield the package `ai_edge_quantizer`, without its output."""
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
        warnings.simplefilter("ignore")  # about the memory for measuring every tensor
        # Messages that endpoints share weights. With a handler, `logging` does not add its own.
        root, handler = logging.getLogger(), logging.NullHandler()
        root.addHandler(handler)
        quiet.callback(root.removeHandler, handler)
        root.addFilter(_is_of_others)
        quiet.callback(root.removeFilter, _is_of_others)
        yield package


def _is_of_others(record: logging.LogRecord) -> bool:
    return "ai_edge_quantizer" not in record.pathname
