"""Tables in Parquet files."""

from __future__ import annotations

import pathlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, final

import numpy as np

from tfvae.core.errors import UnreadableFile
from tfvae.data.sources.arrow_columns import arrow_errors
from tfvae.data.sources.parquet_file import open_parquet
from tfvae.data.sources.read_errors import reading, reading_chunks
from tfvae.data.tables.rows import Rows, TableFile

if TYPE_CHECKING:
    import pyarrow as pa

_PARQUET = "a Parquet table"


@final
class ParquetTable(TableFile):
    """A Parquet file, with the columns' own types; views of strings and bytes become strings and bytes.

    Args:
        path: the file.
        batch_rows: largest number of rows of a batch.

    Raises:
        UnreadableFile: for a file that does not exist or is damaged, for two columns of one name, and for a
            column of whose type pyarrow cannot select rows, such as a list of string views.
    """

    typed = True

    def __init__(self, path: pathlib.Path, batch_rows: int):
        super().__init__(path)
        self._batch_rows = batch_rows
        with reading(path, _PARQUET, arrow_errors()), open_parquet(path) as file:
            self._schema, self.size = _without_views(file.schema_arrow), file.metadata.num_rows
        self.names = self._schema.names
        self._check_names(_PARQUET)
        for field in self._schema:
            if not _is_selectable(field.type):
                found = f"column {field.name!r} holds {field.type} values"
                raise UnreadableFile(path, f"{_PARQUET} of types whose rows can be selected", found)

    @property
    def schema(self) -> pa.Schema:
        """The columns' types."""
        return self._schema

    def rows(self) -> Iterator[Rows]:
        """Yield all rows; none is rejected."""
        first = 0
        for batch in reading_chunks(self._batches(), self.path, _PARQUET, arrow_errors()):
            indices = np.arange(first, first + len(batch))
            yield Rows(batch, indices, indices + 1)
            first += len(batch)

    def _batches(self) -> Iterator[pa.RecordBatch]:
        with open_parquet(self.path) as file:
            for batch in file.iter_batches(self._batch_rows):
                yield batch.cast(self._schema)


def _without_views(schema: pa.Schema) -> pa.Schema:
    import pyarrow as pa

    plain = {pa.string_view(): pa.string(), pa.binary_view(): pa.binary()}
    fields = [field.with_type(plain.get(field.type, field.type)) for field in schema]
    return pa.schema(fields, schema.metadata)


def _is_selectable(kind: pa.DataType) -> bool:
    import pyarrow as pa

    try:
        pa.nulls(0, kind).take(pa.array([], pa.int64()))
    except pa.ArrowNotImplementedError:
        return False
    return True
