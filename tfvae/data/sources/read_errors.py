"""One-line errors for files that cannot be read, in place of the many exceptions of their readers."""

from __future__ import annotations

import contextlib
import gzip
import pathlib
import re
import struct
import zlib
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, TypeVar

from tfvae.core.errors import InvalidInput, UnreadableFile

if TYPE_CHECKING:
    import tensorflow as tf

Item = TypeVar("Item")
ErrorTypes = tuple[type[BaseException], ...]

# What the standard library and NumPy raise for damaged files and those of another format.
READ_ERRORS: ErrorTypes = (OSError, ValueError, EOFError, struct.error, zlib.error)

_SYSTEM_ERRORS: dict[type[OSError], str] = {
    FileNotFoundError: "there is no such file",
    IsADirectoryError: "it is a folder",
    PermissionError: "it may not be read",
}


def one_line(error: BaseException) -> str:
    r"""Return an exception's message on one line of at most 300 characters.

    Args:
        error: the exception.

    Example:
        >>> one_line(ValueError("bad header:\n  found 3 columns"))
        'bad header: found 3 columns'
        >>> one_line(FileNotFoundError(2, "No such file or directory", "a.csv"))
        'there is no such file'
    """
    known = [text for kind, text in _SYSTEM_ERRORS.items() if isinstance(error, kind)]
    text = " ".join((known or [str(error)])[0].split())
    return text if len(text) <= 300 else text[:300] + " ..."  # a parser may quote the whole row


@contextlib.contextmanager
def reading(path: object, expected: str, errors: ErrorTypes = READ_ERRORS) -> Iterator[None]:
    """Raise UnreadableFile for errors of a reader inside the context.

    Args:
        path: the file, for the message.
        expected: what the file should be, for the message.
        errors: exceptions to replace; those of this library pass unchanged.

    Raises:
        UnreadableFile: in place of one of `errors`.

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


def reading_chunks(
    chunks: Iterable[Item],
    path: object,
    expected: str,
    errors: ErrorTypes = READ_ERRORS,
    rows: Callable[[Any], int] = len,
) -> Iterator[Item]:
    """Yield the chunks of a reader; raise UnreadableFile with the number of rows before its error.

    Args:
        chunks: what the reader yields.
        path: the file, for the message.
        expected: what the file should be, for the message.
        errors: exceptions to replace; those of this library pass unchanged.
        rows: returns the number of rows of a chunk.

    Raises:
        UnreadableFile: in place of one of `errors`.

    Example:
        >>> [len(chunk) for chunk in reading_chunks(["abc", "de"], "letters.txt", "letters")]
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


def numpy_iterator(dataset: tf.data.Dataset) -> Iterator[Any]:
    """Yield the elements of a tf.data set as NumPy arrays.

    Args:
        dataset: the data set.

    Raises:
        OSError: for TensorFlow's errors, with the message but without the names of graph nodes.

    Example:
        >>> import tensorflow as tf
        >>> [int(item) for item in numpy_iterator(tf.data.Dataset.range(2))]
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
            raise OSError(_without_graph_names(error.message)) from error
        yield item


def read_gzip(path: pathlib.Path, expected: str) -> bytes:
    """Return the uncompressed content of a gzip file; its length and checksum are verified.

    Args:
        path: the file.
        expected: what the file should be, for the message.

    Raises:
        UnreadableFile: if the file is damaged.
    """
    with reading(path, expected), gzip.open(path, "rb") as stream:
        return stream.read()


def _without_graph_names(message: str) -> str:
    message = re.sub(r"\{\{function_node.*?\}\}|\[\[\{\{node.*?\}\}\]\]|\[Op:\w+\]( name:)?", "", message)
    message = re.sub(r"Error in user-defined function passed to .*? Iterator::[\w:]+: ", "", message)
    return " ".join(message.replace("Name: <unknown>, ", "").split())
