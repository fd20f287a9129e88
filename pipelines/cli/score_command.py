"""`tfvae score`: rows of any data with a detector or a run, on this machine or on Spark."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

import tfvae
from tfvae.core.checks import integer
from tfvae.core.errors import InvalidInput
from tfvae.pipelines.cli import argument_checks
from tfvae.pipelines.cli.argument_checks import Overwrite
from tfvae.pipelines.cli.reporting import PRINTED, Output
from tfvae.pipelines.cli.startup import start_tensorflow
from tfvae.pipelines.failures import UsageError, usage_errors
from tfvae.pipelines.scoring.output_files import OutputFiles
from tfvae.pipelines.scoring.summary import Summary

_SAMPLES = 100


def score(
    model: Annotated[
        Path, Parameter(help="a .detector file, the folder of an exported detector, or a finished run.")
    ],
    data: Annotated[str, Parameter(help="a table's file; for a run any source.")],
    /,
    *,
    output: Annotated[
        Path, Parameter(name=["--output", "-o"], help="a .csv or .parquet file; on Spark a new folder.")
    ],
    top: Annotated[
        int | None, Parameter(help="features that a detector names in each row; 3 by default.")
    ] = None,
    samples: Annotated[int | None, Parameter(help="draws for each row, for a run; 100 by default.")] = None,
    engine: Annotated[Literal["local", "spark"], Parameter(help="where the rows are scored.")] = "local",
    master: Annotated[
        str | None, Parameter(help="Spark cluster; local[*], all cores of this machine, by default.")
    ] = None,
    overwrite: Overwrite = False,
    escape_formulas: Annotated[
        bool,
        Parameter(
            help="put an apostrophe in front of each cell of a CSV file that starts with =, +, -, @, a tab or"
            " a carriage return, and is no number.",
        ),
    ] = False,
    reporting: Output = PRINTED,
) -> None:
    """Score every row, and with a detector decide which rows are anomalies.

    A detector gives score, p-value, decision and the features that contribute most. If interrupted, the same
    command continues. A run's model gives -log p(x) in nats, its standard error, and -ELBO.

    The cells of a table are written unchanged, also those that a spreadsheet runs as formulas when it opens a
    CSV file, such as =cmd(): if the data is not your own, add --escape-formulas. A row that cannot be read
    goes to OUTPUT.rejects.csv with line and reason, and of a CSV file the first 200 characters.
    """
    if engine == "spark":
        if overwrite:
            raise UsageError("--overwrite: expected --engine local, received spark, which needs a new folder")
        work = _on_spark(model, data, output, top, "local[*]" if master is None else master)
    elif master is not None:
        raise UsageError(str(InvalidInput("--master", "--engine spark beside it", master)))
    elif (model / "config.json").exists():
        draws = _SAMPLES if samples is None else samples
        work = _with_run(model, data, output, top, draws, overwrite, reporting.progress)
    else:
        work = _with_detector(
            model, data, output, top, samples, overwrite, escape_formulas, reporting.progress
        )
    with reporting.work():
        summary = work()
    reporting.show(summary, dataclasses.asdict(summary))


def _with_detector(
    path: Path,
    data: str,
    output: Path,
    top: int | None,
    samples: int | None,
    overwrite: bool,
    escape_formulas: bool,
    progress: bool,
) -> Callable[[], Summary]:
    with usage_errors():
        argument_checks.suffix("--output", output, ".csv", ".parquet")
        if samples is not None:
            raise InvalidInput("--samples", "a run, as a detector has its own", samples)
        argument_checks.detector_and_table(path, data)
        OutputFiles(output).check(overwrite, data, path)
    start_tensorflow()
    from tfvae.pipelines.scoring import score_table
    from tfvae.pipelines.scoring.loaded_detector import LoadedDetector

    return lambda: score_table.score(
        LoadedDetector.load(path, top),
        data,
        output,
        overwrite=overwrite,
        progress=progress,
        escape_formulas=escape_formulas,
    )


def _with_run(
    path: Path, data: str, output: Path, top: int | None, samples: int, overwrite: bool, progress: bool
) -> Callable[[], Summary]:
    with usage_errors():
        integer("--samples", samples)
        argument_checks.suffix("--output", output, ".csv", ".parquet")
        if top is not None:
            raise InvalidInput("--top", "a detector, as a run computes no contributions", top)
        source = tfvae.data.source(data)
        OutputFiles(output).check(overwrite, data, path)
    run = argument_checks.finished_run(path)
    start_tensorflow()
    from tfvae.pipelines.scoring import score_run

    return lambda: score_run.score(run, source, output, samples, overwrite=overwrite, progress=progress)


def _on_spark(model: Path, data: str, output: Path, top: int | None, master: str) -> Callable[[], Summary]:
    with usage_errors():
        argument_checks.installed_extra("spark", "pyspark")
        if not any(model.glob("**/saved_model.pb")):
            raise InvalidInput("MODEL", "the folder of an exported detector, for --engine spark", model)
        if not Path(data).exists() or Path(data).suffix == ".csv":
            raise InvalidInput("DATA", "a Parquet file or folder, for --engine spark", data)
        if output.exists():
            raise InvalidInput("--output", "a folder that does not exist yet, for --engine spark", output)
    start_tensorflow()
    from tfvae.pipelines.scoring import score_spark

    return lambda: score_spark.score(model, Path(data), output, master, top)
