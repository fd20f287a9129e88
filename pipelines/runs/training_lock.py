"""Only one process trains a run; and a new run whose data cannot be used is removed."""

from __future__ import annotations

import contextlib
import fcntl
import shutil
from collections.abc import Iterator
from pathlib import Path

from tfvae.core.errors import InvalidInput
from tfvae.pipelines.runs.run import Run

_WRITTEN_WHOLE = (
    "config.json",
    "evaluation.json",
    "failure.json",
    "metrics.jsonl",
    "model.keras",
    "preprocessing.json",
)
_DERIVED = ("report.html", "samples.png")


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


def remove_run(path: Path) -> None:
    """Remove a run with its checkpoints and records, and leave other files of its folder alone.

    Args:
        path: the folder; nothing is done if it holds no run.

    Raises:
        InvalidInput: another process trains it, or the folder holds other files too.
    """
    if not (path / "config.json").is_file():
        return
    folders = [path / "checkpoints", path / "tensorboard"]
    known = {*(path / name for name in (*_WRITTEN_WHOLE, *_DERIVED)), *folders}
    others = sorted(entry.name for entry in path.iterdir() if entry not in known)
    others = [name for name in others if not name.startswith(tuple(f".{known}." for known in _WRITTEN_WHOLE))]
    if others:
        raise InvalidInput(
            "--run", "a folder of a run alone, to be replaced", f"{path}, which holds {others[0]}"
        )
    with training_lock(Run(path, {})):
        for folder in folders:
            shutil.rmtree(folder, ignore_errors=True)
        for name in (*_DERIVED, *reversed(_WRITTEN_WHOLE)):
            (path / name).unlink(missing_ok=True)


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
