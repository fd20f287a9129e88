# TensorFlow has no types of its own, and the stubs that type checkers bundle describe another version:
# here its names are known and can be anything.
from typing import Any

def __getattr__(name: str) -> Any: ...
