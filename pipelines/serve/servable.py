"""A model's folder of versions: the newest that loads is served, and exchanged when a newer one appears.

Folders with other names than integers are not looked at: a version is written under another name and
renamed. A version that cannot be loaded stays in the status with its error, and the one before it is served
on; it is tried again once its folder has changed. A version that was replaced ends when its last request is
done. Where all folders are gone, the last version is served on.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import functools
import logging
import re
from collections.abc import Iterator
from concurrent.futures import Executor
from pathlib import Path

import tensorflow as tf

from tfvae.pipelines.serve.failure import Failure
from tfvae.pipelines.serve.version import Version

_LARGEST = 2**63 - 1
_log = logging.getLogger("tfvae.serve")
_log.addHandler(logging.NullHandler())  # who runs the server decides what is shown


@dataclasses.dataclass
class State:
    """What the status says of a version: START, LOADING, AVAILABLE, UNLOADING or END, and an error."""

    state: str
    code: str = "OK"
    message: str = ""


class ServedModel:
    """A named model and its versions.

    Args:
        name: the model's name in requests.
        folder: the folder with the versions' folders.
    """

    def __init__(self, name: str, folder: Path):
        self.name, self.folder = name, folder
        self.states: dict[int, State] = {}
        self._serving: Version | None = None
        self._leaving: dict[int, Version] = {}
        self._in_use: dict[Version, int] = {}
        self._broken: dict[int, object] = {}

    @property
    def newest(self) -> int | None:
        """The number of the version that is served."""
        return None if self._serving is None else self._serving.number

    @property
    def loaded(self) -> tuple[int | None, ...]:
        """The numbers of the versions in memory: the one that is served, and those in their last requests."""
        return self.newest, *self._leaving

    @contextlib.contextmanager
    def use(self, number: int | None) -> Iterator[Version]:
        """Yield the version of a number, or the newest; it stays loaded at least until the end.

        Raises:
            Failure: no such version is served.
        """
        version = self._serving
        if version is None or number not in (None, version.number):
            which = f"Latest({self.name})" if number is None else f"Specific({self.name}, {number})"
            raise Failure("NOT_FOUND", f"Servable not found for request: {which}")
        self._in_use[version] = self._in_use.get(version, 0) + 1
        try:
            yield version
        finally:
            self._in_use[version] -= 1
            self._end_unused()

    def status(self, number: int | None) -> dict:
        """Return the states of all versions, or of one, as TensorFlow Serving's status shows them.

        Raises:
            Failure: a version was never seen.
        """
        if number is not None and number not in self.states:
            raise Failure("NOT_FOUND", f"Could not find version {number} of model {self.name}")
        if not self.states:
            raise Failure("NOT_FOUND", f"Could not find any versions of model {self.name}")
        numbers = sorted(self.states, reverse=True) if number is None else [number]
        return {
            "model_version_status": [
                {
                    "version": str(number),
                    "state": self.states[number].state,
                    "status": {
                        "error_code": self.states[number].code,
                        "error_message": self.states[number].message,
                    },
                }
                for number in numbers
            ]
        }

    async def refresh(self, pool: Executor) -> None:
        """Look at the folder, and exchange the version that is served where there is a better one.

        Args:
            pool: threads in which versions are loaded.
        """
        loop = asyncio.get_running_loop()
        for number, mark in (await loop.run_in_executor(pool, _found, self.folder)).items():
            if number == self.newest:
                return
            if self._broken.get(number) == mark:
                continue
            self.states[number] = State("LOADING")
            load = functools.partial(Version, number, self.folder / str(number))
            try:
                version = await loop.run_in_executor(pool, load)
            except Exception as error:
                self._broken[number] = mark
                self.states[number] = State("END", _code(error), _one_line(error))
                _log.error("%s: version %d cannot be loaded: %s", self.name, number, _one_line(error))
                continue
            self._broken.pop(number, None)
            self._exchange(version)
            return

    def _exchange(self, version: Version) -> None:
        previous, self._serving = self._serving, version
        self.states[version.number] = State("AVAILABLE")
        _log.info("%s: version %d is served", self.name, version.number)
        if previous is not None:
            self.states[previous.number] = State("UNLOADING")
            self._leaving[previous.number] = previous
            self._end_unused()

    def _end_unused(self) -> None:
        for number, version in list(self._leaving.items()):
            if not self._in_use.get(version):
                del self._leaving[number]
                self._in_use.pop(version, None)
                if self.states[number].state == "UNLOADING":
                    self.states[number] = State("END")
                _log.info("%s: version %d has ended", self.name, number)


def servables(folder: Path, name: str | None = None) -> list[ServedModel]:
    """Return the models in a folder: itself, if it has versions, else those of its folders that do.

    Args:
        folder: `NAME/` with versions, or a folder of such folders.
        name: the name of a single model; None is its folder's.

    Raises:
        OSError: the folder cannot be read.

    Example:
        >>> import tempfile
        >>> servables(Path(tempfile.mkdtemp()))
        []
    """
    if _found(folder):
        return [ServedModel(name or folder.resolve().name, folder)]
    inside = sorted(entry for entry in folder.iterdir() if entry.is_dir() and not entry.name.startswith("."))
    return [ServedModel(entry.name, entry) for entry in inside if _found(entry)]


def _found(folder: Path) -> dict[int, object]:
    """Return the versions in a folder, the newest first, each with a mark that changes with its files."""
    numbers = {}
    try:
        entries = list(folder.iterdir())
    except FileNotFoundError:
        return {}
    for entry in entries:
        if re.fullmatch(r"[0-9]+", entry.name) and int(entry.name) <= _LARGEST and entry.is_dir():
            numbers[int(entry.name)] = _mark(entry)
    return dict(sorted(numbers.items(), reverse=True))


def _mark(folder: Path) -> object:
    marks = []
    for path in (folder, folder / "saved_model.pb", folder / "variables"):
        try:
            seen = path.stat()
            marks.append((seen.st_mtime_ns, seen.st_ino, seen.st_size))
        except OSError:
            marks.append(None)
    return tuple(marks)


def _code(error: Exception) -> str:
    if isinstance(error, tf.errors.OpError):
        return Failure.of_tensorflow(error.error_code, "").code
    return "NOT_FOUND" if isinstance(error, OSError) else "INVALID_ARGUMENT"


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__
