"""Load a SavedModel with TensorFlow's C++ loader, as TensorFlow Serving does, and compare its endpoints.

The library is part of TensorFlow's wheel, whose Python package is never imported.
"""

import ctypes
import importlib.util
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from check_common import arguments, forbid_imports, print_report
from check_messages import DTYPES, dtype_number, is_text, records, request_of, signatures

_STRING_BYTES = 24  # of a TF_TString


class _Output(ctypes.Structure):
    _fields_ = [("operation", ctypes.c_void_p), ("index", ctypes.c_int)]


# Found without importing it.
_FOLDER = Path(importlib.util.find_spec("tensorflow").submodule_search_locations[0])


def library():
    """Return the C API of the installed TensorFlow."""
    c = ctypes.CDLL(str(_FOLDER / "libtensorflow_cc.so.2"))
    for name in (
        "TF_NewStatus", "TF_NewGraph", "TF_NewSessionOptions", "TF_LoadSessionFromSavedModel",
        "TF_GraphOperationByName", "TF_AllocateTensor", "TF_TensorData", "TF_StringGetDataPointer",
    ):  # fmt: skip
        getattr(c, name).restype = ctypes.c_void_p
    c.TF_StringGetSize.restype = ctypes.c_size_t
    c.TF_Message.restype = ctypes.c_char_p
    c.TF_Dim.restype = ctypes.c_int64
    c.TF_TensorByteSize.restype = ctypes.c_size_t
    return c


class Session:
    """A SavedModel in memory.

    Args:
        folder: the version's folder.
    """

    def __init__(self, folder):
        self._c = library()
        self._status = ctypes.c_void_p(self._c.TF_NewStatus())
        self._graph = ctypes.c_void_p(self._c.TF_NewGraph())
        options = ctypes.c_void_p(self._c.TF_NewSessionOptions())
        tags = (ctypes.c_char_p * 1)(b"serve")
        self._session = ctypes.c_void_p(
            self._c.TF_LoadSessionFromSavedModel(
                options, None, str(folder).encode(), tags, 1, self._graph, None, self._status
            )
        )
        self._raise_if_failed()
        self.signatures = signatures(folder / "saved_model.pb")

    def run(self, endpoint, inputs):
        """Return a signature's outputs, a mapping of names to arrays.

        Args:
            endpoint: name of the signature.
            inputs: mapping of names to arrays.
        """
        c, (input_names, output_names) = self._c, self.signatures[endpoint]
        if set(input_names) != set(inputs):
            raise SystemExit(f"{endpoint}: expected inputs {set(input_names)}, received {set(inputs)}")
        values = (ctypes.c_void_p * len(inputs))(*(self._tensor(value) for value in inputs.values()))
        results = (ctypes.c_void_p * len(output_names))()
        c.TF_SessionRun(
            self._session, None,
            self._outputs(input_names[name] for name in inputs), values, len(inputs),
            self._outputs(output_names.values()), results, len(output_names),
            None, 0, None, self._status,
        )  # fmt: skip
        for value in values:
            c.TF_DeleteTensor(ctypes.c_void_p(value))
        self._raise_if_failed()
        arrays = {name: self._array(result) for name, result in zip(output_names, results, strict=True)}
        for result in results:
            c.TF_DeleteTensor(ctypes.c_void_p(result))
        return arrays

    def _outputs(self, names):
        split = [name.rpartition(":") for name in names]
        operations = (
            (self._c.TF_GraphOperationByName(self._graph, operation.encode()), int(index))
            for operation, _, index in split
        )
        return (_Output * len(split))(*operations)

    def _tensor(self, value):
        c = self._c
        size = _STRING_BYTES * value.size if is_text(value) else value.nbytes
        dims = (ctypes.c_int64 * value.ndim)(*value.shape)
        tensor = c.TF_AllocateTensor(dtype_number(value), dims, value.ndim, ctypes.c_size_t(size))
        data = c.TF_TensorData(ctypes.c_void_p(tensor))
        if not is_text(value):
            ctypes.memmove(data, value.tobytes(), size)
            return tensor
        for index, text in enumerate(value.ravel()):
            place = ctypes.c_void_p(data + _STRING_BYTES * index)
            c.TF_StringInit(place)
            c.TF_StringCopy(place, bytes(text), ctypes.c_size_t(len(text)))
        return tensor

    def _array(self, result):
        import numpy as np

        c, tensor = self._c, ctypes.c_void_p(result)
        shape = [c.TF_Dim(tensor, axis) for axis in range(c.TF_NumDims(tensor))]
        data, dtype = c.TF_TensorData(tensor), DTYPES.get(c.TF_TensorType(tensor))
        if dtype is not None:
            content = ctypes.string_at(data, c.TF_TensorByteSize(tensor))
            return np.frombuffer(content, dtype).reshape(shape)
        places = [ctypes.c_void_p(data + _STRING_BYTES * index) for index in range(int(np.prod(shape)))]
        texts = [ctypes.string_at(c.TF_StringGetDataPointer(p), c.TF_StringGetSize(p)) for p in places]
        return np.array(texts, object).reshape(shape)

    def _raise_if_failed(self):
        if self._c.TF_GetCode(self._status):
            raise RuntimeError(self._c.TF_Message(self._status).decode(errors="replace").splitlines()[0])


def main():
    """Check the SavedModel argv[1] against the arrays in argv[2]."""
    forbid_imports("tfvae", "keras", "tf_keras", "tensorflow_probability", "tensorflow")
    folder, expected, batch = arguments()
    session = Session(folder)
    warmup = folder / "assets.extra" / "tf_serving_warmup_requests"
    for record in records(warmup) if warmup.is_file() else ():
        session.run(*request_of(record))
    print_report(expected, session.run, batch)


if __name__ == "__main__":
    main()
