"""Variational autoencoders for Keras 3, composed from parts and trained with fit.

The modules are imported on first use, so that `import tfvae` and `tfvae --help` do not start TensorFlow.
"""

from __future__ import annotations

import importlib
import sys
from types import ModuleType
from typing import TYPE_CHECKING

import wrapt

__version__ = "0.1.0"

_MODULES = (
    "anomaly",
    "callbacks",
    "conditioning",
    "corruption",
    "data",
    "evaluation",
    "export",
    "flows",
    "fusion",
    "graphs",
    "hiding",
    "likelihoods",
    "maps",
    "models",
    "networks",
    "objectives",
    "optimizers",
    "partial",
    "posteriors",
    "priors",
    "samplers",
    "scales",
    "schedules",
    "trace",
    "zoo",
)
_WITH_CLASSES = ("models", "conditioning", "corruption", "maps", "data.preprocessing", "data.table_features")
_NAMES = {
    "VAE": "models",
    "VRNN": "models",
    "LatentModel": "models",
    "Trace": "trace",
    "InvalidInput": "errors",
}

__all__ = ["__version__", *_MODULES, *_NAMES]

if TYPE_CHECKING:
    from tfvae.errors import InvalidInput as InvalidInput
    from tfvae.models import VAE as VAE
    from tfvae.models import VRNN as VRNN
    from tfvae.models import LatentModel as LatentModel
    from tfvae.trace import Trace as Trace


def _register(module: ModuleType) -> None:
    """Once Keras is there, make the classes known to it, so that it can load what they saved.

    Where one of our own modules is what imports Keras, this waits until that module is whole.
    """
    ours = [loaded for name, loaded in sys.modules.items() if name.startswith(f"{__name__}.")]
    unfinished = [loaded for loaded in ours if loaded is not module and loaded.__spec__._initializing]
    if "keras" in sys.modules and not unfinished:
        for name in _WITH_CLASSES:
            importlib.import_module(f"{__name__}.{name}")


for _name in ("keras", *(f"{__name__}.{module}" for module in _MODULES)):
    wrapt.when_imported(_name)(_register)


def __getattr__(name: str) -> object:
    if name in _MODULES:
        return importlib.import_module(f"{__name__}.{name}")
    if name in _NAMES:
        value = getattr(importlib.import_module(f"{__name__}.{_NAMES[name]}"), name)
        setattr(sys.modules[__name__], name, value)
        return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
