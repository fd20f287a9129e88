"""Load a SavedModel with TensorFlow alone, replay its warm-up, compare its endpoints with stored numbers."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from check_common import arguments, forbid_imports, print_report
from check_messages import request_of


def main():
    """Check the SavedModel argv[1] against the arrays in argv[2]."""
    forbid_imports("tfvae", "keras", "tf_keras", "tensorflow_probability")
    import tensorflow as tf

    folder, expected, batch = arguments()
    loaded = tf.saved_model.load(str(folder))
    signatures = loaded.signatures

    def run(endpoint, inputs):
        results = signatures[endpoint](**{name: tf.constant(value) for name, value in inputs.items()})
        return {name: value.numpy() for name, value in results.items()}

    warmup = folder / "assets.extra" / "tf_serving_warmup_requests"
    if warmup.is_file():
        for record in tf.data.TFRecordDataset(str(warmup)):
            run(*request_of(record.numpy()))
    print_report(expected, run, batch)


if __name__ == "__main__":
    main()
