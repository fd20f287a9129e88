"""Tables from CSV and Parquet files."""

from __future__ import annotations

import os
import pathlib

from tfvae.core.errors import InvalidInput
from tfvae.data.tables.csv_table import CsvTable
from tfvae.data.tables.parquet_table import ParquetTable
from tfvae.data.tables.rows import Reject, Rows, TableFile

__all__ = ["Reject", "Rows", "TableFile", "table_file"]

_BATCH_ROWS = 8192


def table_file(path: str | os.PathLike) -> TableFile:
    r"""Return the table of a `.csv`, `.csv.gz` or `.parquet` file.

    Args:
        path: the file.

    Raises:
        InvalidInput: for a name with another ending.
        UnreadableFile: for a file that does not exist, or is not what its name says.

    Example:
        >>> import tempfile
        >>> path = pathlib.Path(tempfile.mkdtemp(), "people.csv")
        >>> _ = path.write_text("name,age\nAnn,31\nBob\nCy,\n")
        >>> [part] = table_file(path).rows()
        >>> part.batch.to_pydict(), part.rows.tolist()
        ({'name': [b'Ann', b'Cy'], 'age': [b'31', b'']}, [0, 2])
        >>> part.rejects[0].line, part.rejects[0].reason
        (3, 'expected 2 fields, found 1')
    """
    path = pathlib.Path(os.path.expanduser(path))
    if path.name.endswith((".csv", ".csv.gz")):
        return CsvTable(path)
    if path.suffix == ".parquet":
        return ParquetTable(path, _BATCH_ROWS)
    raise InvalidInput("DATA", "a file name ending in .csv, .csv.gz or .parquet", path)
