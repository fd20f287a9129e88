"""Identifiers of generated code: made from any names, valid in each language, all different in a scope."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import final

# Reserved in one of the languages, or macros of C and C++ compilers and headers.
_WORDS = frozenset(
    re.findall(
        r"\S+",
        """
        alignas alignof and and_eq any arguments as asm assert associatedtype async atomic_cancel
        atomic_commit atomic_noexcept auto await bitand bitor bool boolean break byte case catch char
        char16_t char32_t char8_t class co_await co_return co_yield compl concept const const_cast consteval
        constexpr constinit constructor continue debugger decltype default defer deinit delete do double
        dynamic_cast else enum errno eval explicit export extends extension extern fallthrough false far
        fileprivate final finally float for friend fun func function goto guard i386 if implements import in
        indirect init inline inout instanceof int interface internal is let linux long mutable namespace
        near new nil not not_eq null nullptr object open operator or or_eq override package precedencegroup
        private protected protocol public reflexpr register reinterpret_cast repeat requires rethrow
        rethrows return self short signed sizeof small static static_assert static_cast stderr stdin stdout
        struct subscript super switch synchronized template then this thread_local throw throws transient
        true try type typealias typedef typeid typename typeof undefined union unix unsigned using val var
        virtual void volatile wchar_t when where while with xor xor_eq yield
        Any Error False None Null Protocol Self True Type
        """,
    )
)
_NOT_CODE = re.compile(r'\{\{.*?\}\}|\{%.*?%\}|//[^\n]*|/\*.*?\*/|"[^"\n]*"|\'[^\'\n]*\'', re.DOTALL)


@final
class Scope:
    """The identifiers of a scope of generated code.

    Args:
        taken: identifiers that a name in this scope must not have, besides the languages' reserved words.

    Example:
        >>> scope = Scope(["result"])
        >>> scope.snake("is anomaly"), scope.snake("is-anomaly"), scope.snake("class"), scope.snake("result")
        ('is_anomaly', 'is_anomaly_2', 'class_2', 'result_2')
        >>> scope.camel("pump_2"), scope.lower_camel("größe"), scope.lower_camel("重量")
        ('Pump2', 'grosse', 'value')
    """

    def __init__(self, taken: Iterable[str] = ()):
        self._taken = {*_WORDS, *taken}

    def inner(self, *taken: str) -> Scope:
        """Return a scope inside of this one, whose identifiers hide none of this one's.

        Args:
            taken: further identifiers that a name in it must not have.
        """
        return Scope((*self._taken, *taken))

    def snake(self, name: str) -> str:
        """Return a new identifier with the parts of a name joined by underscores.

        Args:
            name: any text.
        """
        return self._new("_".join(_parts(name, "value")), "_")

    def camel(self, name: str) -> str:
        """Return a new identifier with the parts of a name, each beginning with a capital.

        Args:
            name: any text.
        """
        return self._new("".join(part[:1].upper() + part[1:] for part in _parts(name, "Model")), "")

    def lower_camel(self, name: str) -> str:
        """Return a new identifier with the parts of a name, all but the first beginning with a capital.

        Args:
            name: any text.
        """
        first, *others = _parts(name, "value")
        joined = first[:1].lower() + first[1:] + "".join(part[:1].upper() + part[1:] for part in others)
        return self._new(joined, "")

    def _new(self, wanted: str, between: str) -> str:
        candidate, number = wanted, 1
        while candidate in self._taken:
            number += 1
            candidate = f"{wanted}{between}{number}"
        self._taken.add(candidate)
        return candidate


def words_of(template: str) -> set[str]:
    """Return the words in the code of a Jinja template, without its comments, strings and expressions.

    Args:
        template: source of the template.

    Example:
        >>> sorted(words_of("int count = {{ size }}; // a number"))
        ['count', 'int']
    """
    return set(re.findall(r"[A-Za-z_]\w*", _NOT_CODE.sub(" ", template)))


def _parts(name: str, empty: str) -> list[str]:
    """Return the runs of ASCII letters and digits in a name, of which the first begins with a letter."""
    text = unicodedata.normalize("NFKD", name.replace("ß", "ss"))
    parts = re.findall(r"[A-Za-z0-9]+", "".join(each for each in text if not unicodedata.combining(each)))
    return parts if parts and parts[0][0].isalpha() else [empty, *parts]
