"""Parts of a long result, each written whole or not at all, so that an interrupted command goes on."""

from __future__ import annotations

import dataclasses
import json
import shutil
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import final

import pyarrow as pa
import pyarrow.parquet as pq

from tfvae.core.files import replacing
from tfvae.data.tables.files import Reject
from tfvae.pipelines.scoring.scored_rows import ScoredRows

_JOB, _METADATA_KEY = "job.json", b"tfvae"


@final
class Parts:
    """Scored rows in a folder of Parquet files, in order; all parts but the last have `size` rows.

    Parts of the same job are kept. Those of another job are removed.

    Args:
        folder: the folder; it is created.
        job: identifies the job, as strings and numbers.
        size: rows in a part.

    Attributes:
        rows: number of rows in all parts, scored and rejected.
    """

    def __init__(self, folder: Path, job: Mapping[str, str | int], size: int):
        self.folder, self.size = folder, size
        identity = {**job, "rows of a part": size}
        if folder.exists() and _read_json(folder / _JOB) != identity:
            shutil.rmtree(folder)
        folder.mkdir(parents=True, exist_ok=True)
        for unfinished in folder.glob(".*"):  # of a killed command
            shutil.rmtree(unfinished, ignore_errors=True)
        if not (folder / _JOB).exists():
            with replacing(folder / _JOB) as temporary:
                temporary.write_text(json.dumps(identity, indent=2), encoding="utf-8")
        self._count = self.rows = 0
        while self.rows == self._count * size and self._path(self._count).is_file():
            self.rows += _metadata(self._path(self._count))["rows"]
            self._count += 1
        if self.rows % size:  # the last part: the file may have grown since
            self._count -= 1
            self.rows = self._count * size
            self._path(self._count).unlink()

    @property
    def schema(self) -> pa.Schema:
        """The schema of the tables; there must be a part."""
        return pq.read_schema(self._path(0)).remove_metadata()

    @property
    def counts(self) -> dict[str, list[int]]:
        """Number of scored rows in each bin of the training profiles, by column, over all parts."""
        totals: dict[str, Counter[int]] = {}
        for number in range(self._count):
            for column, bins in _metadata(self._path(number))["counts"].items():
                totals.setdefault(column, Counter()).update(dict(enumerate(bins)))
        return {column: [bins[index] for index in sorted(bins)] for column, bins in totals.items()}

    def append(self, part: ScoredRows) -> None:
        """Add a part, whole or not at all."""
        rejects = [dataclasses.astuple(reject) for reject in part.rejects]
        metadata = json.dumps({"rows": part.rows, "rejects": rejects, "counts": part.counts})
        with replacing(self._path(self._count)) as temporary:
            pq.write_table(part.table.replace_schema_metadata({_METADATA_KEY: metadata}), temporary)
        self._count += 1
        self.rows += part.rows

    def __iter__(self) -> Iterator[ScoredRows]:
        for number in range(self._count):
            metadata = _metadata(self._path(number))
            table = pq.read_table(self._path(number)).replace_schema_metadata()
            yield ScoredRows(
                table, tuple(Reject(*entry) for entry in metadata["rejects"]), metadata["counts"]
            )

    def remove(self) -> None:
        """Delete the folder."""
        shutil.rmtree(self.folder)

    def _path(self, number: int) -> Path:
        return self.folder / f"part-{number:06d}.parquet"


def _metadata(path: Path) -> dict:
    return json.loads(pq.read_schema(path).metadata[_METADATA_KEY])


def _read_json(path: Path) -> dict | None:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
