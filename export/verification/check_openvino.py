"""Run a SavedModel's endpoints with OpenVINO, an engine independent of TensorFlow."""

import shutil
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from check_common import Unsupported, arguments, forbid_imports, print_report
from check_messages import MESSAGES

_REASON = "No conversion rule"
_DEFAULT = "serving_default"  # the only signature that OpenVINO reads


def with_default(folder, endpoint, target):
    """Copy a SavedModel with one of its signatures as the default one.

    Args:
        folder: the SavedModel.
        endpoint: name of the signature.
        target: the new folder.
    """
    model = MESSAGES["SavedModel"].FromString((folder / "saved_model.pb").read_bytes())
    entries = model.meta_graphs[0].signature_def
    wanted = next(entry.value for entry in entries if entry.key == endpoint)
    copy = type(wanted).FromString(wanted.SerializeToString())
    del entries[:]
    entries.add(key=_DEFAULT).value.CopyFrom(copy)
    target.mkdir(exist_ok=True)
    (target / "saved_model.pb").write_bytes(model.SerializeToString())
    for part in ("variables", "assets"):
        if (folder / part).is_dir():
            shutil.copytree(folder / part, target / part, dirs_exist_ok=True)


def main():
    """Check the SavedModel argv[1] against the arrays in argv[2]."""
    forbid_imports("tfvae", "keras", "tf_keras", "tensorflow_probability", "tensorflow")
    import numpy as np
    import openvino

    folder, expected, batch = arguments()
    core, compiled = openvino.Core(), {}

    def compile_endpoint(endpoint):
        with tempfile.TemporaryDirectory() as scratch:
            with_default(folder, endpoint, Path(scratch) / "model")
            try:
                model = openvino.convert_model(Path(scratch) / "model")
                return core.compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
            except Exception as error:  # its error classes are not public
                lines = [line.strip(" -") for line in str(error).splitlines() if line.strip()]
                raise Unsupported(
                    next((line for line in lines if line.startswith(_REASON)), lines[0])
                ) from error

    def run(endpoint, inputs):
        if endpoint not in compiled:
            compiled[endpoint] = compile_endpoint(endpoint)
        results = compiled[endpoint](inputs)
        return {_name(output): np.array(value) for output, value in results.items()}

    print_report(expected, run, batch)


def _name(output):
    """Return an output's name in the signature, without the index of the graph's tensor."""
    return min((name.partition(":")[0] for name in output.get_names()), key=len)


if __name__ == "__main__":
    main()
