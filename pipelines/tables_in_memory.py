"""Data frames as files, which all that reads tables takes."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tfvae.core.errors import InvalidInput, UnreadableFile

if TYPE_CHECKING:
    import pyarrow as pa

EXPECTED = (
    "a data frame of pandas, polars or another library with Arrow's stream or the interchange protocol, a "
    "dict of columns, or the path of a .csv, .csv.gz or .parquet file"
)


@contextlib.contextmanager
def as_file(x: Any) -> Iterator[Path]:
    """Give the path of a table: itself, or that of a Parquet file that is gone afterwards.

    Args:
        x: a data frame, a dict of columns, or a path.

    Raises:
        InvalidInput: it is something else, or holds values that a Parquet file does not; and instead of an
            `UnreadableFile` about the file that a data frame became.
    """
    if isinstance(x, str | os.PathLike):
        yield Path(os.path.expanduser(x))
        return
    import pyarrow as pa
    from pyarrow import parquet

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "X.parquet")
        try:
            parquet.write_table(as_arrow(x), path)
        except pa.ArrowException as error:
            raise InvalidInput("X", "columns that a Parquet file holds", error) from None
        try:
            yield path
        except UnreadableFile as error:
            if error.path != path:
                raise
            raise InvalidInput("X", error.expected, error.reason) from None


def as_arrow(x: Any) -> pa.Table:
    """Return a data frame as a table of Arrow, without the index of pandas.

    Args:
        x: a data frame, or a dict of columns.

    Raises:
        InvalidInput: it is something else.

    Example:
        >>> as_arrow({"a": [1, None]}).column("a").null_count
        1
    """
    import pyarrow as pa
    from pyarrow import interchange

    try:
        if isinstance(x, Mapping):
            return pa.table(dict(x))
        if hasattr(x, "__arrow_c_stream__"):
            table = pa.RecordBatchReader.from_stream(x).read_all()
        elif hasattr(x, "__dataframe__"):
            table = interchange.from_dataframe(x)
        else:
            raise InvalidInput("X", EXPECTED, f"a {type(x).__name__}")
    except (pa.ArrowException, TypeError) as error:
        received = "; ".join(map(str, error.args))
        raise InvalidInput("X", "columns of one length, each of one type", received) from None
    index = (table.schema.pandas_metadata or {}).get("index_columns", [])
    table = table.drop_columns([name for name in index if isinstance(name, str)])
    plain = [_with_plain_categories(column) for column in table.columns]
    return pa.table(plain, names=table.column_names)


def _with_plain_categories(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return a column; categories that are views of strings, as those of polars, become strings."""
    import pyarrow as pa

    if not pa.types.is_dictionary(column.type) or column.type.value_type != pa.string_view():
        return column
    chunks = [
        pa.DictionaryArray.from_arrays(chunk.indices, chunk.dictionary.cast(pa.string()))
        for chunk in column.chunks
    ]
    return pa.chunked_array(chunks, pa.dictionary(column.type.index_type, pa.string()))
