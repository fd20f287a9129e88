"""An error when training diverges."""

from __future__ import annotations

import math
from typing import final

import keras


@final
class StopIfNotFinite(keras.callbacks.Callback):
    """Raises an error at the end of the first epoch whose loss is NaN or infinite.

    Put it first, so that the callbacks after it keep the metrics and the checkpoint of the last good epoch.

    Example:
        >>> StopIfNotFinite().on_epoch_end(4, {"loss": float("nan")})
        Traceback (most recent call last):
        FloatingPointError: the loss of epoch 5 is nan; a smaller learning rate usually helps
    """

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        """Check the loss.

        Raises:
            FloatingPointError: for a loss that is NaN or infinite.
        """
        loss = (logs or {}).get("loss", 0.0)
        if not math.isfinite(loss):
            raise FloatingPointError(
                f"the loss of epoch {epoch + 1} is {loss}; a smaller learning rate usually helps"
            )
