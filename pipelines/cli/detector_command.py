"""The commands of `tfvae detector`: from a table to a detector, and from scored rows to a report."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import App, Parameter

from tfvae.core.checks import integer
from tfvae.core.errors import InvalidInput
from tfvae.data.tables.schema import TableSchema
from tfvae.pipelines.cli import argument_checks
from tfvae.pipelines.cli.startup import start_tensorflow
from tfvae.pipelines.failures import usage_errors

if TYPE_CHECKING:
    from tfvae.pipelines.scoring.table_detector import Fitted

detector_app = App(name="detector", help="Find unusual rows of tables: fit, recalibrate, export, report.")

Table = Annotated[str, Parameter(help="a .csv, .csv.gz or .parquet file.")]
Detector = Annotated[Path, Parameter(help="A .detector file.")]
Output = Parameter(name=["--output", "-o"])


@detector_app.command
def schema(
    data: Table,
    /,
    *,
    output: Annotated[
        Path | None, Output, Parameter(help="A .json file to edit; else it is printed.")
    ] = None,
) -> None:
    """Tell what the columns of a table hold; edited, it goes to fit --schema."""
    from tfvae.data.tables.files import table_file
    from tfvae.data.tables.schema_inference import infer

    with usage_errors():
        file = table_file(data)
    found = infer(file)
    if output is None:
        print(found.text(), end="")
    else:
        found.write(output)
        print(output)


@detector_app.command
def fit(
    data: Table,
    /,
    *,
    output: Annotated[Path, Output, Parameter(help="A .detector file.")],
    schema: Annotated[
        Path | None, Parameter(help="what columns hold, of all or of some; the rest is told from the rows.")
    ] = None,
    contamination: Annotated[
        float | None, Parameter(help="share of anomalies in the table; 0.05 where nothing is said.")
    ] = None,
    false_positive_rate: Annotated[
        float | None,
        Parameter(help="instead, for a table of normal rows: how often a new one may be flagged."),
    ] = None,
    epochs: Annotated[int | None, Parameter(help="passes over the rows; else by their number.")] = None,
    seed: Annotated[int, Parameter(help="start of the random numbers.")] = 0,
) -> None:
    """Learn from a table what its usual rows are, and write a detector."""
    with usage_errors():
        argument_checks.ends_in("--output", output, ".detector")
        if contamination is not None and false_positive_rate is not None:
            raise InvalidInput("--false-positive-rate", "no --contamination as well", false_positive_rate)
        _within("--contamination", contamination, 0.5)
        _within("--false-positive-rate", false_positive_rate, 1)
        if epochs is not None:
            integer("--epochs", epochs)
        given = None if schema is None else TableSchema.read(schema)
        _is_there(data)
    start_tensorflow()
    from tfvae import anomaly
    from tfvae.pipelines.scoring import table_detector as work

    calibration = None if contamination is None else anomaly.Contamination(contamination)
    if false_positive_rate is not None:
        calibration = anomaly.FalsePositiveRate(false_positive_rate)
    _say(work.fit(data, output, given, calibration, epochs, seed), output)


@detector_app.command
def recalibrate(detector: Detector, data: Table, /) -> None:
    """Choose the threshold anew by a table of new rows, without training."""
    with usage_errors():
        _is_there(data)
    start_tensorflow()
    from tfvae.pipelines.scoring import table_detector as work

    _say(work.recalibrate(detector, data), detector)


@detector_app.command
def export(
    detector: Detector,
    output: Annotated[Path, Parameter(help="folder of the served model; its versions are its sub-folders.")],
    /,
    *,
    version: Annotated[int | None, Parameter(help="its number; else the one after the last.")] = None,
) -> None:
    """Write a SavedModel that takes a table's columns and needs only TensorFlow."""
    with usage_errors():
        if version is not None:
            integer("--version", version)
    start_tensorflow()
    from tfvae.pipelines.scoring import detector_export
    from tfvae.pipelines.scoring import table_detector as work

    print(detector_export.export(work.load(detector), output, version))


@detector_app.command
def report(
    scored: Annotated[Path, Parameter(help="what tfvae score wrote.")],
    /,
    *,
    output: Annotated[
        Path | None, Output, Parameter(help="an .html file; else beside the scored one.")
    ] = None,
) -> None:
    """Write a page on a scored table: its scores, top anomalies, drift since training, rejects."""
    with usage_errors():
        argument_checks.ends_in("SCORED", scored, ".csv", ".parquet")
    from tfvae.pipelines.reports import score_report as work

    print(work.write(scored, scored.with_suffix(".html") if output is None else output))


def _within(argument: str, share: float | None, most: float) -> None:
    if share is not None and not 0 < share <= most:
        raise InvalidInput(argument, f"a number above 0, at most {most:g}", share)


def _is_there(data: str) -> None:
    from tfvae.data.tables.files import table_file

    table_file(data)


def _say(fitted: Fitted, path: Path) -> None:
    scorer = fitted.detector.scorer_
    table = scorer.preprocessing.table
    width = max(len(column.name) for column in table.columns)
    for column in table.columns:
        print(f"{column.name:{width}}  {column.kind}{f'  ({column.note})' * bool(column.note)}")
    for reject in fitted.rejects[:3]:
        print(f"line {reject.line} is not used: {reject.reason}")
    if len(fitted.rejects) > 3:
        print(f"and {len(fitted.rejects) - 3} more rows are not used")
    threshold = float(scorer.calibration.threshold)
    if fitted.drift is not None:
        moved = f"moved by {fitted.drift.shift:+.2f} in the median"
        print(f"the scores have {moved}; Kolmogorov-Smirnov {fitted.drift.statistic:.3f}")
    print(f"{fitted.rows} rows; an anomaly is a row with a score above {threshold:.2f} nats")
    print(path)
