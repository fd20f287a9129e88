"""Values in generated source text: the language reads them back unchanged, whatever they hold."""

import ast
import json
import shutil
import subprocess

import jinja2
import pytest

from tfvae.export.source_text import (
    comment,
    cpp_string,
    javascript_string,
    kotlin_string,
    markdown_cell,
    python_string,
    swift_string,
)

HOSTILE = [
    "it's", 'a "b"', "`${1}`", "$name ${1 + 1}", "a\\", "\\n", "\\(1 + 1)", "\r", "\n", "\r\n",
    "\u2028\u2029", "\x85\x0b\x0c\x1b\x7f", "??/", "??'??=", "</script><script>", "<!--", "*/ /*", "//",
    '"""', "\'\'\'", "%s {} #{1}", "{{ 1 }}", "größe 重量 😀", "\u202e\u2066", "\ufeff", "0\x008",
    "1\u00e92", "",
]  # fmt: skip
PRINTED = "".join(map(chr, range(32, 127)))


def test_python_reads_the_same_text():
    for text in (*HOSTILE, PRINTED):
        assert python_string(text).isascii()
        assert ast.literal_eval(python_string(text)) == text


def test_javascript_reads_the_same_text(tmp_path):
    node = shutil.which("node")
    if node is None:
        pytest.skip("there is no node")
    script = tmp_path / "read.mjs"
    literals = ",\n".join(map(javascript_string, (*HOSTILE, PRINTED, "\udcff")))
    script.write_text(f"console.log(JSON.stringify([\n{literals}\n]));\n", encoding="ascii")
    done = subprocess.run([node, str(script)], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == [*HOSTILE, PRINTED, "\udcff"]
    assert "<" not in literals  # a script element ends at </script>, whatever the quotes


@pytest.mark.parametrize("standard", ["c++11", "c++17"])  # with trigraphs and without
def test_cpp_reads_the_same_bytes(tmp_path, standard):
    compiler = shutil.which("g++") or shutil.which("clang++")
    if compiler is None:
        pytest.skip("there is no C++ compiler")
    texts = (*HOSTILE, PRINTED)
    source = tmp_path / "read.cc"
    literals = ",\n".join(f"{{{cpp_string(text)}, sizeof({cpp_string(text)}) - 1}}" for text in texts)
    source.write_text(
        f"#include <cstdio>\nstruct {{ const char* text; unsigned long size; }} all[] = {{{literals}}};\n"
        "int main() { for (auto& each : all) { for (unsigned long i = 0; i < each.size; i++)"
        ' std::printf("%02x", static_cast<unsigned char>(each.text[i])); std::printf("\\n"); } }\n',
        encoding="ascii",
    )
    options = [f"-std={standard}", "-Wall", "-Wextra", "-Wtrigraphs", "-Werror", "-o", str(tmp_path / "read")]
    subprocess.run([compiler, *options, str(source)], capture_output=True, check=True)
    done = subprocess.run([str(tmp_path / "read")], capture_output=True, text=True, check=True)
    assert done.stdout.split("\n")[:-1] == [text.encode().hex() for text in texts]


def _kotlin(literal):
    """Read a Kotlin string literal by the language's grammar: no `$`, quote or line end but escaped ones."""
    escapes = {"t": "\t", "b": "\b", "n": "\n", "r": "\r", "'": "'", '"': '"', "\\": "\\", "$": "$"}
    units, rest = [], literal[1:-1]
    while rest:
        if rest[0] != "\\":
            assert rest[0] not in '"$\n\r', literal
            units.append(ord(rest[0]))
            rest = rest[1:]
        elif rest[1] == "u":
            units.append(int(rest[2:6], 16))
            rest = rest[6:]
        else:
            units.append(ord(escapes[rest[1]]))
            rest = rest[2:]
    return b"".join(unit.to_bytes(2, "big") for unit in units).decode("utf-16-be")


def _swift(literal):
    r"""Read a Swift string literal by the language's grammar: no `\(`, quote or line end but escaped ones."""
    escapes = {"0": "\0", "t": "\t", "n": "\n", "r": "\r", "'": "'", '"': '"', "\\": "\\"}
    found, rest = "", literal[1:-1]
    while rest:
        if rest[0] != "\\":
            assert rest[0] not in '"\n\r', literal
            found, rest = found + rest[0], rest[1:]
        elif rest[1] == "u":
            digits, _, rest = rest[3:].partition("}")
            assert 1 <= len(digits) <= 8
            found += chr(int(digits, 16))
        else:
            found, rest = found + escapes[rest[1]], rest[2:]
    return found


@pytest.mark.parametrize(("quoted", "read"), [(kotlin_string, _kotlin), (swift_string, _swift)])
def test_kotlin_and_swift_read_the_same_text(quoted, read):
    for text in (*HOSTILE, PRINTED):
        literal = quoted(text)
        assert literal.isascii()
        assert literal.isprintable()
        assert (literal[0], literal[-1]) == ('"', '"')
        assert read(literal) == text


def test_html_is_escaped_by_the_pages_own_environment():
    environment = jinja2.Environment(autoescape=True)
    text = environment.from_string('<p title="{{ x }}">').render(x="\"'<script>&")
    assert text == '<p title="&#34;&#39;&lt;script&gt;&amp;">'


def test_comments_hold_one_line_and_no_mark_of_any_language():
    for text in (*HOSTILE, "/*/*/", "???/", "*//*", '"' * 7, "'" * 7):
        line = comment(text)
        assert line.isprintable()
        assert not any(mark in line for mark in ("*/", "/*", "\\", "??", '""', "''"))
    assert comment("größe in °C") == "größe in °C"


def test_markdown_cells_hold_one_line_and_no_html():
    for text in HOSTILE:
        cell = markdown_cell(f"a {text}")
        assert "\n" not in cell
        assert "<" not in cell
        assert "|" not in cell.replace("\\|", "")
