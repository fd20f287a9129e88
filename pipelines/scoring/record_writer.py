"""The rows of a CSV file as they were read, with columns added before and after."""

from __future__ import annotations

from pathlib import Path
from typing import Self, final

import pyarrow as pa
import pyarrow.compute as pc

from tfvae.pipelines.scoring.scored_rows import RECORD, ROW


@final
class RecordWriter:
    r"""Writes each row's bytes between its number and the added columns: no cell is parsed and written again.

    Formulas, quotes and spaces in the cells pass through, as do texts such as NA.

    Args:
        path: the CSV file.
        header: the first line of the file that was read.
        added: names of the added columns.
        mark: the byte order mark with which the file begins, or nothing.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp(), "s.csv")
        >>> with RecordWriter(path, b"a,b", ["score"]) as writer:
        ...     writer.write_table(pa.table({"row": [0], "record": [b'1.10,"x"'], "score": [2.5]}))
        >>> path.read_text()
        '"row",a,b,"score"\n0,1.10,"x",2.5\n'
    """

    def __init__(self, path: Path, header: bytes, added: list[str], mark: bytes = b""):
        self._stream, self._added = path.open("wb"), added
        names = b",".join([_quoted(ROW), header, *map(_quoted, added)])
        self._stream.write(mark + names + b"\n")

    def write_table(self, table: pa.Table) -> None:
        """Write the rows of a table with the columns `row`, `record` and the added ones."""
        for batch in table.select([ROW, RECORD, *self._added]).to_batches():
            cells = [_cells(column) for column in batch.columns]
            lines = pc.binary_join_element_wise(*cells, pa.scalar(b",", pa.large_binary()))
            line_ends = pa.scalar(b"\n", pa.large_binary()), pa.scalar(b"", pa.large_binary())
            ended = pc.binary_join_element_wise(lines, *line_ends)
            self._stream.write(b"".join(ended.to_pylist()))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stream.close()


def _quoted(text: str) -> bytes:
    return b'"' + text.encode().replace(b'"', b'""') + b'"'


def _cells(column: pa.Array) -> pa.Array:
    """Return the cells of a column as CSV has them; a missing value is empty."""
    if pa.types.is_string(column.type):
        texts = column.dictionary_encode()
        quoted = pa.array([_quoted(text) for text in texts.dictionary.to_pylist()], pa.large_binary())
        column = pa.DictionaryArray.from_arrays(texts.indices, quoted).dictionary_decode()
    elif not pa.types.is_binary(column.type):
        column = column.cast(pa.string())
    return column.cast(pa.large_binary()).fill_null(b"")
