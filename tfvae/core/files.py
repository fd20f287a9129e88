"""Files written whole or not at all."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tfvae.core.errors import InvalidInput, UnwritableFile


@contextlib.contextmanager
def replacing(path: str | os.PathLike) -> Iterator[Path]:
    """Yield a temporary path beside `path` to write a file or a folder to; put it in place at the end.

    What was at `path` stays as it was until the new content is complete and on disk, and for good
    where writing fails or the process is killed. The temporary name keeps the suffix. A folder is put
    in place only where nothing, or an empty folder, stands.

    Example:
        >>> target = Path(tempfile.mkdtemp()) / "numbers.txt"
        >>> with replacing(target) as temporary:
        ...     _ = temporary.write_text("1 2 3")
        >>> target.read_text()
        '1 2 3'
    """
    path = Path(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix=f".{path.name}.", dir=path.parent))
    except OSError as error:
        raise UnwritableFile(path, error.strerror) from error
    temporary = folder / path.name
    try:
        yield temporary
        _to_disk(temporary)
        os.replace(temporary, path)
        _sync(path.parent)
    except OSError as error:
        if error.errno is None:  # not the operating system's
            raise
        raise UnwritableFile(path, error.strerror) from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def new_folder(argument: str, path: str | os.PathLike) -> Path:
    """Return the path of a folder to be written, or raise where something stands there.

    Example:
        >>> new_folder("folder", tempfile.gettempdir() + "/no-such-folder").name
        'no-such-folder'
    """
    path = Path(path)
    if path.exists() and not path.is_dir():
        raise InvalidInput(argument, "a new or empty folder", f"{path}, which is a file")
    if path.is_dir() and (entries := sorted(entry.name for entry in path.iterdir())):
        raise InvalidInput(argument, "a new or empty folder", f"{path}, which holds {entries[0]}")
    return path


def _to_disk(path: Path) -> None:
    if path.is_dir():
        for entry in path.iterdir():
            _to_disk(entry)
    _sync(path)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
