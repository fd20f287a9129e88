"""The folder in which a command prepares its output: provably its own, locked, and removed at the end."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import final

from tfvae.core.errors import InvalidInput, UnwritableFile
from tfvae.pipelines.scoring.output_files import UNFINISHED, OutputFiles, file_mark, read_json, write_json
from tfvae.pipelines.scoring.parts import UNFINISHED_PART, is_part


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
        files = self.files
        self._clear(self.output, self.rejects, self.summary)
        if (read_json(files.job) or {}).get("job") == dict(job):
            return
        self._clear(*self.parts)
        marks = read_json(files.publishing) or {}
        if marks.pop(files.output.name, None):  # another job's output needs --overwrite
            write_json(files.publishing, marks)
        write_json(files.job, files.seal(None) | {"job": dict(job)})

    def publish(self, overwrite: bool) -> None:
        """Move the prepared files to their places, the output last; remove those that have become stale.

        First it is written down which files these are and which they replace, so that a command that is
        killed here is continued by the next one, and no file is lost that came in between.

        Args:
            overwrite: whether an output that exists is replaced.

        Raises:
            InvalidInput: there is a file now that may not be replaced.
            UnwritableFile: a file cannot be moved.
        """
        files = self.files
        moves = ((self.rejects, files.rejects), (self.summary, files.summary), (self.output, files.output))
        for prepared, _ in moves:
            if prepared.exists():
                _flush(prepared)
        marks = {
            place.name: [file_mark(path) for path in (prepared, place) if os.path.lexists(path)]
            for prepared, place in moves
        }
        files.check(overwrite)
        write_json(files.publishing, marks)
        for prepared, place in moves:
            if prepared.exists() or prepared == self.output:
                _move(prepared, place, files.is_marked(place))
            elif files.is_marked(place):
                place.unlink()

    def remove(self) -> None:
        """Remove what the command wrote, and the folder if nothing else is in it."""
        unfinished = (self.path / UNFINISHED, self.path / UNFINISHED_PART)
        self._clear(self.output, self.rejects, self.summary, *self.parts, *unfinished)
        self._clear(self.files.publishing, self.files.job)
        with contextlib.suppress(OSError):
            self.path.rmdir()

    @property
    def parts(self) -> list[Path]:
        """The files of the parts."""
        return [path for path in self.path.iterdir() if is_part(path)]

    @staticmethod
    def _clear(*paths: Path) -> None:
        for path in paths:
            path.unlink(missing_ok=True)


@contextlib.contextmanager
def open_work_folder(output: Path, job: Mapping[str, str | int]) -> Iterator[WorkFolder]:
    """Make or reopen the folder of an output, and keep other commands from the same output.

    It is removed at the end; after an error only if it holds nothing that a later command can use.

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
                if not work.parts and not files.publishing.exists():
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
    with contextlib.suppress(FileExistsError):
        files.parts.mkdir()
    descriptor = os.open(files.parts, os.O_RDONLY)
    try:
        _lock(files, descriptor)
        yield
    finally:
        os.close(descriptor)


def _lock(files: OutputFiles, descriptor: int) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        received = f"{files.output}, which another command is writing"
        raise InvalidInput("--output", "a file of its own", received) from None
    is_removed = not os.path.lexists(files.parts) or not os.path.samestat(
        os.fstat(descriptor), files.parts.stat()
    )
    if is_removed or not files.owns_parts:  # removed by a command that has just ended
        raise InvalidInput("--output", "a name that leaves other files alone", f"{files.parts} exists")


def _flush(prepared: Path) -> None:
    descriptor = os.open(prepared, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _move(prepared: Path, place: Path, replace: bool) -> None:
    if replace:
        os.replace(prepared, place)
        return
    try:
        os.link(prepared, place)
    except OSError:  # it exists, or the file system has no second names
        if os.path.lexists(place):
            raise InvalidInput("--output", "a new file", f"{place}, which exists") from None
        os.rename(prepared, place)
    else:
        prepared.unlink()
