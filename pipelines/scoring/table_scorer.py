"""A detector's columns for a table's rows, from Arrow batches to Arrow batches: the same on every engine.

Needs TensorFlow and Arrow, and neither Keras nor the models of this library. `score_table` calls it for the
rows of a file, `score_spark` inside Spark's `mapInArrow`. With a pool of processes, each of which loads the
detector once:

    @functools.cache
    def scorer(path):
        return table_scorer.load(path)

    def score(path, batch):
        return scorer(path).score(batch)

    with ProcessPoolExecutor() as pool:
        parts = pool.map(functools.partial(score, path), batches)

Dask and Ray work in the same way, as their workers are processes too. Start the workers with the environment
variable TFVAE_LAZY_IMPORT=1: without it `import tfvae` also imports Keras and TensorFlow Probability, which
takes seconds and memory that scoring does not need.

A row has the same score to the last bit, however the rows are cut into batches.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias, final

import numpy as np
import pyarrow as pa

from tfvae.core.errors import InvalidInput, UnreadableFile
from tfvae.data.tables.raw_columns import Raw, RawTable
from tfvae.data.tables.schema import TableSchema
from tfvae.pipelines.scoring.detector_description import EXPORTED_DETECTOR, read_description
from tfvae.pipelines.scoring.rejects import readable_mask
from tfvae.pipelines.scoring.scored_rows import IS_ANOMALY, REJECTED

if TYPE_CHECKING:
    from tfvae.core.types import Array

_TOP = 3
_CALL_ROWS = 8192  # rows in one call of the graph, which bounds its memory

Function: TypeAlias = "Callable[[dict[str, Array]], Mapping[str, Array]]"


@final
class TableScorer:
    """Adds score, p-value, decision and the features that contribute most to each row of a batch.

    Args:
        table: reads the modeled columns.
        features: names of the features, in the order of the attributions.
        function: from arrays [n] by input name to `score`, `p_value`, `is_anomaly`, each [n], and
            `attribution` [n, features], which is not needed if `top` is 0.
        top: number of features that are named in each row; None means 3, or all if there are fewer.

    Attributes:
        added: names and types of the added columns.

    Raises:
        InvalidInput: `top` is negative or above the number of features.
    """

    def __init__(self, table: RawTable, features: Sequence[str], function: Function, top: int | None = None):
        top = min(_TOP, len(features)) if top is None else top
        if not 0 <= top <= len(features):
            raise InvalidInput("top", f"an integer from 0 to {len(features)}, the number of features", top)
        self.table, self.features, self.top = table, tuple(features), top
        self._function = function
        added = [("score", pa.float32()), ("p_value", pa.float32()), (IS_ANOMALY, pa.bool_())]
        for rank in range(1, top + 1):
            added += [(f"feature_{rank}", pa.string()), (f"contribution_{rank}", pa.float32())]
        self.added = pa.schema([*added, (REJECTED, pa.string())])

    def schema(self, schema: pa.Schema) -> pa.Schema:
        """Return the schema of the scored rows of a table.

        Args:
            schema: of the table.

        Raises:
            InvalidInput: a modeled column is missing, or a column has the name of an added one.
        """
        self.table.check(schema.names)
        for name in self.added.names:
            if name in schema.names:
                raise InvalidInput("DATA", "columns other than those that are added", repr(name))
        return pa.schema([*schema, *self.added])

    def score(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """Return a batch with all its rows and columns, and the added ones.

        A row that cannot be read has nulls there, and the reason in `rejected`, which is null in other rows.

        Args:
            batch: rows of a table.

        Raises:
            InvalidInput: a modeled column is missing, or a column has the name of an added one.
        """
        return self.score_and_read(batch)[0]

    def score_and_read(self, batch: pa.RecordBatch) -> tuple[pa.RecordBatch, Raw]:
        """Return what `score` does, and the modeled columns of the rows that have a score, as arrays."""
        schema = self.schema(batch.schema)
        raw = self.table.read(batch)
        readable = readable_mask(len(batch), raw.reasons)
        values = {name: array[readable] for name, array in raw.values.items()}
        columns = self._columns(self._results(values), readable)
        reasons = _reasons(raw.reasons, len(batch))
        return pa.record_batch([*batch.columns, *columns, reasons], schema=schema), Raw(values, {})

    def _results(self, values: dict[str, Array]) -> dict[str, Array] | None:
        count = len(next(iter(values.values())))
        if not count:
            return None
        parts = [
            self._function({name: array[start : start + _CALL_ROWS] for name, array in values.items()})
            for start in range(0, count, _CALL_ROWS)
        ]
        return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}

    def _columns(self, results: dict[str, Array] | None, readable: Array) -> list[pa.Array]:
        if results is None:
            return [pa.nulls(len(readable), field.type) for field in self.added][:-1]
        columns = [results["score"], results["p_value"], results[IS_ANOMALY]]
        if self.top:
            contributions = results["attribution"]
            order = np.argsort(-contributions, axis=1, kind="stable")[:, : self.top]
            names = np.array(self.features, object)
            for rank in range(self.top):
                columns += [names[order[:, rank]], contributions[np.arange(len(order)), order[:, rank]]]
        position = pa.array(np.cumsum(readable) - 1, mask=~readable)  # of each row among the readable ones
        fields = zip(columns, self.added, strict=False)
        return [pa.array(column, field.type).take(position) for column, field in fields]


def _reasons(reasons: Mapping[int, str], rows: int) -> pa.Array:
    """Return the reason of each row, null for most."""
    if not reasons:
        return pa.nulls(rows, pa.string())
    return pa.array([reasons.get(row) for row in range(rows)], pa.string())


def load(path: str | os.PathLike[str], top: int | None = None) -> TableScorer:
    """Load an exported detector.

    Args:
        path: the folder of a version, or of all versions, of which the newest is loaded.
        top: number of features that are named in each row; None means 3, or all if there are fewer.

    Raises:
        UnreadableFile: there is no exported detector.
        InvalidInput: `top` is out of range.
    """
    folder = version_folder(path)
    description = read_description(folder)
    import tensorflow as tf

    loaded = tf.saved_model.load(str(folder))
    graph = loaded.signatures["score"]

    def function(values: dict[str, Array]) -> dict[str, Array]:
        tensors = {name: tf.convert_to_tensor(array) for name, array in values.items()}
        return {name: value.numpy() for name, value in graph(**tensors).items()}

    table = RawTable(TableSchema.from_json(description["schema"]))
    return TableScorer(table, description["features"], function, top)


def version_folder(path: str | os.PathLike[str]) -> Path:
    """Return the folder of a SavedModel.

    Args:
        path: the folder of a version, or of all versions, of which the newest is taken.

    Raises:
        UnreadableFile: there is none.
    """
    path = Path(path)
    if not path.is_dir():
        raise UnreadableFile(path, EXPORTED_DETECTOR, "there is no such folder")
    versions = [entry for entry in path.iterdir() if entry.name.isdecimal() and entry.is_dir()]
    found = max(versions, key=lambda entry: int(entry.name)) if versions else path
    if not (found / "saved_model.pb").is_file():
        raise UnreadableFile(path, EXPORTED_DETECTOR, "it holds no saved_model.pb")
    return found
