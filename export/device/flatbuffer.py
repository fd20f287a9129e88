"""LiteRT files as objects, and back."""

from __future__ import annotations

import struct
from typing import Any, TypeAlias, final

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema

# The generated classes declare every field as optional; in the objects here all are set.
Model: TypeAlias = Any
Graph: TypeAlias = Any
Operator: TypeAlias = Any
LiteRTTensor: TypeAlias = Any

_IDENTIFIER = b"TFL3"
_ALIGNMENT = 16  # bytes: what runtimes on devices may rely on, as the schema says
_NAMES = {code: name for name, code in vars(schema.BuiltinOperator).items() if not name.startswith("_")}


def model_of(file: bytes) -> Model:
    """Return a file's content as an object, including all its data.

    Args:
        file: content of a LiteRT file.

    Returns:
        A `schema.ModelT` of ai_edge_litert.

    Raises:
        ValueError: this is no LiteRT file, or a damaged one.

    Example:
        >>> model_of(b"no model")
        Traceback (most recent call last):
        ValueError: this is no LiteRT file
    """
    if len(file) < 8 or file[4:8] != _IDENTIFIER:
        raise ValueError("this is no LiteRT file")
    try:
        model: Model = schema.ModelT.InitFromPackedBuf(file, 0)
        for buffer in model.buffers:
            if buffer.offset:  # the data follows the object
                buffer.data = np.frombuffer(file, np.uint8, buffer.size, buffer.offset)
                buffer.offset = buffer.size = 0
    except (struct.error, IndexError, TypeError, AttributeError, ValueError) as error:  # of damaged files
        raise ValueError(f"this LiteRT file is damaged ({error})") from error
    return model


def file_of(model: Model) -> bytes:
    """Return the content of a LiteRT file.

    Args:
        model: a `schema.ModelT`.
    """
    builder = _AlignedBuilder(1024)
    builder.Finish(model.Pack(builder), _IDENTIFIER)
    return bytes(builder.Output())


def operation(model: Model, operator: Operator) -> str:
    """Return the name of an operation, such as `CONV_2D`, or `CUSTOM`.

    Args:
        model: a `schema.ModelT`.
        operator: a `schema.OperatorT` in it.
    """
    code = model.operatorCodes[operator.opcodeIndex]
    return _NAMES[max(code.builtinCode, code.deprecatedBuiltinCode)]


def operations(file: bytes) -> list[str]:
    """Return the names of the operations in a file, each once.

    Args:
        file: content of a LiteRT file.
    """
    model = model_of(file)
    return sorted({operation(model, each) for graph in model.subgraphs for each in graph.operators or []})


@final
class _AlignedBuilder(flatbuffers.Builder):
    """A builder that aligns data as the schema says, unlike the generated Python classes."""

    def StartVector(self, elemSize: int, numElems: int, alignment: int) -> int:  # noqa: N802, N803
        """Begin a vector; bytes are data."""
        return super().StartVector(elemSize, numElems, _ALIGNMENT if elemSize == 1 else alignment)
