# Arrow's Cython modules have no types: here their names are known and can be anything.
from typing import Any

def __getattr__(name: str) -> Any: ...
