"""Score a table with Spark: the same scores, by workers that each load the exported detector once."""
# PySpark comes with the extra `spark`; types are checked without it, too.
# pyright: reportMissingImports=false

from __future__ import annotations

import contextlib
import functools
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as pa_dataset
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.pandas.types import from_arrow_schema, to_arrow_schema

from tfvae.core.errors import UnreadableFile
from tfvae.core.files import replacing
from tfvae.pipelines.failures import CommandFailed
from tfvae.pipelines.scoring import table_scorer
from tfvae.pipelines.scoring.scored_rows import IS_ANOMALY, REJECTED
from tfvae.pipelines.scoring.summary import Summary
from tfvae.pipelines.scoring.table_scorer import TableScorer

_ATTEMPTS = 4
_BATCH_ROWS = 8192


def score(model: Path, data: Path, output: Path, master: str, top: int | None = None) -> Summary:
    """Score a Parquet file or folder on a Spark cluster, and write a Parquet folder.

    Every row is in the output, in the order of the input's parts. A row that cannot be read has nulls for a
    score and the reason in `rejected`. A task that fails with its worker or executor is run again, and only
    whole tasks are committed, so that no row is lost or repeated. The folder appears when all rows are
    written.

    Args:
        model: the folder of an exported detector, at the same path on all workers.
        data: a Parquet file or folder, at a path that all workers can read.
        output: a folder that does not exist, on a file system that all workers can write to.
        master: the cluster, such as `local[2]` or `spark://HOST:7077`.
        top: number of features that are named in each row; None means 3, or all if there are fewer.

    Raises:
        InvalidInput: the table lacks a column, or has one with the name of an added one.
        UnreadableFile: the output has another number of rows than the input.
        CommandFailed: Spark failed.
    """
    folder = table_scorer.version_folder(model).resolve()
    expected = _count(data)
    with _session(master) as spark, replacing(output) as temporary:
        try:
            rows = spark.read.parquet(str(data.resolve()))
            with_scores(rows, folder, top).write.parquet(str(temporary))
        except PySparkException as error:
            raise CommandFailed(f"Spark: {_reason(error)}") from None
        summary = _summary(data, temporary, output)
        if summary.rows != expected:
            raise UnreadableFile(data, f"{expected} rows in the output", f"it has {summary.rows}")
    return summary


def with_scores(rows: DataFrame, model: Path, top: int | None = None) -> DataFrame:
    """Return a table with the columns that a detector adds, computed by the workers that hold its rows.

    The workers import this library. With Keras and TensorFlow Probability they start slower: set
    `spark.executorEnv.TFVAE_LAZY_IMPORT` to 1 in the session's configuration.

    Args:
        rows: the table.
        model: the folder of an exported detector's version, at the same path on all workers.
        top: number of features that are named in each row; None means 3, or all if there are fewer.
    """
    schema = _scorer(str(model), top).schema(to_arrow_schema(rows.schema))
    return rows.mapInArrow(functools.partial(_score, str(model), top), from_arrow_schema(schema))


@functools.cache
def _scorer(model: str, top: int | None) -> TableScorer:
    """Load the detector, once in a process, which runs many tasks."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    return table_scorer.load(model, top)


def _score(model: str, top: int | None, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    return map(_scorer(model, top).score, batches)


@contextlib.contextmanager
def _session(master: str) -> Iterator[SparkSession]:
    builder = (
        SparkSession.builder.appName("tfvae score")
        # On one machine a failed task ends the job unless the number of attempts is in the master's name.
        .master(re.sub(r"^local\[([^,\]]+)\]$", rf"local[\1,{_ATTEMPTS}]", master))
        .config("spark.task.maxFailures", _ATTEMPTS)
        .config("spark.executorEnv.TFVAE_LAZY_IMPORT", "1")  # workers need neither Keras nor the models
        .config("spark.sql.execution.arrow.maxRecordsPerBatch", _BATCH_ROWS)
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.ui.enabled", "false")
        .config("spark.ui.showConsoleProgress", "true")
        .config("spark.log.level", "ERROR")
    )
    if master.startswith("local"):  # elsewhere the cluster's own configuration decides
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


def _count(data: Path) -> int:
    try:
        return pa_dataset.dataset(data, format="parquet").count_rows()
    except (OSError, pa.ArrowInvalid) as error:
        raise UnreadableFile(data, "a Parquet file or folder", " ".join(str(error).split())) from None


def _summary(data: Path, folder: Path, output: Path) -> Summary:
    table = pa_dataset.dataset(folder, format="parquet")
    rows = table.count_rows()
    rejected = table.count_rows(filter=~pc.field(REJECTED).is_null())
    anomalies = table.count_rows(filter=pc.field(IS_ANOMALY))
    return Summary(str(data), rows, rows - rejected, rejected, anomalies, {}, 0, str(output), None)


def _reason(error: Exception) -> str:
    """Return the line of a Spark error that says what is wrong: the last of Python's, or the first."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    own = [line for line in lines if re.match(r"[\w.]+(Error|Exception|InvalidInput|UnreadableFile): ", line)]
    return (own or lines or [type(error).__name__])[-1 if own else 0]
