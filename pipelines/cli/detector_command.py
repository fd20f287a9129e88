"""The commands of `tfvae detector`: from a table to a detector, and from scored rows to a report."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import App, Parameter

from tfvae.core.checks import integer
from tfvae.core.errors import InvalidInput
from tfvae.data.tables.schema import TableSchema
from tfvae.pipelines.cli import argument_checks
from tfvae.pipelines.cli.argument_checks import Overwrite
from tfvae.pipelines.cli.reporting import PRINTED, Reporting
from tfvae.pipelines.cli.reporting import Output as Printing
from tfvae.pipelines.cli.startup import start_tensorflow
from tfvae.pipelines.failures import usage_errors

if TYPE_CHECKING:
    from tfvae.pipelines.scoring.table_detector import Fitted

detector_app = App(name="detector", help="Find unusual rows of tables: fit, recalibrate, export, report.")

Table = Annotated[str, Parameter(help="a .csv, .csv.gz or .parquet file.")]
Detector = Annotated[Path, Parameter(help="a .detector file.")]
Output = Parameter(name=["--output", "-o"])

_REJECTS_SHOWN = 3


@detector_app.command
def schema(
    data: Table,
    /,
    *,
    output: Annotated[
        Path | None, Output, Parameter(help="a .json file to edit; printed by default.")
    ] = None,
    overwrite: Overwrite = False,
    reporting: Printing = PRINTED,
) -> None:
    """Infer what the columns of a table hold, as a file to edit and to pass to fit --schema."""
    from tfvae.data.tables.files import table_file
    from tfvae.data.tables.schema_inference import infer

    with usage_errors():
        file = table_file(data)
        if output is not None:
            argument_checks.new_file("--output", output, overwrite, data)
    inferred = infer(file)
    text = inferred.text().rstrip("\n")
    if output is not None:
        inferred.write(output)
        text = str(output)
    reporting.show(text, inferred.as_json())


@detector_app.command
def fit(
    data: Table,
    /,
    *,
    output: Annotated[Path, Output, Parameter(help="a .detector file.")],
    schema: Annotated[
        Path | None,
        Parameter(help="what the columns hold, of all or of some; the rest is inferred from the rows."),
    ] = None,
    contamination: Annotated[
        float | None, Parameter(help="share of anomalies in the table; 0.05 by default.")
    ] = None,
    false_positive_rate: Annotated[
        float | None,
        Parameter(help="instead, for a table of normal rows: share of new normal rows that may be flagged."),
    ] = None,
    epochs: Annotated[
        int | None, Parameter(help="passes over the rows; by default chosen by their number.")
    ] = None,
    seed: Annotated[int, Parameter(help="seed of the random numbers.")] = 0,
    overwrite: Overwrite = False,
    reporting: Printing = PRINTED,
) -> None:
    """Fit a detector to a table whose rows are normal, or mostly so."""
    with usage_errors():
        argument_checks.suffix("--output", output, ".detector")
        argument_checks.one_of(contamination=contamination, false_positive_rate=false_positive_rate)
        _check_share("--contamination", contamination, 0.5)
        _check_share("--false-positive-rate", false_positive_rate, 1)
        if epochs is not None:
            integer("--epochs", epochs)
        columns = None if schema is None else TableSchema.read(schema)
        argument_checks.table(data)
        argument_checks.new_file("--output", output, overwrite, data, *([schema] if schema else []))
    start_tensorflow()
    from tfvae import anomaly
    from tfvae.pipelines.scoring import table_detector

    calibration = None if contamination is None else anomaly.Contamination(contamination)
    if false_positive_rate is not None:
        calibration = anomaly.FalsePositiveRate(false_positive_rate)
    with reporting.work():
        fitted = table_detector.fit(data, output, columns, calibration, epochs, seed, reporting.progress)
    _show_fitted(fitted, output, reporting)


@detector_app.command
def recalibrate(detector: Detector, data: Table, /, *, reporting: Printing = PRINTED) -> None:
    """Choose the threshold again from a table of new normal rows, without training."""
    with usage_errors():
        argument_checks.table(data)
    start_tensorflow()
    from tfvae.pipelines.scoring import table_detector

    with reporting.work():
        fitted = table_detector.recalibrate(detector, data)
    _show_fitted(fitted, detector, reporting)


@detector_app.command
def export(
    detector: Detector,
    output: Annotated[Path, Parameter(help="folder of the served model; its versions are its subfolders.")],
    /,
    *,
    version: Annotated[
        int | None, Parameter(help="number of the version; by default the one after the last.")
    ] = None,
    license: Annotated[str, Parameter(help="license of the model, for its README.")] = "",
    reporting: Printing = PRINTED,
) -> None:
    """Write a SavedModel that takes a table's columns and needs only TensorFlow."""
    with usage_errors():
        if version is not None:
            integer("--version", version)
    start_tensorflow()
    from tfvae.pipelines.scoring import detector_export, table_detector

    with reporting.work():
        path = detector_export.export(table_detector.load(detector), output, version, license)
    reporting.show(path, {"output": str(path)})


@detector_app.command
def report(
    scored: Annotated[Path, Parameter(help="a file that tfvae score wrote with a detector.")],
    /,
    *,
    output: Annotated[
        Path | None, Output, Parameter(help="an .html file; by default beside the scored one.")
    ] = None,
    overwrite: Overwrite = False,
    reporting: Printing = PRINTED,
) -> None:
    """Write an HTML page about a scored table: scores, top anomalies, drift since training, rejects."""
    with usage_errors():
        argument_checks.suffix("SCORED", scored, ".csv", ".parquet")
        output = scored.with_name(f"{scored.name}.html") if output is None else output
        argument_checks.new_file("--output", output, overwrite, scored)
    from tfvae.pipelines.reports import score_report

    with reporting.work():
        path = score_report.write(scored, output)
    reporting.show(path, {"output": str(path)})


def _check_share(argument: str, share: float | None, most: float) -> None:
    if share is not None and not 0 < share <= most:
        raise InvalidInput(argument, f"a number above 0, at most {most:g}", share)


def _show_fitted(fitted: Fitted, path: Path, reporting: Reporting) -> None:
    from tfvae.pipelines.scoring import table_detector

    columns = table_detector.table_features(fitted.detector).table.columns
    width = max(len(column.name) for column in columns)
    lines = [
        f"{column.name:{width}}  {column.kind}{f'  ({column.note})' * bool(column.note)}"
        for column in columns
    ]
    for reject in fitted.rejects[:_REJECTS_SHOWN]:
        lines.append(f"line {reject.line} is not used: {reject.reason}")
    if len(fitted.rejects) > _REJECTS_SHOWN:
        lines.append(f"and {len(fitted.rejects) - _REJECTS_SHOWN} more rows are not used")
    if fitted.drift is not None:
        moved = f"moved by {fitted.drift.shift:+.2f} in the median"
        lines.append(f"the scores have {moved}; Kolmogorov-Smirnov {fitted.drift.statistic:.3f}")
    threshold = float(fitted.detector.scorer_.calibration.threshold)
    lines.append(f"{fitted.rows} rows; rows with a score above {threshold:.2f} nats are anomalies")
    values = {
        "output": str(path),
        "rows": fitted.rows,
        "rejects": [dataclasses.asdict(reject) for reject in fitted.rejects],
        "threshold": threshold,
        "columns": [{"name": column.name, "kind": column.kind, "note": column.note} for column in columns],
    }
    reporting.show("\n".join([*lines, str(path)]), values)
