"""Which operations of a LiteRT file are the networks, and which compute with what networks say."""

from __future__ import annotations

import re

from ai_edge_litert import schema_py_generated as schema

_LINEAR = frozenset(("FULLY_CONNECTED", "CONV_2D", "DEPTHWISE_CONV_2D", "TRANSPOSE_CONV"))
_QUANTIZER_NAMES = {"TRANSPOSE_CONV": "CONV_2D_TRANSPOSE"}
_BUILTINS = {code: name for name, code in vars(schema.BuiltinOperator).items() if not name.startswith("_")}
# They move, add, pool or clip: what goes in as a network's numbers comes out as such.
_PASSING = frozenset(
    (
        "RESHAPE", "TRANSPOSE", "RELU", "TANH", "ADD", "CONCATENATION", "PAD", "MIRROR_PAD", "MEAN",
        "AVERAGE_POOL_2D", "MAX_POOL_2D", "RESIZE_BILINEAR", "RESIZE_NEAREST_NEIGHBOR", "SPACE_TO_DEPTH",
    )
)  # fmt: skip


def model_of(file: bytes) -> schema.ModelT:
    """Return a file's content as an object.

    Example:
        >>> model_of(b"no model")
        Traceback (most recent call last):
        ValueError: this is no LiteRT file
    """
    if len(file) < 8 or file[4:8] != b"TFL3":
        raise ValueError("this is no LiteRT file")
    return schema.ModelT.InitFromPackedBuf(file, 0)


def operations(file: bytes) -> list[str]:
    """Return the names of the operations in a file, each once, custom ones as `CUSTOM`."""
    model = model_of(file)
    return sorted({_name(model, operator) for graph in model.subgraphs for operator in graph.operators or []})


def network_operations(file: bytes) -> dict[str, str]:
    """Return where a file's networks are: a pattern of output names, by operation.

    A network's operations are those with weights, and those that pass on what these give: with no
    other input than a network's numbers and constants. Loops and branches are left as they are.

    Args:
        file: the float32 file.
    """
    model = model_of(file)
    found: dict[str, list[str]] = {}
    for signature in model.signatureDefs:
        graph = model.subgraphs[signature.subgraphIndex]
        of_network: set[int] = set()
        for operator in graph.operators:
            name = _name(model, operator)
            if name in _LINEAR or (name in _PASSING and _passes(model, graph, operator, of_network)):
                of_network.update(operator.outputs)
                scope = "".join(graph.tensors[index].name.decode() + ";" for index in operator.outputs)
                found.setdefault(_QUANTIZER_NAMES.get(name, name), []).append(re.escape(scope))
    return {name: f"^({'|'.join(scopes)})$" for name, scopes in found.items()}


def _passes(model: schema.ModelT, graph: schema.SubGraphT, operator: object, of_network: set[int]) -> bool:
    computed = [i for i in operator.inputs if i >= 0 and not _is_data_free(model, graph.tensors[i])]
    return bool(computed) and of_network.issuperset(computed)


def _is_data_free(model: schema.ModelT, tensor: schema.TensorT) -> bool:
    """Whether a tensor is a constant, or whole numbers: a shape."""
    data = model.buffers[tensor.buffer].data
    return tensor.type != schema.TensorType.FLOAT32 or (data is not None and len(data) > 0)


def _name(model: schema.ModelT, operator: schema.OperatorT) -> str:
    code = model.operatorCodes[operator.opcodeIndex]
    return _BUILTINS[max(code.builtinCode, code.deprecatedBuiltinCode)]
