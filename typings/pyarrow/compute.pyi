# Most functions of this module are made when it is imported.
from typing import Any

def __getattr__(name: str) -> Any: ...
