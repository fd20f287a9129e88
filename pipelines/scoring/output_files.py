"""An output and the files beside it: which of them may be replaced."""

from __future__ import annotations

import dataclasses
import glob
import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, final

from tfvae.core.errors import InvalidInput

WRITER = "tfvae score"
UNFINISHED = "unfinished.json"


@final
@dataclasses.dataclass(frozen=True)
class OutputFiles:
    """The output OUT of `tfvae score`, and what is written beside it.

    The command replaces and removes only what it has written for this output itself, which the summary
    proves, and with `--overwrite` the output.

    Attributes:
        output: the scored rows.

    Example:
        >>> OutputFiles(Path("s.csv")).rejects.name
        's.csv.rejects.csv'
    """

    output: Path

    @property
    def rejects(self) -> Path:
        """The rejected rows."""
        return self.output.with_name(f"{self.output.name}.rejects.csv")

    @property
    def summary(self) -> Path:
        """The counts of the scored table, from which a report is made."""
        return self.output.with_name(f"{self.output.name}.summary.json")

    @property
    def parts(self) -> Path:
        """The folder in which the command prepares all of this."""
        return self.output.with_name(f"{self.output.name}.parts")

    @property
    def job(self) -> Path:
        """The file that proves whose folder `parts` is."""
        return self.parts / "job.json"

    @property
    def publishing(self) -> Path:
        """The file that tells which files may be replaced while the prepared ones are moved."""
        return self.parts / "publishing"

    def seal(self, rejects: Path | None) -> dict[str, Any]:
        """Return what a summary holds so that it proves whose files these are.

        Args:
            rejects: the file of the rejected rows as it was prepared, or None without any.
        """
        digest = None if rejects is None else _digest(rejects)
        return {"written_by": WRITER, "written_for": self.output.name, "rejects_sha256": digest}

    def owns(self, path: Path) -> bool:
        """Return whether the command has written a file beside this output.

        Args:
            path: `rejects` or `summary`.
        """
        summary = read_json(self.summary) if self.summary.is_file() else None
        if summary is None or not _is_sealed(summary, self.output):
            return False
        if path.is_symlink() or not path.is_file():
            return False
        return path == self.summary or summary["rejects_sha256"] == _digest(path)

    def is_marked(self, path: Path) -> bool:
        """Return whether a file is one that a command, killed while it moved its files, moved or replaced.

        Args:
            path: `output`, `rejects` or `summary`.
        """
        marks = (read_json(self.publishing) or {}).get(path.name)
        return isinstance(marks, list) and os.path.lexists(path) and file_mark(path) in marks

    @property
    def owns_parts(self) -> bool:
        """Whether the command has made the folder `parts`, or nothing is in it."""
        if self.parts.is_symlink() or not self.parts.is_dir():
            return False
        return _is_sealed(read_json(self.job) or {}, self.output) or self._is_new

    def check(self, overwrite: bool, *inputs: str | os.PathLike[str]) -> None:
        """Raise if the output cannot be written without the loss of something else.

        Args:
            overwrite: whether an output that exists is replaced.
            inputs: files, folders and patterns that the command reads.

        Raises:
            InvalidInput: the output or a file beside it is an input, or exists and may not be replaced; its
                path is not UTF-8; or its folder cannot be written.
        """
        self._check_name()
        targets = [self.output, self.rejects, self.summary]
        self._check_inputs([target for target in targets if target.exists()], inputs)
        if self.output.is_dir() and not self.output.is_symlink():
            raise InvalidInput("--output", "a file", f"{self.output}, which is a folder")
        if os.path.lexists(self.parts) and not self.owns_parts:
            raise InvalidInput("--output", "a name that leaves other files alone", f"{self.parts} exists")
        _check_folder(self.output.parent)
        if os.path.lexists(self.output) and not overwrite and not self.is_marked(self.output):
            raise InvalidInput("--output", "a new file, or --overwrite", f"{self.output}, which exists")
        for path in (self.rejects, self.summary):
            if os.path.lexists(path) and not self.owns(path) and not self.is_marked(path):
                raise InvalidInput("--output", "a name that leaves other files alone", f"{path} exists")

    @property
    def _is_new(self) -> bool:
        """Whether a command has been killed before `job` was in the folder `parts`, or nothing is in it."""
        unfinished = self.parts / UNFINISHED
        if any(path != unfinished for path in self.parts.iterdir()):
            return False
        is_begun = unfinished.is_file() and not unfinished.stat().st_size
        return (
            not os.path.lexists(unfinished)
            or is_begun
            or _is_sealed(read_json(unfinished) or {}, self.output)
        )

    def _check_name(self) -> None:
        try:
            os.fspath(self.output).encode()
        except UnicodeEncodeError:
            raise InvalidInput("--output", "a path in UTF-8", os.fsencode(self.output)) from None

    def _check_inputs(self, targets: list[Path], inputs: tuple[str | os.PathLike[str], ...]) -> None:
        for source in inputs:
            for path in _files(os.fspath(source)):
                for target in targets:
                    if os.path.exists(path) and os.path.samefile(path, target):
                        received = f"{target}, which is the input {path}"
                        raise InvalidInput("--output", "other files than the input", received)
                if self.parts.resolve() in Path(path).resolve().parents:
                    raise InvalidInput("--output", "other files than the input", f"{path} is in {self.parts}")


def read_json(path: Path) -> dict[str, Any] | None:
    """Return the object in a JSON file; None for anything else.

    Args:
        path: the file.
    """
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    return values if isinstance(values, dict) else None


def write_json(path: Path, values: Mapping[str, Any]) -> None:
    """Write a JSON file, whole or not at all.

    Args:
        path: the file.
        values: the object in it.
    """
    unfinished = path.with_name(UNFINISHED)
    unfinished.write_text(json.dumps(values, indent=2), encoding="utf-8")
    os.replace(unfinished, path)


def file_mark(path: Path) -> list[int]:
    """Return what tells a file from others of its name, and from itself after a change.

    Args:
        path: the file, or a link, which is not followed.
    """
    stat = path.lstat()
    return [stat.st_ino, stat.st_size, stat.st_mtime_ns]


def _is_sealed(values: dict[str, Any], output: Path) -> bool:
    return (
        values.get("written_by") == WRITER
        and values.get("written_for") == output.name
        and "rejects_sha256" in values
    )


def _digest(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _files(source: str) -> Iterator[str]:
    """Yield the files that a source's name may mean: a path, a pattern or a folder, also after a prefix."""
    for name in dict.fromkeys((source, source.partition(":")[2])):
        name = os.path.expanduser(name)
        for path in [name] if os.path.exists(name) else glob.glob(name):
            yield path
            for folder, _, names in os.walk(path):
                yield from (os.path.join(folder, inner) for inner in names)


def _check_folder(folder: Path) -> None:
    """Raise if no file can be made in a folder, which itself may not exist yet."""
    existing = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    if not existing.is_dir() or not os.access(existing, os.W_OK | os.X_OK):
        raise InvalidInput("--output", "a file in a folder that can be written", f"{existing}, which cannot")
