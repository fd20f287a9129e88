"""The `tfvae` command.

Nothing here starts TensorFlow, Keras or another large library: help and refusals come at once. A command
checks its arguments, starts TensorFlow, and only then imports the module that does the work.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import App, CycloptsError, Parameter

import tfvae
from tfvae.core.checks import integer, positive
from tfvae.core.errors import InvalidInput
from tfvae.pipelines.cli import argument_checks
from tfvae.pipelines.cli.argument_checks import RunFolder
from tfvae.pipelines.cli.startup import start_tensorflow, without_models
from tfvae.pipelines.failures import CommandFailed, UsageError, usage_errors
from tfvae.pipelines.runs.run import Run

REFUSED, FAILED, INTERRUPTED = 2, 1, 130

app = App(
    name="tfvae",
    help="Train variational autoencoders, judge them, draw from them, score data with them, ship them.",
    version=tfvae.__version__,
    default_parameter=Parameter(negative=()),
)
app.command(  # by name: its commands are made of all the recipes, which takes a tenth of a second
    "tfvae.pipelines.cli.train_command:train_app",
    name="train",
    help="Train a recipe on a source, or continue a run that was interrupted.",
)
app.command(
    "tfvae.pipelines.cli.export_command:export_app",
    name="export",
    help="Ship a run's model: to servers, devices, browsers.",
)
app.command(
    "tfvae.pipelines.cli.detector_command:detector_app",
    name="detector",
    help="Find unusual rows of tables: fit, recalibrate, export, report.",
)


def main(tokens: list[str] | None = None) -> int:
    """Run the command and return its exit status: 0, 1 for a failure, 2 for a refusal.

    Args:
        tokens: the arguments; None is those of the process.
    """
    try:
        command, arguments = _parsed(tokens)
        command(*arguments.args, **arguments.kwargs)
    except UsageError as error:
        return _ended(error, REFUSED)
    except (CommandFailed, InvalidInput, OSError, FloatingPointError) as error:
        return _ended(error, FAILED)
    except KeyboardInterrupt:
        return _ended("interrupted", INTERRUPTED)
    return 0


def _parsed(tokens: list[str] | None) -> tuple:
    try:
        with usage_errors():
            command, arguments, _ = app.parse_args(tokens, exit_on_error=False, print_error=False)
    except CycloptsError as error:
        error.verbose = False  # else the message starts with the Python function
        raise UsageError(error) from error
    return command, arguments


def _ended(error: object, status: int) -> int:
    print("tfvae: error:", " ".join(str(error).split()), file=sys.stderr)
    return status


Seed = Annotated[int, Parameter(help="start of the random numbers.")]


@app.command
def evaluate(
    run: RunFolder,
    /,
    *,
    data: Annotated[str | None, Parameter(help="source to evaluate on; else the held-out rows.")] = None,
    samples: Annotated[int, Parameter(help="draws for each example, for log p(x).")] = 500,
    seed: Seed = 0,
) -> None:
    """Print and write to evaluation.json: ELBO, log-likelihood, active units."""
    with usage_errors():
        integer("--samples", samples)
        rows = None if data is None else tfvae.data.source(data)
    opened = argument_checks.finished_run(run)
    if data is None and opened.config["training"]["validation"] == 0:
        raise UsageError("--data: expected a source, as the run held no rows out")
    start_tensorflow()
    from tfvae.pipelines.runs import evaluate as work

    work.evaluate(opened, rows, samples, seed)


@app.command
def sample(
    run: RunFolder,
    /,
    *,
    number: Annotated[int, Parameter(name=["--number", "-n"], help="how many.")] = 64,
    one: Annotated[
        int | None, Parameter(name="--class", help="class of all draws; else all in turn.")
    ] = None,
    seed: Seed = 0,
    output: Annotated[
        Path | None,
        Parameter(name=["--output", "-o"], help="A .png or .npy file; else samples.png in the run's folder."),
    ] = None,
) -> None:
    """Draw from the model: a picture of images side by side, or an array.

    A model with classes draws them in turn, with a column for each in a picture.
    """
    opened = argument_checks.finished_run(run)
    output = opened.path / "samples.png" if output is None else output
    with usage_errors():
        integer("--number", number)
        argument_checks.ends_in("--output", output, ".png", ".npy")
        argument_checks.picture_of_images(opened, output)
        argument_checks.one_class(opened, one)
    start_tensorflow()
    from tfvae.pipelines.runs import sample as work

    print(work.sample(opened, number, seed, output, one))


@app.command
def score(
    model: Annotated[
        Path, Parameter(help="a .detector file, the folder of an exported one, or a finished run.")
    ],
    data: Annotated[str, Parameter(help="a table's file; for a run any source.")],
    /,
    *,
    output: Annotated[
        Path, Parameter(name=["--output", "-o"], help="A .csv or .parquet file; on Spark a new folder.")
    ],
    top: Annotated[int | None, Parameter(help="features that a detector names in each row; else 3.")] = None,
    samples: Annotated[int | None, Parameter(help="draws for each row, by a run; 100.")] = None,
    engine: Annotated[Literal["local", "spark"], Parameter(help="what scores the rows.")] = "local",
    master: Annotated[str | None, Parameter(help="Spark's cluster; local[*], all cores of this one.")] = None,
) -> None:
    """Score every row of a table, and decide which are anomalies; goes on where a killed command stopped.

    A run's model gives -log p(x) in nats, its standard error, and -ELBO.
    """
    if engine == "spark":
        _score_on_spark(model, data, output, top, "local[*]" if master is None else master)
    elif master is not None:
        raise UsageError(str(InvalidInput("--master", "--engine spark beside it", master)))
    elif (model / "config.json").exists():
        _score_by_run(model, data, output, top, 100 if samples is None else samples)
    else:
        _score_by_detector(model, data, output, top, samples)


def _score_by_detector(path: Path, data: str, output: Path, top: int | None, samples: int | None) -> None:
    with usage_errors():
        argument_checks.ends_in("--output", output, ".csv", ".parquet")
        if samples is not None:
            raise InvalidInput("--samples", "a run, as a detector has its own", samples)
        argument_checks.table_and_detector(path, data)
    start_tensorflow()
    from tfvae.pipelines.scoring import score_command as work

    work.score(path, data, output, top)


def _score_on_spark(model: Path, data: str, output: Path, top: int | None, master: str) -> None:
    with usage_errors():
        argument_checks.extra("spark", "pyspark")
        if not any(model.glob("**/saved_model.pb")):
            raise InvalidInput("MODEL", "the folder of an exported detector, for --engine spark", model)
        if not Path(data).exists() or Path(data).suffix == ".csv":
            raise InvalidInput("DATA", "a Parquet file or folder, for --engine spark", data)
        if output.exists():
            raise InvalidInput("--output", "a folder that is not there yet, for --engine spark", output)
    start_tensorflow()
    from tfvae.pipelines.scoring import score_spark as work

    print(work.score(model, Path(data), output, master, top))


def _score_by_run(path: Path, data: str, output: Path, top: int | None, samples: int) -> None:
    with usage_errors():
        integer("--samples", samples)
        argument_checks.ends_in("--output", output, ".csv", ".parquet")
        if top is not None:
            raise InvalidInput("--top", "a detector, as a run tells no contributions", top)
        rows = tfvae.data.source(data)
    opened = argument_checks.finished_run(path)
    start_tensorflow()
    from tfvae.pipelines.scoring import score_run as work

    print(work.score(opened, rows, output, samples))


@app.command
def serve(
    folder: Annotated[Path, Parameter(help="exported model, with its versions, or a folder of such.")],
    /,
    *,
    name: Annotated[str | None, Parameter(help="the model's name in requests; else its folder's.")] = None,
    host: Annotated[str, Parameter(help="address to listen at.")] = "127.0.0.1",
    port: Annotated[int, Parameter(help="port to listen at; 0 is a free one.")] = 8501,
    max_batch_size: Annotated[
        int, Parameter(help="rows of several requests that are run together; 1 runs each request alone.")
    ] = 1,
    batch_timeout_ms: Annotated[float, Parameter(help="how long a request waits for others.")] = 2.0,
    max_body_bytes: Annotated[int, Parameter(help="largest body of a request.")] = 16 * 2**20,
    max_instances: Annotated[int, Parameter(help="most rows of a request.")] = 1_000,
    poll_seconds: Annotated[float, Parameter(help="time between two looks for new versions.")] = 1.0,
) -> None:
    """Serve exported models over HTTP, by TensorFlow Serving's REST interface.

    For development and small loads; TensorFlow Serving reads the same folders and is the choice for more.
    """
    with usage_errors():
        argument_checks.served_folder(folder)
        for option, value in (
            ("--max-batch-size", max_batch_size),
            ("--max-body-bytes", max_body_bytes),
            ("--max-instances", max_instances),
        ):
            integer(option, value)
        positive("--batch-timeout-ms", batch_timeout_ms)
        positive("--poll-seconds", poll_seconds)
        integer("--port", port, 0, 65535)
        argument_checks.extra("serve", "starlette", "uvicorn", "prometheus_client")
    without_models()
    start_tensorflow()
    from tfvae.pipelines.serve.application import Settings
    from tfvae.pipelines.serve.batching import Policy
    from tfvae.pipelines.serve.command import serve as work
    from tfvae.pipelines.serve.limits import Limits

    batching = Policy(max_batch_size, batch_timeout_ms / 1000) if max_batch_size > 1 else None
    limits = Limits(max_body_bytes=max_body_bytes, max_instances=max_instances)
    work(folder, host, port, Settings(batching, limits, poll_seconds), name)


@app.command
def report(
    run: RunFolder,
    /,
    *,
    output: Annotated[
        Path | None, Parameter(name=["--output", "-o"], help="an .html file; else report.html in the run.")
    ] = None,
) -> None:
    """Write a page with the run's configuration, curves, pictures and measures."""
    opened = argument_checks.finished_run(run)
    start_tensorflow()
    from tfvae.pipelines.reports import run_report as work

    print(work.write(opened, opened.path / "report.html" if output is None else output))


@app.command
def demo(
    *, run: Annotated[Path, Parameter(help="folder for the run, new or empty.")] = Path("runs/demo")
) -> None:
    """Train on small digits that come with the library, and write a report: a few minutes."""
    with usage_errors():
        Run.refuse_used(run)
    start_tensorflow()
    from tfvae.pipelines import demo as work

    work.main(run)
