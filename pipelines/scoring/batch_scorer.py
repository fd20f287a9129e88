"""Scores of a table's rows, from Arrow's batches to Arrow's batches: the same on every engine.

Needs TensorFlow and Arrow, and neither Keras nor the models of this library. `pipelines/score_spark.py` gives
it to Spark's `mapInArrow`. A pool of processes, each of which loads the model once, takes these lines:

    @functools.cache
    def scorer(path):
        return score_batches.load(path)

    def scored(path, batch):
        return next(scorer(path).score([batch]))

    with ProcessPoolExecutor() as pool:
        parts = pool.map(functools.partial(scored, path), batches)

and so do Dask and Ray, whose workers are processes as well.

A row has the same score to the last bit, however the rows are cut into batches.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import final

import numpy as np
import pyarrow as pa

from tfvae.core.errors import InvalidInput, UnreadableFile
from tfvae.data.tables.raw_columns import Raw, RawTable
from tfvae.data.tables.schema import TableSchema

ABOUT = "table.json"
REJECTED = "rejected"

_EXPECTED = "a detector that `tfvae detector export` wrote"
_TOP = 3
_CALLED = 8192  # rows given to the graph at once, which bounds its memory

Values = dict[str, np.ndarray]


@final
class BatchScorer:
    """Adds score, p-value, decision and the features that contribute most to each row of a batch.

    Args:
        table: what reads the modeled columns.
        features: names of the features, in the order of the contributions.
        function: from arrays [n] by input name to `score`, `p_value`, `is_anomaly` [n] and, unless `top` is
            0, `attribution` [n, features].
        top: how many features are named; None is 3, or all where there are fewer.

    Raises:
        InvalidInput: `top` is negative or above the number of features.
    """

    def __init__(
        self,
        table: RawTable,
        features: Sequence[str],
        function: Callable[[Values], Values],
        top: int | None = None,
    ):
        top = min(_TOP, len(features)) if top is None else top
        if not 0 <= top <= len(features):
            raise InvalidInput("top", f"an integer from 0 to {len(features)}, the number of features", top)
        self.table, self.features, self.top = table, tuple(features), top
        self._function = function
        added = [("score", pa.float32()), ("p_value", pa.float32()), ("is_anomaly", pa.bool_())]
        for rank in range(1, top + 1):
            added += [(f"feature_{rank}", pa.string()), (f"contribution_{rank}", pa.float32())]
        self.added = pa.schema([*added, (REJECTED, pa.string())])

    def schema(self, schema: pa.Schema) -> pa.Schema:
        """Return the schema of the results for rows of a schema.

        Raises:
            InvalidInput: a modeled column is not there, or a column has a name that is added.
        """
        self.table.check(schema.names)
        for name in self.added.names:
            if name in schema.names:
                raise InvalidInput("DATA", "columns other than those that are added", repr(name))
        return pa.schema([*schema, *self.added])

    def score(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Yield every batch with all its rows and columns, and the added ones.

        A row that cannot be read has nulls there, and the reason in `rejected`, which is null for all others.

        Raises:
            InvalidInput: a modeled column is not there, or a column has a name that is added.
        """
        for batch in batches:
            yield self.scored(batch)[0]

    def scored(self, batch: pa.RecordBatch) -> tuple[pa.RecordBatch, Raw]:
        """Return one batch with the added columns, and what was read of the rows that have a score."""
        schema = self.schema(batch.schema)
        raw = self.table.read(batch)
        usable = np.ones(len(batch), bool)
        usable[list(raw.reasons)] = False
        values = {name: array[usable] for name, array in raw.values.items()}
        columns = self._columns(self._results(values), usable)
        reasons = pa.array([raw.reasons.get(row) for row in range(len(batch))], pa.string())
        return pa.record_batch([*batch.columns, *columns, reasons], schema=schema), Raw(values, {})

    def _results(self, values: Values) -> Values | None:
        count = len(next(iter(values.values())))
        if not count:
            return None
        parts = [
            self._function({name: array[start : start + _CALLED] for name, array in values.items()})
            for start in range(0, count, _CALLED)
        ]
        return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}

    def _columns(self, results: Values | None, usable: np.ndarray) -> list[pa.Array]:
        if results is None:
            return [pa.nulls(len(usable), field.type) for field in self.added][:-1]
        columns = [results["score"], results["p_value"], results["is_anomaly"]]
        if self.top:
            contributions = results["attribution"]
            order = np.argsort(-contributions, axis=1, kind="stable")[:, : self.top]
            names = np.array(self.features, object)
            for rank in range(self.top):
                columns += [names[order[:, rank]], contributions[np.arange(len(order)), order[:, rank]]]
        place = pa.array(np.cumsum(usable) - 1, mask=~usable)  # of each row among the usable ones
        fields = zip(columns, self.added, strict=False)
        return [pa.array(column, field.type).take(place) for column, field in fields]


def load(path: str | os.PathLike, top: int | None = None) -> BatchScorer:
    """Return what scores batches with an exported detector.

    Args:
        path: the folder of a version, or that of the versions, of which the newest is taken.
        top: how many features are named in each row; None is 3, or all where there are fewer.

    Raises:
        UnreadableFile: there is no exported detector.
        InvalidInput: `top` is out of range.
    """
    folder = version_folder(path)
    about = read_about(folder)
    import tensorflow as tf

    loaded = tf.saved_model.load(str(folder))
    graph = loaded.signatures["score"]

    def function(values: Values) -> Values:
        tensors = {name: tf.convert_to_tensor(array) for name, array in values.items()}
        return {name: value.numpy() for name, value in graph(**tensors).items()}

    return BatchScorer(RawTable(TableSchema.from_json(about["schema"])), about["features"], function, top)


def version_folder(path: str | os.PathLike) -> Path:
    """Return the folder of a SavedModel, the newest of a folder of versions.

    Raises:
        UnreadableFile: there is none.
    """
    path = Path(path)
    if not path.is_dir():
        raise UnreadableFile(path, _EXPECTED, "there is no such folder")
    versions = [entry for entry in path.iterdir() if entry.name.isdecimal() and entry.is_dir()]
    found = max(versions, key=lambda entry: int(entry.name)) if versions else path
    if not (found / "saved_model.pb").is_file():
        raise UnreadableFile(path, _EXPECTED, "it holds no saved_model.pb")
    return found


def read_about(folder: Path) -> dict:
    """Return what an exported detector says of itself: schema, features, training, threshold, scores.

    Raises:
        UnreadableFile: it says nothing.
    """
    path = folder / "assets.extra" / ABOUT
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise UnreadableFile(folder, _EXPECTED, f"it has no readable assets.extra/{ABOUT}") from None
