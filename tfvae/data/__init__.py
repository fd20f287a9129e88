"""Data sets from anywhere as batches: sources, splits, and pipelines in bounded memory.

Importing this package starts neither TensorFlow nor Keras.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tfvae.data.arrays import Arrays
from tfvae.data.base import Source
from tfvae.data.labels import hide_labels, mixed_batches, one_hot
from tfvae.data.pipeline import Pipeline, original_errors
from tfvae.data.registry import source
from tfvae.data.shown import ShownLabels, rows_to_show
from tfvae.data.split import Split, everything

if TYPE_CHECKING:
    from tfvae.data.preprocessing import Standardise

__all__ = [
    "Arrays",
    "Pipeline",
    "ShownLabels",
    "Source",
    "Split",
    "Standardise",
    "everything",
    "hide_labels",
    "mixed_batches",
    "one_hot",
    "original_errors",
    "rows_to_show",
    "source",
]


def __getattr__(name: str) -> object:
    if name == "Standardise":  # a Keras layer: importing it starts TensorFlow
        from tfvae.data.preprocessing import Standardise

        return Standardise
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
