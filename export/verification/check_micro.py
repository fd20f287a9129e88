"""Run a LiteRT file under the microcontroller interpreter, one example at a time."""

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from check_common import arguments, forbid_imports
from check_litert import runner

_LARGEST = 2**28
_STEP = 16  # bytes: alignment of an arena


def main():
    """Find the smallest arena for the file argv[1]; compare with the LiteRT interpreter on inputs argv[2]."""
    forbid_imports("tfvae", "keras", "tf_keras", "tensorflow_probability", "tensorflow")
    import numpy as np
    from ai_edge_litert.interpreter import Interpreter
    from tflite_micro.python.tflite_micro import runtime

    path, stored, _ = arguments()
    content = path.read_bytes()
    (endpoint,) = Interpreter(model_path=str(path)).get_signature_list()
    prefix = f"{endpoint}/in/"
    inputs = {key[len(prefix) :]: stored[key] for key in stored if key.startswith(prefix)}
    inputs_at, outputs_at = _positions(content)

    def outputs(arena):
        """Return outputs by name, and an empty reason; or None, and the reason why there are none."""
        try:
            micro = runtime.Interpreter.from_bytes(content, arena_size=arena)
            rows = []
            for row in range(len(next(iter(inputs.values())))):
                for name, index in inputs_at.items():
                    micro.set_input(inputs[name][row : row + 1], index)
                micro.invoke()
                rows.append({name: micro.get_output(index).copy() for name, index in outputs_at.items()})
        except (RuntimeError, ValueError) as error:
            return None, str(error)
        return {name: np.concatenate([row[name] for row in rows]) for name in rows[0]}, ""

    received, reason = outputs(_LARGEST)
    if received is None:
        return print(json.dumps({"arena_bytes": None, "largest_difference": None, "reason": reason}))
    expected = runner(str(path))(endpoint, inputs)
    difference = max(float(np.max(np.abs(received[name] - expected[name]))) for name in expected)
    inputs = {name: value[:1] for name, value in inputs.items()}
    fits, fails = _LARGEST // _STEP, 0
    while fits - fails > 1:
        middle = (fits + fails) // 2
        fits, fails = (middle, fails) if outputs(middle * _STEP)[0] is not None else (fits, middle)
    found = {"arena_bytes": fits * _STEP, "largest_difference": difference, "reason": ""}
    return print(json.dumps(found))


def _positions(content):
    """Return the positions of a file's inputs and outputs by name."""
    from ai_edge_litert import schema_py_generated as schema

    model = schema.ModelT.InitFromPackedBuf(content, 0)
    signature, graph = model.signatureDefs[0], model.subgraphs[0]
    pairs = ((signature.inputs, list(graph.inputs)), (signature.outputs, list(graph.outputs)))
    return [{m.name.decode(): order.index(m.tensorIndex) for m in maps} for maps, order in pairs]


if __name__ == "__main__":
    main()
