"""Run a LiteRT file with its interpreter alone and compare its endpoints with stored numbers."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from check_common import arguments, forbid_imports, print_report


def runner(path):
    """Return a function of (endpoint, {name: array}) that runs a file, in fixed batches if it has them.

    Args:
        path: the file.
    """
    import numpy as np
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(model_path=path)

    def run(endpoint, inputs):
        call = interpreter.get_signature_runner(endpoint)
        size = next(iter(call.get_input_details().values()))["shape_signature"][0]
        if size < 0:
            return call(**inputs)
        rows = len(next(iter(inputs.values())))
        filled = np.minimum(np.arange(-(-rows // size) * size), rows - 1).reshape(-1, size)
        parts = [call(**{name: value[part] for name, value in inputs.items()}) for part in filled]
        return {name: np.concatenate([part[name] for part in parts])[:rows] for name in parts[0]}

    return run


def main():
    """Check the LiteRT file argv[1] against the arrays in argv[2]; time batches of argv[3] as well."""
    forbid_imports("tfvae", "keras", "tf_keras", "tensorflow_probability", "tensorflow")
    export, expected, batch = arguments()
    print_report(expected, runner(str(export)), batch)


if __name__ == "__main__":
    main()
