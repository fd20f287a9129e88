"""Which operations of a LiteRT file belong to networks, and which compute with their outputs."""

from __future__ import annotations

import re

from ai_edge_litert import schema_py_generated as schema

from tfvae.export.device.flatbuffer import Graph, LiteRTTensor, Model, Operator, model_of, operation

_LINEAR = frozenset(("FULLY_CONNECTED", "CONV_2D", "DEPTHWISE_CONV_2D", "TRANSPOSE_CONV"))
_QUANTIZER_NAMES = {"TRANSPOSE_CONV": "CONV_2D_TRANSPOSE"}
# They move, add, pool or clip: from activations of a network they compute activations.
_PASSING = frozenset(
    (
        "RESHAPE", "TRANSPOSE", "RELU", "TANH", "ADD", "CONCATENATION", "PAD", "MIRROR_PAD", "MEAN",
        "AVERAGE_POOL_2D", "MAX_POOL_2D", "RESIZE_BILINEAR", "RESIZE_NEAREST_NEIGHBOR", "SPACE_TO_DEPTH",
    )
)  # fmt: skip


def network_operations(file: bytes) -> dict[str, str]:
    """Return the operations of a file's networks: a pattern of output names, by operation.

    These are the operations with weights, and those that move, add, pool or clip activations and take no
    other inputs than activations and constants. Not included are loops and branches, and operations that do
    not depend on the inputs: a layer that is also applied to constants shares its bias, which has one scale
    in 8 bits.

    Args:
        file: content of the float32 file.
    """
    model = model_of(file)
    found: dict[str, list[str]] = {}
    for signature in model.signatureDefs:
        graph = model.subgraphs[signature.subgraphIndex]
        activations: set[int] = set()
        computed_from_inputs = set(graph.inputs)
        for operator in graph.operators:
            if computed_from_inputs.isdisjoint(operator.inputs):
                continue
            computed_from_inputs.update(operator.outputs)
            name = operation(model, operator)
            if name in _LINEAR or (name in _PASSING and _passes(model, graph, operator, activations)):
                activations.update(operator.outputs)
                scope = "".join(graph.tensors[index].name.decode() + ";" for index in operator.outputs)
                found.setdefault(_QUANTIZER_NAMES.get(name, name), []).append(re.escape(scope))
    return {name: f"^({'|'.join(scopes)})$" for name, scopes in found.items()}


def _passes(model: Model, graph: Graph, operator: Operator, activations: set[int]) -> bool:
    """Whether an operation has activations among its inputs, and otherwise only constants."""
    variable = [i for i in operator.inputs if i >= 0 and not _is_constant(model, graph.tensors[i])]
    return bool(variable) and activations.issuperset(variable)


def _is_constant(model: Model, tensor: LiteRTTensor) -> bool:
    """Whether a tensor is a constant, or holds integers: a shape."""
    data = model.buffers[tensor.buffer].data
    return tensor.type != schema.TensorType.FLOAT32 or (data is not None and len(data) > 0)
