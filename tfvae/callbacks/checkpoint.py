"""Checkpoints of the whole model."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path
from typing import Any, final

import keras

from tfvae.core.checks import integer

_NAME = re.compile(r"epoch-[0-9]{5,18}\.keras")


@final
class Checkpoint(keras.callbacks.Callback):
    """Saves the whole model at the end of each epoch and keeps the newest files.

    `epoch-00003.keras` is the model after three epochs: weights, optimizer, and the state of its random
    numbers. A model of this library replaces its file only when the new one is complete, and an older
    checkpoint is deleted only when the new one is on disk, so that at any time a complete file is there.

    Args:
        folder: where the files are saved; created if it does not exist.
        keep: number of the newest files to keep.

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
        """Return the number of epochs and the path of each checkpoint in a folder, newest first.

        Files with other names are ignored, such as `epoch-best.keras`.

        Args:
            folder: the folder.
        """
        paths = [path for path in Path(folder).glob("epoch-*.keras") if _NAME.fullmatch(path.name)]
        return sorted(((int(path.stem.removeprefix("epoch-")), path) for path in paths), reverse=True)

    def on_train_begin(self, logs: dict | None = None) -> None:
        """Create the folder, and delete unfinished files of a killed process."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.clear()

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        """Save the model, then delete older checkpoints."""
        model: Any = self.model
        model.save(self.folder / f"epoch-{epoch + 1:05d}.keras")
        self.clear()

    def clear(self) -> None:
        """Delete unfinished files and older checkpoints."""
        for unfinished in self.folder.glob(".epoch-*.keras.*"):
            shutil.rmtree(unfinished, ignore_errors=True)
        for _, path in self.saved(self.folder)[self.keep :]:
            path.unlink()
