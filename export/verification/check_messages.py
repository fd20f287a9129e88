"""The few protocol buffers that serving needs, described here so that no other package is needed.

Only the fields that are read or written here have names; all others are kept when a message is read and
written again. Maps are lists of keys and values, as they are stored.
"""

import struct

import numpy as np
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

_FIELDS = {  # message: {field: (number, type, whether there are many)}
    # tensorflow/serving: prediction_log.proto, predict.proto, model.proto
    "PredictionLog": {"predict_log": (6, "PredictLog", False)},
    "PredictLog": {"request": (1, "PredictRequest", False)},
    "PredictRequest": {"model_spec": (1, "ModelSpec", False), "inputs": (2, "NamedTensor", True)},
    "ModelSpec": {"name": (1, "string", False), "signature_name": (3, "string", False)},
    "NamedTensor": {"key": (1, "string", False), "value": (2, "Tensor", False)},
    # tensorflow: tensor.proto, tensor_shape.proto
    "Tensor": {
        "dtype": (1, "int32", False),
        "tensor_shape": (2, "Shape", False),
        "tensor_content": (4, "bytes", False),
        "string_val": (8, "bytes", True),
    },
    "Shape": {"dim": (2, "Dimension", True)},
    "Dimension": {"size": (1, "int64", False)},
    # tensorflow: saved_model.proto, meta_graph.proto
    "SavedModel": {"meta_graphs": (2, "MetaGraph", True)},
    "MetaGraph": {"signature_def": (5, "NamedSignature", True)},
    "NamedSignature": {"key": (1, "string", False), "value": (2, "Signature", False)},
    "Signature": {"inputs": (1, "NamedInfo", True), "outputs": (2, "NamedInfo", True)},
    "NamedInfo": {"key": (1, "string", False), "value": (2, "TensorInfo", False)},
    "TensorInfo": {"name": (1, "string", False), "dtype": (2, "int32", False)},
}
_STRING = 7  # DT_STRING
DTYPES = {  # numbers of tensorflow: types.proto
    1: "float32", 2: "float64", 3: "int32", 4: "uint8", 5: "int16", 6: "int8", 9: "int64", 10: "bool",
    17: "uint16", 19: "float16", 22: "uint32", 23: "uint64",
}  # fmt: skip
_NUMBERS = {name: number for number, name in DTYPES.items()}


def _classes():
    file = descriptor_pb2.FileDescriptorProto(name="tfvae_serving.proto", package="tfvae", syntax="proto3")
    kinds = descriptor_pb2.FieldDescriptorProto
    for message, fields in _FIELDS.items():
        described = file.message_type.add(name=message)
        for name, (number, kind, many) in fields.items():
            label = kinds.LABEL_REPEATED if many else kinds.LABEL_OPTIONAL
            field = described.field.add(name=name, number=number, label=label)
            if kind in _FIELDS:
                field.type, field.type_name = kinds.TYPE_MESSAGE, f".tfvae.{kind}"
            else:
                field.type = getattr(kinds, f"TYPE_{kind.upper()}")
    pool = descriptor_pool.DescriptorPool()  # separate from that of TensorFlow's own messages
    pool.Add(file)
    return {n: message_factory.GetMessageClass(pool.FindMessageTypeByName(f"tfvae.{n}")) for n in _FIELDS}


MESSAGES = _classes()


def is_text(array):
    """Return whether an array holds strings.

    Args:
        array: the array.
    """
    return array.dtype.kind in "SO"


def dtype_number(array):
    """Return TensorFlow's number of an array's dtype.

    Args:
        array: the array.
    """
    return _STRING if is_text(array) else _NUMBERS[array.dtype.name]


def record(model, signature, inputs):
    """Return a warm-up record's bytes: a `tensorflow.serving.PredictionLog` with one request.

    Args:
        model: name of the served model.
        signature: name of the signature.
        inputs: mapping of names to arrays.

    Example:
        >>> request_of(record("digits", "encode", {"x": np.ones((1, 2), np.float32)}))
        ('encode', {'x': array([[1., 1.]], dtype=float32)})
    """
    log = MESSAGES["PredictionLog"]()
    request = log.predict_log.request
    request.model_spec.name, request.model_spec.signature_name = model, signature
    for name, value in inputs.items():
        entry = request.inputs.add(key=name)
        entry.value.dtype = dtype_number(value)
        for size in value.shape:
            entry.value.tensor_shape.dim.add(size=size)
        if is_text(value):
            entry.value.string_val.extend(bytes(text) for text in value.ravel())
        else:
            entry.value.tensor_content = np.ascontiguousarray(value).tobytes()
    return log.SerializeToString(deterministic=True)


def request_of(data):
    """Return the signature and a mapping of names to arrays of a warm-up record.

    Args:
        data: the record's bytes, see `record`.
    """
    request = MESSAGES["PredictionLog"].FromString(data).predict_log.request
    inputs = {}
    for entry in request.inputs:
        shape = [dimension.size for dimension in entry.value.tensor_shape.dim]
        if entry.value.dtype == _STRING:
            values = np.array(list(entry.value.string_val), object)
        else:
            values = np.frombuffer(entry.value.tensor_content, DTYPES[entry.value.dtype])
        inputs[entry.key] = values.reshape(shape)
    return request.model_spec.signature_name, inputs


def records(path):
    """Yield the records of a TFRecord file: length, its checksum, data, their checksum.

    Args:
        path: the file.

    Raises:
        ValueError: the file is truncated.
    """
    with open(path, "rb") as file:
        while header := file.read(12):
            length = struct.unpack("<Q", header[:8])[0] if len(header) == 12 else 0
            rest = file.read(length + 4)
            if not length or len(rest) != length + 4:
                raise ValueError(f"{path}: it ends in the middle of a record")
            yield rest[:length]


def signatures(path):
    """Return the inputs and outputs of each signature, as mappings of names to names of the graph's tensors.

    Args:
        path: the saved_model.pb.
    """
    with open(path, "rb") as file:
        model = MESSAGES["SavedModel"].FromString(file.read())
    return {
        entry.key: tuple(
            {info.key: info.value.name for info in side} for side in (entry.value.inputs, entry.value.outputs)
        )
        for entry in model.meta_graphs[0].signature_def
    }
