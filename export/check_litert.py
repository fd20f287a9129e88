"""Run a LiteRT file with its interpreter alone and compare its endpoint with stored numbers."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from check_common import forbid, report


def main():
    """Check the LiteRT file argv[1] against the arrays in argv[2]."""
    forbid("tfvae", "keras", "tf_keras", "tensorflow_probability", "tensorflow")
    import numpy as np
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(model_path=sys.argv[1])
    with np.load(sys.argv[2], allow_pickle=False) as file:
        expected = dict(file)

    def run(endpoint, inputs):
        return interpreter.get_signature_runner(endpoint)(**inputs)

    report(expected, run)


if __name__ == "__main__":
    main()
