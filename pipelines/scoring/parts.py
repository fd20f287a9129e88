"""Parts of a long result, each written whole or not at all, so that an interrupted command goes on."""

from __future__ import annotations

import dataclasses
import json
import os
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, final

import pyarrow as pa
import pyarrow.parquet as pq

from tfvae.core.errors import UnreadableFile
from tfvae.data.tables.files import Reject
from tfvae.pipelines.scoring.scored_rows import ScoredRows

UNFINISHED_PART = "unfinished.parquet"
_METADATA_KEY = b"tfvae"
_NAME = re.compile(r"(part|rejects)-[0-9]{6,}\.parquet")
_REJECTS = pa.schema(
    [("row", pa.int64()), ("line", pa.int64()), ("reason", pa.large_string()), ("text", pa.large_string())]
)


@final
class Parts:
    """Scored rows in a folder of Parquet files, in order; all parts but the last have `size` rows.

    The parts that are in the folder are kept, up to the first that is damaged. The rejects of a part are in a
    file of their own, which is written before the part.

    Args:
        folder: the folder.
        size: rows in a part.

    Attributes:
        rows: number of rows in all parts, scored and rejected.
    """

    def __init__(self, folder: Path, size: int):
        self.folder, self.size = folder, size
        self._count = self.rows = 0
        while self.rows == self._count * size:
            metadata = _metadata(self._path(self._count))
            if metadata is None or not self._has_rejects(self._count, metadata["rejects"]):
                break
            self.rows += metadata["rows"]
            self._count += 1
        if self.rows % size:  # the last part: the file may have grown since
            self._count -= 1
            self.rows = self._count * size

    @property
    def schema(self) -> pa.Schema:
        """The schema of the tables; there must be a part."""
        return pq.read_schema(self._path(0)).remove_metadata()

    @property
    def counts(self) -> dict[str, list[int]]:
        """Number of scored rows in each bin of the training profiles, by column, over all parts."""
        totals: dict[str, Counter[int]] = {}
        for number in range(self._count):
            for column, bins in self._known(number)["counts"].items():
                totals.setdefault(column, Counter()).update(dict(enumerate(bins)))
        return {column: [bins[index] for index in sorted(bins)] for column, bins in totals.items()}

    def append(self, part: ScoredRows) -> None:
        """Add a part, whole or not at all."""
        metadata = json.dumps({"rows": part.rows, "rejects": len(part.rejects), "counts": part.counts})
        if part.rejects:
            columns = zip(*map(dataclasses.astuple, part.rejects), strict=True)
            self._write(pa.table(list(columns), schema=_REJECTS), self._rejects_path(self._count))
        self._write(part.table.replace_schema_metadata({_METADATA_KEY: metadata}), self._path(self._count))
        self._count += 1
        self.rows += part.rows

    def __iter__(self) -> Iterator[ScoredRows]:
        for number in range(self._count):
            metadata, path = self._known(number), self._path(number)
            rejects = self._rejects(number) if metadata["rejects"] else ()
            yield ScoredRows(_read(path).replace_schema_metadata(), rejects, metadata["counts"])

    def _rejects(self, number: int) -> tuple[Reject, ...]:
        columns = _read(self._rejects_path(number)).columns
        return tuple(map(Reject, *(column.to_pylist() for column in columns)))

    def _has_rejects(self, number: int, count: int) -> bool:
        if not count:
            return True
        try:
            metadata = pq.read_metadata(self._rejects_path(number))
        except (OSError, pa.ArrowException):
            return False
        return metadata.num_rows == count and metadata.schema.to_arrow_schema().equals(_REJECTS)

    def _write(self, table: pa.Table, path: Path) -> None:
        unfinished = self.folder / UNFINISHED_PART
        pq.write_table(table, unfinished, write_page_checksum=True)
        os.replace(unfinished, path)

    def _known(self, number: int) -> dict[str, Any]:
        path = self._path(number)
        metadata = _metadata(path)
        if metadata is None:
            raise _damaged(path, "it cannot be read")
        return metadata

    def _path(self, number: int) -> Path:
        return self.folder / f"part-{number:06d}.parquet"

    def _rejects_path(self, number: int) -> Path:
        return self.folder / f"rejects-{number:06d}.parquet"


def _read(path: Path) -> pa.Table:
    try:
        return pq.read_table(path, page_checksum_verification=True)
    except (OSError, pa.ArrowException) as error:
        raise _damaged(path, error) from None


def is_part(path: Path) -> bool:
    """Return whether a file has the name of one of `Parts`.

    Args:
        path: the file.

    Example:
        >>> is_part(Path("part-000001.parquet")), is_part(Path("part-a.parquet"))
        (True, False)
    """
    return _NAME.fullmatch(path.name) is not None


def _metadata(path: Path) -> dict[str, Any] | None:
    """Return what is known of a part; None without a part, and for a damaged one."""
    try:
        values = json.loads(pq.read_schema(path).metadata[_METADATA_KEY])
        rows, rejects, counts = values["rows"], values["rejects"], values["counts"]
    except (OSError, pa.ArrowException, ValueError, KeyError, TypeError, RecursionError):
        return None
    is_complete = isinstance(rows, int) and isinstance(rejects, int) and isinstance(counts, dict)
    return values if is_complete and rows > 0 else None


def _damaged(path: Path, reason: object) -> UnreadableFile:
    expected = "a part of the scored rows; without it, the same command scores its rows again"
    return UnreadableFile(path, expected, " ".join(str(reason).split()))
