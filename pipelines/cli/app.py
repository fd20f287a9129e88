"""The `tfvae` command.

Nothing here starts TensorFlow, Keras or another large library: help and usage errors appear at once. A
command checks its arguments, starts TensorFlow, and only then imports the module that does the work.
"""

from __future__ import annotations

import inspect
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

from cyclopts import App, CycloptsError, MissingArgumentError, Parameter

import tfvae
from tfvae.core.errors import InvalidInput
from tfvae.pipelines.cli import run_commands
from tfvae.pipelines.cli.argument_checks import Overwrite
from tfvae.pipelines.cli.reporting import PRINTED, Output
from tfvae.pipelines.cli.score_command import score
from tfvae.pipelines.cli.serve_command import serve
from tfvae.pipelines.cli.startup import start_tensorflow
from tfvae.pipelines.failures import CommandFailed, UsageError, usage_errors
from tfvae.pipelines.runs.run import Run

USAGE_ERROR, FAILURE, INTERRUPTED = 2, 1, 130  # exit statuses

app = App(
    name="tfvae",
    help="Train, evaluate and export variational autoencoders; draw samples; score data; find anomalies.",
    help_epilogue="Exit status: 0 success, 1 failure, 2 wrong arguments, 130 interrupted.",
    version=tfvae.__version__,
    default_parameter=Parameter(negative=()),
)
app.command(  # by name, as its commands are made from all recipes, which takes a tenth of a second
    "tfvae.pipelines.cli.train_command:train_app",
    name="train",
    help="Train a recipe on a source, or continue an interrupted run.",
)
app.command(
    "tfvae.pipelines.cli.export_command:export_app",
    name="export",
    help="Export a run's model to servers, devices and browsers.",
)
app.command(
    "tfvae.pipelines.cli.detector_command:detector_app",
    name="detector",
    help="Find unusual rows of tables: fit, recalibrate, export, report.",
)
for _command in (run_commands.evaluate, run_commands.sample, run_commands.report, score, serve):
    app.command(_command)


@app.command
def demo(
    *,
    run: Annotated[Path, Parameter(help="folder for the run, new or empty.")] = Path("runs/demo"),
    overwrite: Overwrite = False,
    output: Output = PRINTED,
) -> None:
    """Train on the small digits of scikit-learn, and write a report; takes a few minutes."""
    with usage_errors():
        Run.check_new(run, overwrite)
    start_tensorflow()
    from tfvae.pipelines import demo

    with output.work():
        report = demo.main(run, overwrite=overwrite, progress=0 if output.quiet else None)
    output.show(f"Report: {report}", {"run": str(run), "report": str(report)})


def main(tokens: list[str] | None = None) -> int:
    """Run the command.

    Args:
        tokens: the arguments; None means those of the process.

    Returns:
        The exit status: 0 for success, 1 for a failure, 2 for a usage error, 130 after an interruption.
    """
    try:
        command, arguments = _parsed(tokens)
        command(*arguments.args, **arguments.kwargs)
    except UsageError as error:
        return _failed(error, USAGE_ERROR)
    except (CommandFailed, InvalidInput, OSError, FloatingPointError) as error:
        return _failed(error, FAILURE)
    except KeyboardInterrupt as interruption:
        return _failed(str(interruption) or "interrupted", INTERRUPTED)
    return 0


def _parsed(tokens: list[str] | None) -> tuple[Callable[..., object], inspect.BoundArguments]:
    try:
        with usage_errors():
            command, arguments, _ = app.parse_args(tokens, exit_on_error=False, print_error=False)
    except MissingArgumentError as error:
        raise UsageError(_missing(error)) from error
    except CycloptsError as error:
        error.verbose = False  # else the message starts with the Python function
        raise UsageError(error) from error
    for name, value in arguments.arguments.items():
        if isinstance(value, Path):
            arguments.arguments[name] = Path(os.path.expanduser(value))  # in `--run ~/x` shells do not
    return command, arguments


def _missing(error: MissingArgumentError) -> str:
    name = error.keyword or (error.argument.name if error.argument else "an argument")
    given = error.argument is not None and bool(error.argument.tokens)
    return f"{name}: a value is required" if error.keyword or given else f"{name} is required"


def _failed(error: object, status: int) -> int:
    print("tfvae: error:", " ".join(str(error).split()), file=sys.stderr)
    return status
