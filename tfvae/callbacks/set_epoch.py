"""The epoch of a data pipeline."""

from __future__ import annotations

from typing import TYPE_CHECKING, final

import keras

if TYPE_CHECKING:
    from tfvae.data import Pipeline


@final
class SetEpoch(keras.callbacks.Callback):
    """Sets the epoch of a data pipeline, so that the order of its rows is a function of seed and epoch.

    Without it a pipeline counts its own passes: from 0 in a resumed process, and including the passes that
    Keras begins but never reads.

    Args:
        pipeline: the pipeline whose `dataset()` is given to `fit`.

    Example:
        >>> import numpy as np, tfvae
        >>> pipeline = tfvae.data.Pipeline(tfvae.data.Arrays(np.zeros((8, 4))), batch_size=4)
        >>> SetEpoch(pipeline).on_epoch_begin(3)
        >>> pipeline.epoch
        3
    """

    def __init__(self, pipeline: Pipeline):
        super().__init__()
        self.pipeline = pipeline

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        """Set the epoch; Keras creates this epoch's iterator only afterwards."""
        self.pipeline.epoch = epoch
