"""Turn the many exceptions of file formats into one, in one line, with the file and the row."""

from __future__ import annotations

import contextlib
import gzip
import pathlib
import re
import zlib
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, TypeVar

from tfvae.core.errors import InvalidInput, UnreadableFile

if TYPE_CHECKING:
    import tensorflow as tf

Item = TypeVar("Item")

# What the standard library and NumPy raise on damaged or foreign bytes.
DAMAGE = (OSError, ValueError, EOFError, zlib.error)


def one_line(error: BaseException) -> str:
    """Return an exception's message on one line; its class where there is no message.

    Example:
        >>> one_line(ValueError("bad header: found 3 columns"))
        'bad header: found 3 columns'
    """
    text = " ".join(str(error).split())
    return text if len(text) <= 300 else text[:300] + " ..."  # a parser may quote the whole row


@contextlib.contextmanager
def reading(path: object, expected: str, errors: tuple[type[BaseException], ...] = DAMAGE) -> Iterator[None]:
    """Raise UnreadableFile(path, expected, ...) in place of any of `errors`; our own errors pass unchanged.

    Example:
        >>> with reading("digits.npy", "a NumPy array"):
        ...     raise EOFError("no data left in file")
        Traceback (most recent call last):
        tfvae.UnreadableFile: digits.npy: expected a NumPy array, but no data left in file
    """
    try:
        yield
    except (UnreadableFile, InvalidInput):
        raise
    except errors as error:
        raise UnreadableFile(path, expected, one_line(error) or type(error).__name__) from error


def counted(
    chunks: Iterable[Item],
    path: object,
    expected: str,
    errors: tuple[type[BaseException], ...] = DAMAGE,
    rows: Callable[[Item], int] = len,
) -> Iterator[Item]:
    """Pass chunks on; a failure of their reader becomes UnreadableFile with the number of rows before it.

    Args:
        chunks: what a format's reader yields.
        path: the file.
        expected: what the file should be.
        errors: what the reader raises on damage.
        rows: counts the rows of a chunk.

    Example:
        >>> [len(chunk) for chunk in counted(["abc", "de"], "letters.txt", "letters")]
        [3, 2]
    """
    iterator, done = iter(chunks), 0
    while True:
        try:
            chunk = next(iterator)
        except StopIteration:
            return
        except (UnreadableFile, InvalidInput):
            raise
        except errors as error:
            reason = f"reading failed after {done} rows: {one_line(error) or type(error).__name__}"
            raise UnreadableFile(path, expected, reason) from error
        done += rows(chunk)
        yield chunk


def as_numpy(dataset: tf.data.Dataset) -> Iterator[object]:
    """Iterate over a tf.data set as NumPy; a failure is an OSError that says what is wrong, and no more.

    Example:
        >>> import tensorflow as tf
        >>> [int(item) for item in as_numpy(tf.data.Dataset.range(2))]
        [0, 1]
    """
    import tensorflow as tf

    iterator = dataset.as_numpy_iterator()
    while True:
        try:
            item = next(iterator)
        except StopIteration:
            return
        except tf.errors.OpError as error:
            raise OSError(_without_graph(error.message)) from error
        yield item


def unzipped(path: pathlib.Path, expected: str) -> bytes:
    """Return all bytes of a gzip file; its length and checksum are verified."""
    with reading(path, expected), gzip.open(path, "rb") as stream:
        return stream.read()


def _without_graph(message: str) -> str:
    message = re.sub(r"\{\{function_node.*?\}\}|\[\[\{\{node.*?\}\}\]\]|\[Op:\w+\]( name:)?", "", message)
    message = re.sub(r"Error in user-defined function passed to .*? Iterator::[\w:]+: ", "", message)
    return " ".join(message.replace("Name: <unknown>, ", "").split())
