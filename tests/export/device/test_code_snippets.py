"""What goes with a LiteRT file: facts inside it, and code that calls it."""

import json
import re
import shutil
import subprocess

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

import tfvae
from tfvae.core.errors import InvalidInput, UnreadableFile
from tfvae.data.preprocessing import Standardize

# What the snippet uses of TensorFlow Lite's C++ interface, declared as its headers declare it.
_HEADERS = """
#pragma once
#include <cstddef>
#include <memory>
#include <vector>
typedef enum TfLiteStatus { kTfLiteOk = 0, kTfLiteError = 1 } TfLiteStatus;
typedef union TfLitePtrUnion { float* f; char* raw; const char* raw_const; void* data; } TfLitePtrUnion;
typedef struct TfLiteTensor { TfLitePtrUnion data; size_t bytes; } TfLiteTensor;
namespace tflite {
class SignatureRunner {
 public:
  TfLiteTensor* input_tensor(const char* input_name);
  const TfLiteTensor* output_tensor(const char* output_name) const;
  TfLiteStatus ResizeInputTensor(const char* input_name, const std::vector<int>& new_size);
  TfLiteStatus AllocateTensors();
  TfLiteStatus Invoke();
};
class Interpreter {
 public:
  SignatureRunner* GetSignatureRunner(const char* signature_key);
};
class FlatBufferModel {
 public:
  static std::unique_ptr<FlatBufferModel> BuildFromFile(const char* filename);
};
class OpResolver {};
class InterpreterBuilder {
 public:
  InterpreterBuilder(const FlatBufferModel& model, const OpResolver& op_resolver);
  TfLiteStatus operator()(std::unique_ptr<Interpreter>* interpreter);
};
namespace ops { namespace builtin { class BuiltinOpResolver : public OpResolver {}; } }
}  // namespace tflite
"""
_LAYER = Standardize(offset=[1.0, -50.0, 1000.0], scale=[0.1, 5.0, 200.0])


@pytest.fixture(scope="module")
def export(tmp_path_factory):
    """Two endpoints of a model of a table, with its preprocessing."""
    return tfvae.export.litert(
        tfvae.zoo.vae((3,), latent_dim=2),
        tmp_path_factory.mktemp("device") / "pump_2.tflite",
        ["encode", "score"],
        preprocessing=_LAYER,
        label="a pump's sensors",
        threshold=12.5,
    )


def test_facts_are_read_with_the_schema_alone(export):
    model = schema.ModelT.InitFromPackedBuf(export.path.read_bytes(), 0)
    (entry,) = [each for each in model.metadata if each.name == b"tfvae"]
    facts = json.loads(bytes(model.buffers[entry.buffer].data))
    assert facts == tfvae.export.read_metadata(export.path)
    assert (facts["label"], facts["threshold"]) == ("a pump's sensors", 12.5)
    assert (facts["format"], facts["tfvae"]) == (1, tfvae.__version__)
    assert facts["preprocessing"]["class"] == "Standardize"
    np.testing.assert_allclose(facts["preprocessing"]["scale"], [0.1, 5.0, 200.0])
    assert facts["endpoints"]["score"]["units"]["score"] == "nats"
    assert facts["endpoints"]["encode"]["inputs"]["x"]["shape"] == [3]


def test_facts_say_which_values_an_input_has(tmp_path):
    image = tfvae.zoo.vae((8, 8, 1), latent_dim=2)
    tfvae.export.litert(image, tmp_path / "e.tflite", quantize="float16")
    facts = tfvae.export.read_metadata(tmp_path / "e.tflite")
    (values,) = facts["endpoints"]["encode"]["inputs"]["x"]["values"]
    assert values == {"low": 0.0, "high": 1.0, "integer": False, "missing": False}
    assert facts["quantization"] == "float16"
    assert "numbers from 0 to 1" in (tmp_path / "e.code" / "e.js").read_text()


def test_other_files_have_no_facts(tmp_path):
    for name, content in (("a.tflite", b"no model at all"), ("b.tflite", b"\x1c\0\0\0TFL3" + b"\xff" * 64)):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(UnreadableFile, match=r"expected a \.tflite file that tfvae wrote"):
            tfvae.export.read_metadata(tmp_path / name)
    with pytest.raises(UnreadableFile, match="No such file"):
        tfvae.export.read_metadata(tmp_path / "absent.tflite")


@pytest.mark.parametrize(
    ("name", "value"), [("label", 3), ("threshold", "high"), ("threshold", float("nan"))]
)
def test_wrong_facts_are_refused(tmp_path, name, value):
    vae = tfvae.zoo.vae((4,), latent_dim=2)
    with pytest.raises(InvalidInput, match=f"{name}: expected"):
        tfvae.export.litert(vae, tmp_path / "e.tflite", **{name: value})
    assert not list(tmp_path.iterdir())


def test_there_is_code_for_four_platforms(export):
    assert sorted(path.suffix for path in export.code.iterdir()) == [".cc", ".js", ".kt", ".swift"]
    for path in export.code.iterdir():
        text = path.read_text()
        for name in ('encode"' if path.suffix != ".js" else "encode'", "x", "score", "location", "12.5"):
            assert name in text, (path.name, name)
        for opened, closed in ("()", "[]", "{}"):
            assert text.count(opened) == text.count(closed), path.name
        assert not re.search(r"{[{%]|[%}]}$", text), path.name


def test_the_cpp_code_compiles(export, tmp_path):
    """Against the declarations above, which are those of the runtime's headers."""
    compiler = shutil.which("g++") or shutil.which("clang++")
    if compiler is None:
        pytest.skip("there is no C++ compiler")
    lite = tmp_path / "tensorflow" / "lite"
    (lite / "kernels").mkdir(parents=True)
    (lite / "all.h").write_text(_HEADERS)
    for name in ("interpreter.h", "interpreter_builder.h", "kernels/register.h", "model_builder.h"):
        (lite / name).write_text('#include "tensorflow/lite/all.h"\n')
    (lite / "signature_runner.h").write_text('#include "tensorflow/lite/all.h"\n')
    main = tmp_path / "main.cc"
    main.write_text(
        f'#include "{export.code / "pump_2.cc"}"\n'
        'int main() { return Pump2("f").Score({1, 2, 3}).score[0] > Pump2::kThreshold; }\n'
    )
    options = ["-std=c++17", "-Wall", "-Wextra", "-Werror", "-fsyntax-only", f"-I{tmp_path}"]
    done = subprocess.run([compiler, *options, str(main)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_javascript_code_is_javascript(export, tmp_path):
    node = shutil.which("node")
    if node is None:
        pytest.skip("there is no node")
    module = shutil.copy(export.code / "pump_2.js", tmp_path / "pump_2.mjs")
    done = subprocess.run([node, "--check", str(module)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
