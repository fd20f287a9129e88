"""The examples in the documentation's examples."""

import doctest
import importlib
from pathlib import Path

import pytest

_FOLDER = Path(__file__).parents[2] / "docs" / "examples"


@pytest.mark.parametrize("name", sorted(path.stem for path in _FOLDER.glob("*.py")))
def test_examples_run(name):
    done = doctest.testmod(importlib.import_module(name), optionflags=doctest.NORMALIZE_WHITESPACE)
    assert done.attempted
    assert not done.failed
