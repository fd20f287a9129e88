"""What `fit` adds to a user's callbacks: true step numbers, directions of terms, an end at NaN."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import keras

_BATCH_HOOKS = ("on_batch_begin", "on_batch_end", "on_train_batch_begin", "on_train_batch_end")
_REMEDIES = (
    "try a smaller learning rate, gradient clipping (clipnorm), standardized data, or a KL warm-up; the "
    "model has the weights of that step, a checkpoint of an earlier epoch the last good ones"
)


class StepCallbacks(keras.callbacks.CallbackList):
    """Keras's list of callbacks, told how many steps were really taken.

    Where several steps are one execution, Keras counts the last execution of an epoch as a whole one.

    Args:
        callbacks: the user's.
        model: the model that is trained or evaluated.
        train_steps: steps of an epoch, None where they are not known.
        test_steps: steps of an evaluation, None where they are not known.
        add_history: whether to add Keras's `History`.
        verbose: as in Keras's `fit`.
        epochs: as in Keras's `fit`.
    """

    def __init__(
        self,
        callbacks: Iterable[keras.callbacks.Callback],
        model: keras.Model,
        train_steps: int | None,
        test_steps: int | None,
        add_history: bool,
        verbose: str | int,
        epochs: int,
    ):
        self.train_steps, self.test_steps = train_steps, test_steps
        super().__init__(
            list(callbacks),
            add_history=add_history,
            add_progbar=verbose != 0,
            model=model,
            verbose=verbose,
            epochs=epochs,
            steps=train_steps if add_history else test_steps,
        )

    def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
        """Pass on the number of the last step that was taken."""
        super().on_train_batch_end(_last(batch, self.train_steps), logs)

    def on_test_batch_end(self, batch: int, logs: dict | None = None) -> None:
        """Pass on the number of the last step that was taken."""
        super().on_test_batch_end(_last(batch, self.test_steps), logs)


class StopAtNaN(keras.callbacks.Callback):
    """Ends training with an error at the first look at the loss that finds it NaN or infinite.

    Raises:
        FloatingPointError: names the step, the terms that are not finite, and remedies.
    """

    async_safe = True  # Keras may call it from another thread; the error ends the training all the same

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        """Note the epoch."""
        self._epoch = epoch

    def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
        """Look at the loss and the terms."""
        logs = logs or {}
        if math.isfinite(logs.get("loss", 0.0)):
            return
        named = {"loss": logs["loss"], **logs}
        terms = [f"{name} is {value:g}" for name, value in named.items() if not math.isfinite(value)]
        place = f"by step {batch + 1} of epoch {self._epoch + 1}"
        raise FloatingPointError(f"training stopped {place}: {', '.join(terms)}; {_REMEDIES}")


def sees_batches(callback: keras.callbacks.Callback) -> bool:
    """Return whether a callback of the user does anything at single batches."""
    own = type(callback).__module__.startswith(("keras.", "tfvae."))
    if isinstance(callback, keras.callbacks.TensorBoard):
        return callback.update_freq != "epoch" or getattr(callback, "_stop_batch", 0) > 0
    if isinstance(callback, keras.callbacks.ModelCheckpoint | keras.callbacks.BackupAndRestore):
        return callback.save_freq != "epoch"
    if isinstance(callback, keras.callbacks.LambdaCallback):
        return any(name in vars(callback) for name in _BATCH_HOOKS)
    base = keras.callbacks.Callback
    return not own and any(getattr(type(callback), name) is not getattr(base, name) for name in _BATCH_HOOKS)


def set_direction(callback: Any, terms: tuple[str, ...], maximized: tuple[str, ...]) -> None:
    """Tell a callback that monitors one of the model's terms, with mode "auto", which way is better."""
    monitor = str(getattr(callback, "monitor", "")).removeprefix("val_")
    if getattr(callback, "mode", None) == "auto" and monitor in terms:
        callback.mode = "max" if monitor in maximized else "min"


def _last(batch: int, steps: int | None) -> int:
    return batch if steps is None else min(batch, steps - 1)
