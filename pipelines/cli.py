"""The `tfvae` command.

Nothing here starts TensorFlow, Keras or another large library: help and refusals come at once. A command
checks its arguments, starts TensorFlow, and only then imports the module that does the work.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

from cyclopts import App, CycloptsError, Parameter

import tfvae
from tfvae.errors import InvalidInput
from tfvae.pipelines import usage
from tfvae.pipelines.run import Run
from tfvae.pipelines.startup import start_tensorflow
from tfvae.pipelines.usage import Failed, Refused, refusing

REFUSED, FAILED, INTERRUPTED = 2, 1, 130

app = App(
    name="tfvae",
    help="Train variational autoencoders, judge them, draw from them, score data with them, ship them.",
    version=tfvae.__version__,
    default_parameter=Parameter(negative=()),
)
export_app = App(name="export", help="Ship a run's model.")
app.command(  # by name: its commands are made of all the recipes, which takes a tenth of a second
    "tfvae.pipelines.train_command:train_app",
    name="train",
    help="Train a recipe on a source, or continue a run that was interrupted.",
)
app.command(export_app)


def main(tokens: list[str] | None = None) -> int:
    """Run the command and return its exit status: 0, 1 for a failure, 2 for a refusal.

    Args:
        tokens: the arguments; None is those of the process.
    """
    try:
        command, arguments = _parsed(tokens)
        command(*arguments.args, **arguments.kwargs)
    except Refused as error:
        return _ended(error, REFUSED)
    except (Failed, InvalidInput, OSError, FloatingPointError) as error:
        return _ended(error, FAILED)
    except KeyboardInterrupt:
        return _ended("interrupted", INTERRUPTED)
    return 0


def _parsed(tokens: list[str] | None) -> tuple:
    try:
        with refusing():
            command, arguments, _ = app.parse_args(tokens, exit_on_error=False, print_error=False)
    except CycloptsError as error:
        error.verbose = False  # else the message starts with the Python function
        raise Refused(error) from error
    return command, arguments


def _ended(error: object, status: int) -> int:
    print("tfvae: error:", " ".join(str(error).split()), file=sys.stderr)
    return status


RunFolder = Annotated[Path, Parameter(help="folder of a finished run.")]
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
    with refusing():
        usage.at_least_one("--samples", samples)
        rows = None if data is None else tfvae.data.source(data)
    opened = usage.finished_run(run)
    if data is None and opened.config["training"]["validation"] == 0:
        raise Refused("--data: expected a source, as the run held no rows out")
    start_tensorflow()
    from tfvae.pipelines import evaluate as work

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
    opened = usage.finished_run(run)
    output = opened.path / "samples.png" if output is None else output
    with refusing():
        usage.at_least_one("--number", number)
        usage.ends_in("--output", output, ".png", ".npy")
        usage.picture_of_images(opened, output)
        usage.one_class(opened, one)
    start_tensorflow()
    from tfvae.pipelines import sample as work

    print(work.sample(opened, number, seed, output, one))


@app.command
def score(
    run: RunFolder,
    data: Annotated[str, Parameter(help="source to score.")],
    /,
    *,
    output: Annotated[Path, Parameter(name=["--output", "-o"], help="A .csv or .parquet file.")],
    samples: Annotated[int, Parameter(help="draws for each row.")] = 100,
) -> None:
    """Score every row of a source: -log p(x) in nats, its standard error, -ELBO."""
    with refusing():
        usage.at_least_one("--samples", samples)
        usage.ends_in("--output", output, ".csv", ".parquet")
        rows = tfvae.data.source(data)
    opened = usage.finished_run(run)
    start_tensorflow()
    from tfvae.pipelines import score as work

    print(work.score(opened, rows, output, samples))


@export_app.command
def saved_model(
    run: RunFolder,
    output: Annotated[Path, Parameter(help="folder of the served model; its versions are its sub-folders.")],
    /,
    *,
    version: Annotated[int, Parameter(help="number of the version.")] = 1,
) -> None:
    """Write a SavedModel that needs only TensorFlow, or a server of it."""
    with refusing():
        usage.at_least_one("--version", version)
    opened = usage.finished_run(run)
    start_tensorflow()
    from tfvae.pipelines import export as work

    print(work.saved_model(opened, output, version))


@export_app.command
def litert(run: RunFolder, output: Annotated[Path, Parameter(help="A .tflite file.")], /) -> None:
    """Write the encoder as a LiteRT file, for devices."""
    with refusing():
        usage.ends_in("FILE", output, ".tflite")
    opened = usage.finished_run(run)
    start_tensorflow()
    from tfvae.pipelines import export as work

    print(work.litert(opened, output))


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
    opened = usage.finished_run(run)
    start_tensorflow()
    from tfvae.pipelines import report as work

    print(work.write(opened, opened.path / "report.html" if output is None else output))


@app.command
def demo(
    *, run: Annotated[Path, Parameter(help="folder for the run, new or empty.")] = Path("runs/demo")
) -> None:
    """Train on small digits that come with the library, and write a report: a few minutes."""
    with refusing():
        Run.refuse_used(run)
    start_tensorflow()
    from tfvae.pipelines import demo as work

    work.main(run)


if __name__ == "__main__":
    sys.exit(main())
