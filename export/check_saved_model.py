"""Load a SavedModel with TensorFlow alone and compare its endpoints with stored numbers."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from check_common import forbid, report


def main():
    """Check the SavedModel argv[1] against the arrays in argv[2]."""
    forbid("tfvae", "keras", "tf_keras", "tensorflow_probability")
    import numpy as np
    import tensorflow as tf

    loaded = tf.saved_model.load(sys.argv[1])
    signatures = loaded.signatures
    with np.load(sys.argv[2], allow_pickle=False) as file:
        expected = dict(file)

    def run(endpoint, inputs):
        results = signatures[endpoint](**{name: tf.constant(value) for name, value in inputs.items()})
        return {name: value.numpy() for name, value in results.items()}

    report(expected, run)


if __name__ == "__main__":
    main()
