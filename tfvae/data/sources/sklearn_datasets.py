"""The data sets inside scikit-learn, which need no download."""

from __future__ import annotations

import importlib
from typing import final

import numpy as np

from tfvae.core.errors import InvalidInput
from tfvae.data.sources.arrays import ArraySource

_LOADERS = {name: f"load_{name}" for name in ("breast_cancer", "diabetes", "digits", "iris", "wine")}
_LARGEST_PIXEL = 16  # a pixel of the digits counts the dark ones of a 4 x 4 square


@final
class SklearnDataset(ArraySource):
    """A data set of scikit-learn: `digits` (images in [0, 1]), `breast_cancer`, `diabetes`, `iris` or `wine`.

    Args:
        name: one of the five names.

    Raises:
        InvalidInput: for another name; the message lists the five.

    Example:
        >>> SklearnDataset("wine").shape
        (13,)
    """

    def __init__(self, name: str):
        super().__init__(f"sklearn:{name}")
        if name not in _LOADERS:
            raise InvalidInput("source", "sklearn: and one of " + ", ".join(_LOADERS), f"sklearn:{name}")
        self._dataset = name

    def _open(self) -> tuple[np.ndarray, np.ndarray]:
        bunch = getattr(importlib.import_module("sklearn.datasets"), _LOADERS[self._dataset])()
        if "images" in bunch:
            return (bunch.images / _LARGEST_PIXEL).astype(np.float32), bunch.target
        return bunch.data, bunch.target
