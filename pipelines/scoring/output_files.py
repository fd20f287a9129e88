"""An output and the files beside it: which of them may be replaced."""

from __future__ import annotations

import dataclasses
import glob
import hashlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, final

from tfvae.core.errors import InvalidInput

WRITER = "tfvae score"


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
        """The file that marks that the prepared files are being moved to their places."""
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

    @property
    def owns_parts(self) -> bool:
        """Whether the command has made the folder `parts`."""
        return not self.parts.is_symlink() and _is_sealed(read_json(self.job) or {}, self.output)

    def check(self, overwrite: bool, *inputs: str | os.PathLike[str]) -> None:
        """Raise if the output cannot be written without the loss of something else.

        Args:
            overwrite: whether an output that exists is replaced.
            inputs: files, folders and patterns that the command reads.

        Raises:
            InvalidInput: the output or a file beside it is an input, or exists and may not be replaced; or
                its folder cannot be written.
        """
        targets = [self.output, self.rejects, self.summary]
        self._check_inputs([target for target in targets if target.exists()], inputs)
        if self.output.is_dir() and not self.output.is_symlink():
            raise InvalidInput("--output", "a file", f"{self.output}, which is a folder")
        if os.path.lexists(self.parts) and not self.owns_parts:
            raise InvalidInput("--output", "a name that leaves other files alone", f"{self.parts} exists")
        _check_folder(self.output.parent)
        if self.publishing.exists():  # of a killed command, which had checked the rest
            return
        if os.path.lexists(self.output) and not overwrite:
            raise InvalidInput("--output", "a new file, or --overwrite", f"{self.output}, which exists")
        for path in (self.rejects, self.summary):
            if os.path.lexists(path) and not self.owns(path):
                raise InvalidInput("--output", "a name that leaves other files alone", f"{path} exists")

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
