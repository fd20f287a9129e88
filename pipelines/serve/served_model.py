"""A model's folder of versions: the newest loadable one is served, and replaced when a newer one appears.

Only folders whose name is an integer count: a version is written under another name and then renamed. A
version that cannot be loaded is listed in the status with its error, and the one before it is still served;
it is tried again once its folder has changed. A replaced version ends when its last request is answered. If
all folders are deleted, the last version is still served.
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
from typing import Any

import tensorflow as tf

from tfvae.pipelines.serve.failure import Failure
from tfvae.pipelines.serve.version import Version

FileStats = tuple[tuple[int, int, int] | None, ...]

_LARGEST = 2**63 - 1
_log = logging.getLogger("tfvae.serve")
_log.addHandler(logging.NullHandler())  # the program that runs the server decides what is shown


@dataclasses.dataclass
class State:
    """The state of a version: LOADING, AVAILABLE, UNLOADING or END, and an error.

    Attributes:
        state: as TensorFlow Serving names it.
        code: a canonical status code.
        message: the error message.
    """

    state: str
    code: str = "OK"
    message: str = ""


class ServedModel:
    """A named model and its versions.

    Args:
        name: the model's name in requests.
        folder: the folder of the versions.

    Attributes:
        states: state of each version, by its number.
    """

    def __init__(self, name: str, folder: Path):
        self.name, self.folder = name, folder
        self.states: dict[int, State] = {}
        self._serving: Version | None = None
        self._leaving: dict[int, Version] = {}
        self._in_use: dict[Version, int] = {}
        self._broken: dict[int, FileStats] = {}

    @property
    def newest(self) -> int | None:
        """The number of the served version; None without any."""
        return None if self._serving is None else self._serving.number

    @property
    def loaded(self) -> tuple[int | None, ...]:
        """Numbers of the versions in memory: the served one, and those with unanswered requests."""
        return self.newest, *self._leaving

    @contextlib.contextmanager
    def use(self, number: int | None) -> Iterator[Version]:
        """Yield a version, which stays loaded at least until the end of the context.

        Args:
            number: number of the version; None means the newest.

        Raises:
            Failure: it is not served.
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

    def status(self, number: int | None) -> dict[str, Any]:
        """Return the states of versions, as in TensorFlow Serving's status.

        Args:
            number: number of a version; None means all.

        Raises:
            Failure: there was never such a version.
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
        """Check the folder, and replace the served version if there is a newer one.

        Args:
            pool: threads that load versions.
        """
        loop = asyncio.get_running_loop()
        for number, stats in (await loop.run_in_executor(pool, _versions, self.folder)).items():
            if number == self.newest:
                return
            if self._broken.get(number) == stats:
                continue
            self.states[number] = State("LOADING")
            load = functools.partial(Version, number, self.folder / str(number))
            try:
                version = await loop.run_in_executor(pool, load)
            except Exception as error:
                self._broken[number] = stats
                self.states[number] = State("END", _code(error), _one_line(error))
                _log.error("%s: version %d cannot be loaded: %s", self.name, number, _one_line(error))
                continue
            self._broken.pop(number, None)
            self._replace(version)
            return

    def _replace(self, version: Version) -> None:
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


def served_models(folder: Path, name: str | None = None) -> list[ServedModel]:
    """Return the models in a folder: the folder itself if it has versions, else those of its folders that do.

    Args:
        folder: `NAME/` with versions, or a folder of such folders.
        name: the name of a single model; None means that of its folder.

    Raises:
        OSError: the folder cannot be read.

    Example:
        >>> import tempfile
        >>> served_models(Path(tempfile.mkdtemp()))
        []
    """
    if _versions(folder):
        return [ServedModel(name or folder.resolve().name, folder)]
    inside = sorted(entry for entry in folder.iterdir() if entry.is_dir() and not entry.name.startswith("."))
    return [ServedModel(entry.name, entry) for entry in inside if _versions(entry)]


def _versions(folder: Path) -> dict[int, FileStats]:
    """Return the versions in a folder, the newest first, each with numbers that change with its files."""
    numbers = {}
    try:
        entries = list(folder.iterdir())
    except FileNotFoundError:
        return {}
    for entry in entries:
        if re.fullmatch(r"[0-9]+", entry.name) and int(entry.name) <= _LARGEST and entry.is_dir():
            numbers[int(entry.name)] = _file_stats(entry)
    return dict(sorted(numbers.items(), reverse=True))


def _file_stats(folder: Path) -> FileStats:
    found: list[tuple[int, int, int] | None] = []
    for path in (folder, folder / "saved_model.pb", folder / "variables"):
        try:
            stat = path.stat()
            found.append((stat.st_mtime_ns, stat.st_ino, stat.st_size))
        except OSError:
            found.append(None)
    return tuple(found)


def _code(error: Exception) -> str:
    number = getattr(error, "error_code", None)
    if isinstance(error, tf.errors.OpError) and number is not None:
        return Failure.of_tensorflow(number, "").code
    return "NOT_FOUND" if isinstance(error, OSError) else "INVALID_ARGUMENT"


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__
