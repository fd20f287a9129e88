"""Only one process trains a run; and a new run whose data cannot be used is removed."""

from __future__ import annotations

import contextlib
import fcntl
import shutil
from collections.abc import Iterator

from tfvae.core.errors import InvalidInput
from tfvae.pipelines.runs.run import Run

_WRITTEN_WHOLE = ("config.json", "evaluation.json", "metrics.jsonl", "model.keras", "preprocessing.json")


@contextlib.contextmanager
def training_lock(run: Run) -> Iterator[None]:
    """Keep other processes from training the run too, and delete what a killed process left half written.

    Args:
        run: the run.

    Raises:
        InvalidInput: another process trains it.
    """
    with (run.path / "config.json").open() as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)  # ends with the process, however that ends
        except BlockingIOError:
            raise InvalidInput(str(run.path), "a run to continue", "one that is being trained") from None
        for name in _WRITTEN_WHOLE:
            for unfinished in run.path.glob(f".{name}.*"):
                shutil.rmtree(unfinished, ignore_errors=True)
        yield


@contextlib.contextmanager
def removed_on_invalid_data(run: Run) -> Iterator[None]:
    """Remove the new run if its data turns out to be invalid before the first checkpoint.

    Args:
        run: the run.
    """
    try:
        yield
    except InvalidInput:
        checkpoints = run.path / "checkpoints"
        if not checkpoints.is_dir() or not any(checkpoints.iterdir()):
            shutil.rmtree(run.path)
        raise
