"""Which operations of a LiteRT file are the networks, and which compute with what networks say."""

from __future__ import annotations

import re

from ai_edge_litert import schema_py_generated as schema

from tfvae.export.device.flatbuffer import model_of, operation

_LINEAR = frozenset(("FULLY_CONNECTED", "CONV_2D", "DEPTHWISE_CONV_2D", "TRANSPOSE_CONV"))
_QUANTIZER_NAMES = {"TRANSPOSE_CONV": "CONV_2D_TRANSPOSE"}
# They move, add, pool or clip: what goes in as a network's numbers comes out as such.
_PASSING = frozenset(
    (
        "RESHAPE", "TRANSPOSE", "RELU", "TANH", "ADD", "CONCATENATION", "PAD", "MIRROR_PAD", "MEAN",
        "AVERAGE_POOL_2D", "MAX_POOL_2D", "RESIZE_BILINEAR", "RESIZE_NEAREST_NEIGHBOR", "SPACE_TO_DEPTH",
    )
)  # fmt: skip


def network_operations(file: bytes) -> dict[str, str]:
    """Return where a file's networks are: a pattern of output names, by operation.

    A network's operations are those with weights, and those that pass on what these give: with no
    other input than a network's numbers and constants. Loops and branches are left as they are, and what
    does not depend on the inputs: layers applied to constants as well share their biases with themselves,
    which have one scale in 8 bits.

    Args:
        file: the float32 file.
    """
    model = model_of(file)
    found: dict[str, list[str]] = {}
    for signature in model.signatureDefs:
        graph = model.subgraphs[signature.subgraphIndex]
        of_network: set[int] = set()
        of_inputs = set(graph.inputs)
        for operator in graph.operators:
            if of_inputs.isdisjoint(operator.inputs):
                continue
            of_inputs.update(operator.outputs)
            name = operation(model, operator)
            if name in _LINEAR or (name in _PASSING and _passes(model, graph, operator, of_network)):
                of_network.update(operator.outputs)
                scope = "".join(graph.tensors[index].name.decode() + ";" for index in operator.outputs)
                found.setdefault(_QUANTIZER_NAMES.get(name, name), []).append(re.escape(scope))
    return {name: f"^({'|'.join(scopes)})$" for name, scopes in found.items()}


def _passes(model: schema.ModelT, graph: schema.SubGraphT, operator: object, of_network: set[int]) -> bool:
    computed = [i for i in operator.inputs if i >= 0 and not _is_data_free(model, graph.tensors[i])]
    return bool(computed) and of_network.issuperset(computed)


def _is_data_free(model: schema.ModelT, tensor: schema.TensorT) -> bool:
    """Whether a tensor is a constant, or integers: a shape."""
    data = model.buffers[tensor.buffer].data
    return tensor.type != schema.TensorType.FLOAT32 or (data is not None and len(data) > 0)
