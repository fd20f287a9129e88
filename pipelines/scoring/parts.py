"""Parts of a long result, each written whole or not at all, from which a killed run goes on."""

from __future__ import annotations

import dataclasses
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import final

import pyarrow as pa
import pyarrow.parquet

from tfvae.core.files import replacing
from tfvae.data.tables.files import Reject

_JOB, _ABOUT = "job.json", b"tfvae"


@dataclasses.dataclass(frozen=True)
class ScoredPart:
    """Scored rows, the rejects among them, and how many rows are in each bin of the training's profiles.

    Attributes:
        table: the scored rows.
        rejects: the others, in order.
        counts: rows in each bin, by column.
    """

    table: pa.Table
    rejects: tuple[Reject, ...]
    counts: dict[str, list[int]]

    @property
    def rows(self) -> int:
        """All rows, scored and rejected."""
        return self.table.num_rows + len(self.rejects)


@final
class Parts:
    """A folder of parts, in order; all but the last have `size` rows.

    What is in the folder of the same job is kept, what is of another is taken away.

    Args:
        folder: where they are; it is made.
        job: what tells this work from any other, as plain texts and numbers.
        size: rows of a part.

    Attributes:
        rows: rows of all parts, scored and rejected.
    """

    def __init__(self, folder: Path, job: dict, size: int):
        self.folder, self.size = folder, size
        job = {**job, "rows of a part": size}
        if folder.exists() and _read(folder / _JOB) != job:
            shutil.rmtree(folder)
        folder.mkdir(parents=True, exist_ok=True)
        for unfinished in folder.glob(".*"):  # of a killed run
            shutil.rmtree(unfinished, ignore_errors=True)
        if not (folder / _JOB).exists():
            with replacing(folder / _JOB) as temporary:
                temporary.write_text(json.dumps(job, indent=2), encoding="utf-8")
        self._count = self.rows = 0
        while self.rows == self._count * size and self._path(self._count).is_file():
            self.rows += _about(self._path(self._count))["rows"]
            self._count += 1
        if self.rows % size:  # a last part: whether the file has grown since is not known
            self._count -= 1
            self.rows = self._count * size
            self._path(self._count).unlink()

    def write(self, part: ScoredPart) -> None:
        """Add a part, whole or not at all."""
        rejects = [dataclasses.astuple(reject) for reject in part.rejects]
        about = json.dumps({"rows": part.rows, "rejects": rejects, "counts": part.counts})
        with replacing(self._path(self._count)) as temporary:
            pyarrow.parquet.write_table(part.table.replace_schema_metadata({_ABOUT: about}), temporary)
        self._count += 1
        self.rows += part.rows

    def __iter__(self) -> Iterator[ScoredPart]:
        for number in range(self._count):
            about = _about(self._path(number))
            table = pyarrow.parquet.read_table(self._path(number)).replace_schema_metadata()
            yield ScoredPart(table, tuple(Reject(*entry) for entry in about["rejects"]), about["counts"])

    def remove(self) -> None:
        """Take the folder away."""
        shutil.rmtree(self.folder)

    def _path(self, number: int) -> Path:
        return self.folder / f"part-{number:06d}.parquet"


def _about(path: Path) -> dict:
    return json.loads(pyarrow.parquet.read_schema(path).metadata[_ABOUT])


def _read(path: Path) -> dict | None:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
