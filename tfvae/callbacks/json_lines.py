"""Metrics of each epoch as lines of JSON."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any, final

import keras

from tfvae.core.files import replacing


@final
class JsonLines(keras.callbacks.Callback):
    """Writes a line of JSON at the end of each epoch: the epoch from 1, its seconds, and every metric.

    Before its first epoch it deletes the lines of that epoch and later ones, and an incomplete last line:
    those of an interrupted run that is resumed, or all of them if training starts from the beginning. Put it
    before `Checkpoint`, so that no epoch with a checkpoint lacks its line.

    Args:
        path: the file; its folder is created if it does not exist.

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
        self._has_begun = False

    @staticmethod
    def read(path: str | os.PathLike) -> list[dict[str, Any]]:
        """Return the lines of a file up to the first damaged one; no lines if there is no file.

        Args:
            path: the file.
        """
        lines = []
        if Path(path).is_file():
            for line in Path(path).read_text(encoding="utf-8", errors="replace").splitlines():
                values = _epoch(line)
                if values is None:
                    break
                lines.append(values)
        return lines

    def on_train_begin(self, logs: dict | None = None) -> None:
        """Check the file again before the next epoch."""
        self._has_begun = False

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        """Start the clock; before the first epoch, delete the lines that will be written again."""
        if not self._has_begun:
            kept = [line for line in self.read(self.path) if line["epoch"] <= epoch]
            with replacing(self.path) as temporary:
                temporary.write_text("".join(json.dumps(line) + "\n" for line in kept), encoding="utf-8")
            self._has_begun = True
        self._start = time.perf_counter()

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        """Write the line to disk before other callbacks continue."""
        line = {"epoch": epoch + 1, "seconds": round(time.perf_counter() - self._start, 3)}
        line |= {name: float(value) for name, value in (logs or {}).items()}
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
            file.flush()
            os.fsync(file.fileno())


def _epoch(line: str) -> dict[str, Any] | None:
    """Return the numbers of a line by name; None for a damaged line."""
    try:
        values = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(values, dict) or not isinstance(values.get("epoch"), int):
        return None
    numbers = all(isinstance(value, int | float) for value in values.values())
    return values if numbers else None
