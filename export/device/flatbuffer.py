"""LiteRT files as objects, and back."""

from __future__ import annotations

import struct
from typing import final

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema

_IDENTIFIER = b"TFL3"
_ALIGNED = 16  # bytes: what runtimes on devices may rely on, and the schema asks for
_NAMES = {code: name for name, code in vars(schema.BuiltinOperator).items() if not name.startswith("_")}


def model_of(file: bytes) -> schema.ModelT:
    """Return a file's content as an object, with all its data inside.

    Raises:
        ValueError: for what is no LiteRT file, or a damaged one.

    Example:
        >>> model_of(b"no model")
        Traceback (most recent call last):
        ValueError: this is no LiteRT file
    """
    if len(file) < 8 or file[4:8] != _IDENTIFIER:
        raise ValueError("this is no LiteRT file")
    try:
        model = schema.ModelT.InitFromPackedBuf(file, 0)
        for buffer in model.buffers:
            if buffer.offset:  # the data stands behind the object
                buffer.data = np.frombuffer(file, np.uint8, buffer.size, buffer.offset)
                buffer.offset = buffer.size = 0
    except (struct.error, IndexError, TypeError, AttributeError, ValueError) as error:  # as damage shows
        raise ValueError(f"this LiteRT file is damaged ({error})") from error
    return model


def file_of(model: schema.ModelT) -> bytes:
    """Return the file of an object."""
    builder = _Aligned(1024)
    builder.Finish(model.Pack(builder), _IDENTIFIER)
    return bytes(builder.Output())


def operation(model: schema.ModelT, operator: schema.OperatorT) -> str:
    """Return the name of an operation, such as `CONV_2D`; custom ones are `CUSTOM`."""
    code = model.operatorCodes[operator.opcodeIndex]
    return _NAMES[max(code.builtinCode, code.deprecatedBuiltinCode)]


def operations(file: bytes) -> list[str]:
    """Return the names of the operations in a file, each once."""
    model = model_of(file)
    return sorted({operation(model, each) for graph in model.subgraphs for each in graph.operators or []})


@final
class _Aligned(flatbuffers.Builder):
    """A builder that aligns data as the schema says, which its Python form leaves out."""

    def StartVector(self, elemSize: int, numElems: int, alignment: int) -> int:  # noqa: N802, N803
        """Begin a vector; bytes are data."""
        return super().StartVector(elemSize, numElems, _ALIGNED if elemSize == 1 else alignment)
