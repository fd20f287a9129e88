"""Code that calls a LiteRT file: complete and valid in each language, whatever the names in the file.

C++ is compiled, JavaScript is run. There is no compiler of Kotlin and Swift: their code is split by Pygments'
lexers, and must have the same tokens with any names, but for the names themselves.
"""

import json
import re
import shutil
import subprocess
import urllib.parse

import pygments.lexers
import pygments.token
import pytest

import tfvae
from tfvae.core.errors import InvalidInput
from tfvae.export.device.code_snippets import check_writable, snippets, write
from tfvae.export.device.file_metadata import read_metadata, with_metadata
from tfvae.export.device.flatbuffer import file_of, model_of

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


# Names of the file, its label, its signatures encode and score, their input x and the output score.
PLAIN = ("pump", "label", "first", "second", "alpha", "beta")
HOSTILE = {
    "class and method": ("score", "score", "score", "Score", "score", "score"),
    "class and result": ("score result", "a", "score", "score_", "score!", "scoreResult"),
    "names of the runtime": ("Interpreter", "a", "check", "Check", "tflite", "runner"),
    "names of types": ("String", "a", "File", "Tensor", "std", "result"),
    "keywords": ("class", "class", "class", "fun", "self", "new"),
    "quotes": ("it's", 'it\'s "a"', "a'b", 'a"b', "a`b", "'"),
    "backslashes": ("a\\", "\\", "\\", "a\\", "\\u0041", "\\(x)"),
    "line ends": ("a\rb", "a\rb\u2028c", "\r", "\u2028", "a\nb", "\x85"),
    "comments": ("x *", "*/ int a; /*", "/*", "//", "*/", "/**/"),
    "trigraphs": ("a??'", "a??/", "??/", "??'", "??=", "??/x"),
    "templates": ("${x}", "$x ${1}", "$x", "${x}", "\\(x)", "`${x}`"),
    "scripts": ("<!--", "</script>", "</script>", "<!--", "-->", "<script>"),
    "other alphabets": ("größe", "重量", "重量", "größe", "😀", "\u202e"),
    "nothing": (" ", "", "", " ", "-", "--"),
    "prototypes": ("__proto__", "a", "__proto__", "constructor", "__proto__", "toString"),
}


@pytest.fixture(scope="module")
def renamed(export, tmp_path_factory):
    """Return a function that writes the file with other names and returns its path."""

    def rename(stem, label, first, second, given, output):
        names = {"encode": first, "score": second}
        model, facts = model_of(export.path.read_bytes()), read_metadata(export.path)
        for signature in model.signatureDefs:
            if signature.signatureKey == b"score":
                (found,) = [each for each in signature.outputs if each.name == b"score"]
                found.name = output.encode()
            signature.signatureKey = names[signature.signatureKey.decode()].encode()
            for entry in signature.inputs:
                entry.name = given.encode()
        facts["label"] = label
        facts["endpoints"] = {names[name]: about for name, about in facts["endpoints"].items()}
        path = tmp_path_factory.mktemp("renamed") / f"{stem}.tflite"
        path.write_bytes(with_metadata(file_of(model), facts))
        return path

    return rename


def _shape(code, language):
    """Return the tokens of code, of strings and names only that there is one."""
    shape = []
    for kind, text in pygments.lexers.get_lexer_by_name(language).get_tokens(code):
        assert kind not in pygments.token.Error, (language, text)
        assert "Interpol" not in str(kind), (language, text)
        if kind in pygments.token.Comment or not text.strip():
            continue
        if kind in pygments.token.String:
            shape += ["string"] * (shape[-1] != "string")
        elif re.fullmatch(r"[A-Za-z]\w*", text) and kind not in pygments.token.Keyword:
            shape.append("name")
        else:
            shape.append(text)
    return shape


def test_only_generated_code_is_replaced(export, tmp_path):
    """Code is written again, and a file or a folder of others with such a name is left alone."""
    path = tmp_path / "pump.tflite"
    shutil.copyfile(export.path, path)
    check_writable(path)
    folder = write(path)
    check_writable(path)
    assert write(path) == folder
    for name in sorted(file.name for file in folder.iterdir()):
        file = folder / name
        generated = file.read_text()
        for text in ("", "int main() {}", "// Calls nothing\n" + generated, "\n" + generated):
            file.write_text(text)
            with pytest.raises(InvalidInput, match=rf"path: expected .* received .*pump.code/{name} exists"):
                check_writable(path)
            with pytest.raises(InvalidInput, match="replaces only generated code"):
                tfvae.export.litert(tfvae.zoo.vae((3,)), path)
            assert file.read_text() == text
        file.unlink()
        file.symlink_to(tmp_path / "elsewhere")
        with pytest.raises(InvalidInput, match="replaces only generated code"):
            check_writable(path)
        file.unlink()
        file.write_text(generated)
    assert path.read_bytes() == export.path.read_bytes()
    (tmp_path / "other.code").write_text("a file")
    with pytest.raises(InvalidInput, match=r"other.code exists"):
        check_writable(tmp_path / "other.tflite")


