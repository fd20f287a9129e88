"""Values in generated source text: each quoted in its language's own way.

Every string that a template writes into C++, JavaScript, Kotlin, Python or Swift goes through one of these
functions, and every comment through `comment`: names of files, columns and models may hold anything. HTML is
escaped by Jinja (`autoescape`), JSON and Markdown cells are written by `json.dumps` and `markdown_cell`.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable

_ESCAPED = {'"': '\\"', "\\": "\\\\"}


def cpp_string(text: str) -> str:
    r"""Return a C++ string literal of UTF-8 bytes; a question mark is escaped, so that no trigraph appears.

    Args:
        text: the value.

    Example:
        >>> print(cpp_string('5" ??/ ü'))
        "5\" \?\?/ \303\274"
    """
    return f'"{"".join(map(_cpp_byte, text.encode("utf-8", "surrogateescape")))}"'


def javascript_string(text: str) -> str:
    r"""Return a JavaScript string literal in ASCII, which is also safe inside of a `<script>` element.

    Args:
        text: the value.

    Example:
        >>> print(javascript_string("it's </script>"))
        "it's \u003c/script>"
    """
    return _quoted(text, {**_ESCAPED, "<": "\\u003c"}, _utf16_units)


def kotlin_string(text: str) -> str:
    r"""Return a Kotlin string literal in ASCII, without templates.

    Args:
        text: the value.

    Example:
        >>> print(kotlin_string("${5} €"))
        "\u0024{5} \u20ac"
    """
    return _quoted(text, {**_ESCAPED, "$": "\\u0024"}, _utf16_units)


def python_string(text: str) -> str:
    r"""Return a Python string literal in ASCII.

    Args:
        text: the value.

    Example:
        >>> print(python_string("it's\n"))
        "it's\n"
    """
    return ascii(text)


def swift_string(text: str) -> str:
    r"""Return a Swift string literal in ASCII, without interpolation; a lone surrogate becomes U+FFFD.

    Args:
        text: the value.

    Example:
        >>> print(swift_string("\\(5) €"))
        "\\(5) \u{20ac}"
    """
    return _quoted(text, _ESCAPED, _swift_scalar)


def comment(text: str) -> str:
    r"""Return text for a comment of one line, in any of these languages.

    Whatever could end the comment or continue it is replaced: line ends of every kind and other characters
    that are not printed by a space; `*/`, `/*`, backslashes, trigraphs and triple quotes by similar text.

    Args:
        text: the comment.

    Example:
        >>> comment("a\u2028b */ c\\")
        'a b * / c/'
    """
    line = "".join(each if each.isprintable() else " " for each in text).replace("\\", "/")
    for ending in ("*/", "/*", "??", '""', "''"):
        while ending in line:
            line = line.replace(ending, f"{ending[0]} {ending[1]}")
    return line


def markdown_cell(value: object) -> str:
    r"""Return a value as text of one line for Markdown, also for a cell of a table.

    Args:
        value: the value.

    Example:
        >>> print(markdown_cell("a | <b>"))
        a \| &lt;b&gt;
    """
    return re.sub(r"([|`])", r"\\\1", html.escape(" ".join(str(value).split()), quote=False))


def _quoted(text: str, escaped: dict[str, str], other: Callable[[str], str]) -> str:
    return f'"{"".join(escaped.get(each) or (each if _is_plain(each) else other(each)) for each in text)}"'


def _is_plain(character: str) -> bool:
    return " " <= character <= "~"


def _cpp_byte(byte: int) -> str:
    character = chr(byte)
    if character in '"\\?':
        return f"\\{character}"
    return character if _is_plain(character) else f"\\{byte:03o}"


def _utf16_units(character: str) -> str:
    units = character.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[index : index + 2].hex()}" for index in range(0, len(units), 2))


def _swift_scalar(character: str) -> str:
    return "\\u{fffd}" if "\ud800" <= character <= "\udfff" else f"\\u{{{ord(character):x}}}"
