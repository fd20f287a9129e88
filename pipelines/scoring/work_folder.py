"""The folder in which a command prepares its output: provably its own, locked, and removed at the end."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import final

from tfvae.core.errors import InvalidInput, UnwritableFile
from tfvae.pipelines.scoring.output_files import OutputFiles, read_json

_OWN_FILES = ("output.*", "rejects.csv", "summary.json", "part-*.parquet", "unfinished.*", "publishing")


@final
class WorkFolder:
    """The folder `OUT.parts` of a command that writes the output OUT; `open_work_folder` makes it.

    Only files to which the command itself gives a name are removed from it.

    Args:
        files: the output and the files beside it.

    Attributes:
        path: the folder.
    """

    def __init__(self, files: OutputFiles):
        self.path, self.files = files.parts, files

    @property
    def output(self) -> Path:
        """Where the output is prepared."""
        return self.path / f"output{self.files.output.suffix}"

    @property
    def rejects(self) -> Path:
        """Where the file of the rejected rows is prepared."""
        return self.path / "rejects.csv"

    @property
    def summary(self) -> Path:
        """Where the summary is prepared."""
        return self.path / "summary.json"

    def claim(self, job: Mapping[str, str | int]) -> None:
        """Keep what was prepared for the same job, and remove what was prepared for another one.

        Args:
            job: identifies the job.
        """
        if (read_json(self.files.job) or {}).get("job") == dict(job):
            return
        self._clear()
        unfinished = self.path / "unfinished.json"
        text = json.dumps(self.files.seal(None) | {"job": dict(job)}, indent=2)
        unfinished.write_text(text, encoding="utf-8")
        os.replace(unfinished, self.files.job)

    def publish(self, overwrite: bool) -> None:
        """Move the prepared files to their places, the output last; remove those that have become stale.

        Args:
            overwrite: whether an output that exists is replaced.

        Raises:
            InvalidInput: there is a file now that may not be replaced.
            UnwritableFile: a file cannot be moved.
        """
        files, marker = self.files, self.files.publishing
        again = marker.exists()  # a killed command had moved some of the files
        if not again:
            files.check(overwrite)
            stale = [path.name for path in (files.rejects, files.summary) if files.owns(path)]
            marker.write_text("\n".join(stale), encoding="utf-8")
        stale = marker.read_text(encoding="utf-8").split("\n")
        for prepared, place in ((self.rejects, files.rejects), (self.summary, files.summary)):
            if prepared.exists():
                _move(prepared, place, True)
            elif place.name in stale:
                place.unlink(missing_ok=True)
        _move(self.output, files.output, overwrite or again)

    def remove(self) -> None:
        """Remove what the command wrote, and the folder if nothing else is in it."""
        self._clear()
        self.files.job.unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            self.path.rmdir()

    def _clear(self) -> None:
        for pattern in _OWN_FILES:
            for path in self.path.glob(pattern):
                path.unlink()


@contextlib.contextmanager
def open_work_folder(output: Path, job: Mapping[str, str | int]) -> Iterator[WorkFolder]:
    """Make or reopen the folder of an output, and keep other commands from the same output.

    It is removed at the end; after an error only if it holds no parts that a later command can use.

    Args:
        output: the output.
        job: identifies the job, as strings and numbers.

    Raises:
        InvalidInput: another command writes the output, or the folder is of something else.
        UnwritableFile: the disk is full, for example.
    """
    files = OutputFiles(output)
    work = WorkFolder(files)
    try:
        with _locked(files):
            try:
                work.claim(job)
                yield work
            except BaseException:
                if not any(work.path.glob("part-*.parquet")):
                    work.remove()
                raise
            work.remove()
    except OSError as error:
        if error.errno is None:  # not the operating system's
            raise
        raise UnwritableFile(output, error.strerror) from error


@contextlib.contextmanager
def _locked(files: OutputFiles) -> Iterator[None]:
    """Hold the lock of the folder `OUT.parts`, which ends with the process, however that ends."""
    files.output.parent.mkdir(parents=True, exist_ok=True)
    _make(files)
    descriptor = os.open(files.parts, os.O_RDONLY)
    try:
        _lock(files, descriptor)
        yield
    finally:
        os.close(descriptor)


def _make(files: OutputFiles) -> None:
    """Make the folder with its job.json, unless it is there."""
    try:
        files.parts.mkdir()
    except FileExistsError:
        return
    try:
        files.job.write_text(json.dumps(files.seal(None) | {"job": {}}), encoding="utf-8")
    except OSError:
        files.job.unlink(missing_ok=True)
        files.parts.rmdir()
        raise


def _lock(files: OutputFiles, descriptor: int) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        received = f"{files.output}, which another command is writing"
        raise InvalidInput("--output", "a file of its own", received) from None
    if not files.owns_parts:  # or another command has just removed it
        raise InvalidInput("--output", "a name that leaves other files alone", f"{files.parts} exists")


def _move(prepared: Path, place: Path, replace: bool) -> None:
    descriptor = os.open(prepared, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    if replace:
        os.replace(prepared, place)
    else:
        _move_to_new(prepared, place)


def _move_to_new(prepared: Path, place: Path) -> None:
    try:
        os.link(prepared, place)
    except OSError:  # it exists, or the file system has no second names
        if os.path.lexists(place):
            raise InvalidInput("--output", "a new file, or --overwrite", f"{place}, which exists") from None
        os.rename(prepared, place)
    else:
        prepared.unlink()
