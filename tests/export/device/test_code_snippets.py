"""Code that calls a LiteRT file: complete, and valid C++ and JavaScript."""

import re
import shutil
import subprocess

import pytest

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


def test_there_is_code_for_four_platforms(export):
    assert sorted(path.suffix for path in export.code.iterdir()) == [".cc", ".js", ".kt", ".swift"]
    for path in export.code.iterdir():
        text = path.read_text()
        for name in ('encode"' if path.suffix != ".js" else "encode'", "x", "score", "location", "12.5"):
            assert name in text, (path.name, name)
        for opening, closing in ("()", "[]", "{}"):
            assert text.count(opening) == text.count(closing), path.name
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
