"""TensorBoard's records of a run, with one-line errors."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any, final

import keras
import tensorflow as tf

from tfvae.core.errors import UnwritableFile


@final
class EpochSummaries(keras.callbacks.TensorBoard):
    """Keras's callback; records that cannot be written, on a full disk, are an `UnwritableFile`.

    The arguments are those of `keras.callbacks.TensorBoard`.
    """

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Write the metrics of an epoch."""
        with self._writing():
            super().on_epoch_end(epoch, logs)

    def on_test_end(self, logs: dict[str, Any] | None = None) -> None:
        """Write the metrics of an evaluation."""
        with self._writing():
            super().on_test_end(logs)

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        """Close the files."""
        with self._writing():
            super().on_train_end(logs)

    @contextlib.contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except tf.errors.OpError as error:
            raise UnwritableFile(self.log_dir, " ".join(error.message.split())) from error