def test_there_is_code_for_four_platforms(export):
    assert sorted(path.suffix for path in export.code.iterdir()) == [".cc", ".js", ".kt", ".swift"]
    for path in export.code.iterdir():
        text = path.read_text()
        for name in ('"encode"', "x", "score", "location", "12.5"):
            assert name in text, (path.name, name)
        for opening, closing in ("()", "[]", "{}"):
            assert text.count(opening) == text.count(closing), path.name
        assert not re.search(r"{[{%]|[%}]}$", text), path.name


@pytest.mark.parametrize("names", HOSTILE.values(), ids=HOSTILE)
def test_names_change_no_token_but_themselves(renamed, names):
    expected = snippets(renamed(*PLAIN))
    found = snippets(renamed(*names))
    for suffix, language in {"kt": "kotlin", "swift": "swift", "js": "javascript", "cc": "cpp"}.items():
        assert _shape(found[suffix], language) == _shape(expected[suffix], language)


def _compiled(folder, code, main, *options):
    """Compile C++ against the declarations above, which are those of the runtime's headers."""
    compiler = shutil.which("g++") or shutil.which("clang++")
    if compiler is None:
        pytest.skip("there is no C++ compiler")
    lite = folder / "tensorflow" / "lite"
    (lite / "kernels").mkdir(parents=True)
    (lite / "all.h").write_text(_HEADERS)
    for name in ("interpreter.h", "interpreter_builder.h", "kernels/register.h", "model_builder.h"):
        (lite / name).write_text('#include "tensorflow/lite/all.h"\n')
    (lite / "signature_runner.h").write_text('#include "tensorflow/lite/all.h"\n')
    (folder / "main.cc").write_text(f"{code}\n{main}", encoding="utf-8")
    warnings = ["-Wall", "-Wextra", "-Wtrigraphs", "-Werror", "-fsyntax-only", f"-I{folder}"]
    command = [compiler, *(options or ["-std=c++17"]), *warnings, str(folder / "main.cc")]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_cpp_code_compiles(export, tmp_path):
    main = 'int main() { return Pump2("f").Score({1, 2, 3}).score[0] > Pump2::kThreshold; }\n'
    done = _compiled(tmp_path, (export.code / "pump_2.cc").read_text(), main)
    assert done.returncode == 0, done.stderr


def test_the_cpp_code_compiles_with_any_names(renamed, tmp_path):
    """All in one program, each in a namespace of its own; C++14 has trigraphs, and GNU's has more macros."""
    pieces = []
    for index, names in enumerate(HOSTILE.values()):
        code = snippets(renamed(*names))["cc"]
        body = re.sub(r"(?m)^#include.*\n", "", code)
        pieces.append(f"namespace n{index} {{\n{body}\n}}")
    includes = "".join(re.findall(r"(?m)^#include.*\n", code))
    done = _compiled(tmp_path, includes + "\n".join(pieces), "int main() {}\n", "-std=gnu++14", "-trigraphs")
    assert done.returncode == 0, done.stderr


_RUNTIME = """
export async function loadLiteRt() {}
export async function loadAndCompile(url) { return url; }
export class Tensor { constructor(values, shape) { this.values = values; } delete() {} }
"""
_CALL = """
import * as code from './code.mjs';
const calls = [];
const model = {run: async (name, inputs) => {
  calls.push([name, Object.keys(inputs)]);
  return Object.fromEntries([[OUTPUT, {data: async () => 1, delete() {}}]]);
}};
const methods = Object.entries(code).filter(([name]) => !['load', 'THRESHOLD'].includes(name));
for (const [, method] of methods) {
  const found = await method(model, new Float32Array(3));
  calls.push(Object.keys(found));
}
console.log(JSON.stringify([await code.load(), calls]));
"""


@pytest.mark.parametrize("names", HOSTILE.values(), ids=HOSTILE)
def test_the_javascript_code_calls_the_file_by_its_names(renamed, tmp_path, names):
    node = shutil.which("node")
    if node is None:
        pytest.skip("there is no node")
    path = renamed(*names)
    _, _, first, second, given, output = names
    package = tmp_path / "node_modules" / "@litertjs" / "core"
    package.mkdir(parents=True)
    (package / "package.json").write_text('{"name": "@litertjs/core", "type": "module", "main": "index.js"}')
    (package / "index.js").write_text(_RUNTIME)
    (tmp_path / "code.mjs").write_text(snippets(path)["js"], encoding="utf-8")
    (tmp_path / "main.mjs").write_text(_CALL.replace("OUTPUT", json.dumps(output)), encoding="utf-8")
    done = subprocess.run([node, str(tmp_path / "main.mjs")], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    url, calls = json.loads(done.stdout)
    assert urllib.parse.unquote(url) == path.name
    expected = [[first, [given]], [second, [given]], [output], [output]]
    assert sorted(calls, key=str) == sorted(expected, key=str)
