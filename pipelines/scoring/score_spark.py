"""`tfvae score` on Spark: the same scores, by workers that each load the exported detector once."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.compute
import pyarrow.dataset
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.pandas.types import from_arrow_schema, to_arrow_schema

from tfvae.core.errors import UnreadableFile
from tfvae.core.files import replacing
from tfvae.pipelines.failures import CommandFailed
from tfvae.pipelines.scoring import batch_scorer
from tfvae.pipelines.scoring.batch_scorer import REJECTED, BatchScorer

_ATTEMPTS = 4
_BATCH_ROWS = 8192


@dataclasses.dataclass(frozen=True)
class Summary:
    """What became of the rows: all of them, those with a score, those rejected, those above the threshold."""

    rows: int
    scored: int
    rejected: int
    anomalies: int
    output: str

    def __str__(self) -> str:
        counts = f"{self.rows} rows = {self.scored} scored + {self.rejected} rejected"
        return f"{counts}\n{self.anomalies} anomalies\n{self.output}"


def score(model: Path, data: Path, output: Path, master: str, top: int | None = None) -> Summary:
    """Score a Parquet file or folder on a Spark cluster, and write a Parquet folder.

    Every row is in the output, in the order of the input's parts; one that cannot be read has nulls for a
    score and the reason in `rejected`. A task that dies with its worker or executor is tried again, and only
    whole tasks are committed, so that none is lost and none comes twice. The folder appears when all rows
    are there.

    Args:
        model: the folder of an exported detector, at the same path on all workers.
        data: a Parquet file or folder, at a path that all workers can read.
        output: a folder that is not there yet, on a file system that all workers can write to.
        master: the cluster, such as `local[2]` or `spark://HOST:7077`.
        top: how many features are named in each row; None is 3.

    Raises:
        InvalidInput: the table lacks a column, or has one with a name that is added.
        UnreadableFile: the rows that came out are not as many as went in.
        Failed: Spark could not do it.
    """
    folder = batch_scorer.version_folder(model).resolve()
    expected = _rows(data)
    with _session(master) as spark, replacing(output) as temporary:
        try:
            rows = spark.read.parquet(str(data.resolve()))
            scored(rows, folder, top).write.parquet(str(temporary))
        except PySparkException as error:
            raise CommandFailed(f"Spark: {_reason(error)}") from None
        summary = _counted(temporary, output)
        if summary.rows != expected:
            raise UnreadableFile(data, f"{expected} rows in the output", f"{summary.rows} came")
    return summary


def scored(rows: DataFrame, model: Path, top: int | None = None) -> DataFrame:
    """Return a table with the columns that a detector adds, computed where the rows are.

    Args:
        rows: the table.
        model: the folder of an exported detector's version, at the same path on all workers.
        top: how many features are named in each row; None is 3.
    """
    schema = scorer(str(model), top).schema(to_arrow_schema(rows.schema))
    return rows.mapInArrow(functools.partial(_scored, str(model), top), from_arrow_schema(schema))


@functools.cache
def scorer(model: str, top: int | None) -> BatchScorer:
    """Return what scores batches; loaded once in a process, which lives for many tasks."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    return batch_scorer.load(model, top)


def _scored(model: str, top: int | None, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    return scorer(model, top).score(batches)


@contextlib.contextmanager
def _session(master: str) -> Iterator[SparkSession]:
    builder = (
        SparkSession.builder.appName("tfvae score")
        # On one machine a failed task ends the job unless the number of attempts is in the master's name.
        .master(re.sub(r"^local\[([^,\]]+)\]$", rf"local[\1,{_ATTEMPTS}]", master))
        .config("spark.task.maxFailures", _ATTEMPTS)
        .config("spark.sql.execution.arrow.maxRecordsPerBatch", _BATCH_ROWS)
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.ui.enabled", "false")
        .config("spark.ui.showConsoleProgress", "true")
        .config("spark.log.level", "ERROR")
    )
    if master.startswith("local"):  # else the cluster's own configuration says
        os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
        os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
    try:
        session = builder.getOrCreate()
    except Exception as error:  # no Java, or no such cluster: PySpark has no common class for it
        raise CommandFailed(f"Spark cannot be started with --master {master}: {_reason(error)}") from None
    try:
        yield session
    finally:
        session.stop()


def _rows(data: Path) -> int:
    try:
        return pa.dataset.dataset(data, format="parquet").count_rows()
    except (OSError, pa.ArrowInvalid) as error:
        raise UnreadableFile(data, "a Parquet file or folder", " ".join(str(error).split())) from None


def _counted(folder: Path, output: Path) -> Summary:
    table = pa.dataset.dataset(folder, format="parquet")
    rows = table.count_rows()
    rejected = table.count_rows(filter=~pa.compute.field(REJECTED).is_null())
    anomalies = table.count_rows(filter=pa.compute.field("is_anomaly"))
    return Summary(rows, rows - rejected, rejected, anomalies, str(output))


def _reason(error: Exception) -> str:
    """Return the line of a Spark error that says what is wrong: the last of Python's, or the first."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    own = [line for line in lines if re.match(r"[\w.]+(Error|Exception|InvalidInput|UnreadableFile): ", line)]
    return (own or lines or [type(error).__name__])[-1 if own else 0]
