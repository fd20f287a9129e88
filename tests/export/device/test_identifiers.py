"""Identifiers of generated code, whatever the names."""

import itertools
import keyword
import re

import pytest

from tfvae.export.device.identifiers import Scope, words_of

NAMES = [
    "x",
    "X",
    "x!",
    "x 2",
    "x_2",
    "",
    "重量",
    "2nd",
    "größe",
    "class",
    "fun",
    "self",
    "__proto__",
    "a" * 300,
]


@pytest.mark.parametrize("make", [Scope.snake, Scope.camel, Scope.lower_camel])
def test_all_are_identifiers_and_none_is_given_twice(make):
    for names in itertools.permutations(NAMES[:6]):
        scope = Scope()
        found = [make(scope, name) for name in (*names, *NAMES[6:], *NAMES)]
        assert len(set(found)) == len(found)
        assert all(re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", name) for name in found)
        assert not any("__" in name or keyword.iskeyword(name) for name in found)


def test_an_inner_scope_hides_no_name_of_the_outer_one():
    outer = Scope(["result"])
    score = outer.snake("score")
    inner, other = outer.inner("local"), outer.inner()
    assert score not in (inner.snake("score"), other.snake("score"))
    assert inner.snake("local") == "local_2"
    assert other.snake("local") == "local"
    assert inner.snake("result") == "result_2"


def test_words_are_those_of_the_code_alone():
    text = (
        "// about {{ one }}\n/* two\n three */ for (x in {{ four|five }}) {% if six %} y('seven', \"eight\")"
    )
    assert words_of(text) == {"for", "x", "in", "y"}
