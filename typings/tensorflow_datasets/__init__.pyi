# The types that TensorFlow Datasets gives its builders and features are abstract: `info.features`, for one,
# has neither keys nor items.
from typing import Any

def __getattr__(name: str) -> Any: ...
