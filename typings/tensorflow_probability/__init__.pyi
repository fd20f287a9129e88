# TensorFlow Probability loads its modules on first use, which hides them from type checkers.
from typing import Any

def __getattr__(name: str) -> Any: ...
