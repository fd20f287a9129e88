"""Callbacks for `fit`: checkpoints and metrics that survive a kill, the order of the data, divergence.

A training script that uses the first three, and starts again at the epoch of the newest checkpoint, ends
with the weights of one that was never interrupted.
"""

from __future__ import annotations

import json
import math
import os
import shutil
import time
from pathlib import Path
from typing import TYPE_CHECKING

import keras

from tfvae.core.checks import integer
from tfvae.core.files import replacing

if TYPE_CHECKING:
    from tfvae.data import Pipeline

__all__ = ["Checkpoint", "JsonLines", "SetEpoch", "StopIfNotFinite"]


class Checkpoint(keras.callbacks.Callback):
    """Saves the whole model at the end of each epoch and keeps the newest files.

    `epoch-00003.keras` is the model after three epochs: weights, optimizer, and the state of its random
    numbers. A model of this library writes its file whole or not at all, and an older file goes only when
    the new one is on disk, so that whenever the process is killed, a good file is there.

    Args:
        folder: where the files go; made if need be.
        keep: how many of the newest to keep.

    Raises:
        InvalidInput: for `keep` below 1.

    Example:
        >>> import tempfile, numpy as np, tfvae
        >>> folder = tempfile.mkdtemp()
        >>> vae = tfvae.zoo.vae((4,), latent_dim=2)
        >>> _ = vae.fit(np.zeros((8, 4)), epochs=3, verbose=0, callbacks=[Checkpoint(folder)])
        >>> [(epochs, path.name) for epochs, path in Checkpoint.saved(folder)]
        [(3, 'epoch-00003.keras'), (2, 'epoch-00002.keras')]
    """

    def __init__(self, folder: str | os.PathLike, keep: int = 2):
        super().__init__()
        self.folder = Path(folder)
        self.keep = integer("keep", keep)

    @staticmethod
    def saved(folder: str | os.PathLike) -> list[tuple[int, Path]]:
        """Return the number of epochs done and the path of each checkpoint in a folder, newest first."""
        paths = Path(folder).glob("epoch-*.keras")
        return sorted(((int(path.stem.removeprefix("epoch-")), path) for path in paths), reverse=True)

    def on_train_begin(self, logs: dict | None = None) -> None:
        """Make the folder, and clear it of what a killed process left."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.clear()

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        """Save, then delete what is too old."""
        self.model.save(self.folder / f"epoch-{epoch + 1:05d}.keras")
        self.clear()

    def clear(self) -> None:
        """Delete what is half written or too old."""
        for unfinished in self.folder.glob(".epoch-*.keras.*"):
            shutil.rmtree(unfinished, ignore_errors=True)
        for _, path in self.saved(self.folder)[self.keep :]:
            path.unlink()


class JsonLines(keras.callbacks.Callback):
    """Writes a line of JSON at the end of each epoch: the epoch from 1 on, its seconds, every metric.

    At its first epoch it drops the lines of that epoch and later ones, and a line torn by a kill: those of
    an interrupted run that is continued, or all of them where training starts anew. Put it before
    `Checkpoint`, so that no epoch with a checkpoint lacks its line.

    Args:
        path: the file; its folder is made if need be.

    Example:
        >>> import tempfile, numpy as np, tfvae
        >>> path = Path(tempfile.mkdtemp(), "metrics.jsonl")
        >>> vae = tfvae.zoo.vae((4,), latent_dim=2)
        >>> _ = vae.fit(np.zeros((8, 4)), epochs=2, verbose=0, callbacks=[JsonLines(path)])
        >>> [sorted(line) for line in JsonLines.read(path)]
        [['distortion', 'elbo', 'epoch', 'loss', 'rate', 'seconds'], [...]]
    """

    def __init__(self, path: str | os.PathLike):
        super().__init__()
        self.path = Path(path)
        self._continued = False

    @staticmethod
    def read(path: str | os.PathLike) -> list[dict]:
        """Return the lines of a file up to the first damaged one; none where there is no file."""
        lines = []
        if Path(path).is_file():
            for line in Path(path).read_text(encoding="utf-8", errors="replace").splitlines():
                try:
                    lines.append(json.loads(line))
                except json.JSONDecodeError:
                    break
        return lines

    def on_train_begin(self, logs: dict | None = None) -> None:
        """Look at the file again at the next epoch."""
        self._continued = False

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        """Start the clock; before the first epoch, drop the lines that will be written again."""
        if not self._continued:
            kept = [line for line in self.read(self.path) if line["epoch"] <= epoch]
            with replacing(self.path) as temporary:
                temporary.write_text("".join(json.dumps(line) + "\n" for line in kept), encoding="utf-8")
            self._continued = True
        self._start = time.perf_counter()

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        """Add the line, on disk before anything else happens."""
        line = {"epoch": epoch + 1, "seconds": round(time.perf_counter() - self._start, 3)}
        line |= {name: float(value) for name, value in (logs or {}).items()}
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
            file.flush()
            os.fsync(file.fileno())


class SetEpoch(keras.callbacks.Callback):
    """Tells a data pipeline which epoch begins, so that its order depends on nothing else.

    Without it a pipeline counts its own passes, from 0 in a resumed process, and counts the ones that Keras
    begins and never reads.

    Args:
        pipeline: what `fit` trains on, by its `dataset()`.
    """

    def __init__(self, pipeline: Pipeline):
        super().__init__()
        self.pipeline = pipeline

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        """Set the epoch; Keras makes this epoch's iterator only afterwards."""
        self.pipeline.epoch = epoch


class StopIfNotFinite(keras.callbacks.Callback):
    """Ends training with an error at the first epoch whose loss is no finite number.

    Put it first: the callbacks after it then keep the metrics and the checkpoint of the last good epoch.

    Example:
        >>> StopIfNotFinite().on_epoch_end(4, {"loss": float("nan")})
        Traceback (most recent call last):
        FloatingPointError: the loss of epoch 5 is nan; a smaller learning rate usually helps
    """

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        """Look at the loss.

        Raises:
            FloatingPointError: it is NaN or infinite.
        """
        loss = (logs or {}).get("loss", 0.0)
        if not math.isfinite(loss):
            raise FloatingPointError(
                f"the loss of epoch {epoch + 1} is {loss}; a smaller learning rate usually helps"
            )
