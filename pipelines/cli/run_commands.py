"""The commands for a finished run: `tfvae evaluate`, `tfvae sample` and `tfvae report`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

import tfvae
from tfvae.core.checks import integer
from tfvae.pipelines.cli import argument_checks
from tfvae.pipelines.cli.argument_checks import Overwrite, RunFolder
from tfvae.pipelines.cli.reporting import PRINTED, Output
from tfvae.pipelines.cli.startup import start_tensorflow
from tfvae.pipelines.failures import UsageError, usage_errors

Seed = Annotated[int, Parameter(help="seed of the random numbers.")]


def evaluate(
    run: RunFolder,
    /,
    *,
    data: Annotated[
        str | None, Parameter(help="source to evaluate on; the held-out rows by default.")
    ] = None,
    samples: Annotated[int, Parameter(help="draws for each example, for log p(x).")] = 500,
    seed: Seed = 0,
    reporting: Output = PRINTED,
) -> None:
    """Measure ELBO, log-likelihood and active units; print them and write evaluation.json."""
    with usage_errors():
        integer("--samples", samples)
        source = None if data is None else tfvae.data.source(data)
    finished = argument_checks.finished_run(run)
    if data is None and finished.config["training"]["validation"] == 0:
        raise UsageError("--data: expected a source, as the run held no rows out, received none")
    start_tensorflow()
    from tfvae.pipelines.runs import evaluate as evaluation

    with reporting.work():
        result = evaluation.evaluate(finished, source, samples, seed)
    reporting.show("", result)


def sample(
    run: RunFolder,
    /,
    *,
    number: Annotated[int, Parameter(name=["--number", "-n"], help="number of draws.")] = 64,
    label: Annotated[
        int | None, Parameter(name="--class", help="class of all draws; all classes in turn by default.")
    ] = None,
    seed: Seed = 0,
    output: Annotated[
        Path | None,
        Parameter(
            name=["--output", "-o"], help="a .png or .npy file; samples.png in the run's folder by default."
        ),
    ] = None,
    overwrite: Overwrite = False,
    reporting: Output = PRINTED,
) -> None:
    """Draw from the model: a picture of images side by side, or an array.

    A model with classes draws them in turn, with a column for each in a picture.
    """
    finished = argument_checks.finished_run(run)
    with usage_errors():
        if output is not None:
            argument_checks.new_file("--output", output, overwrite)
        output = finished.path / "samples.png" if output is None else output
        integer("--number", number)
        argument_checks.suffix("--output", output, ".png", ".npy")
        argument_checks.pictures_are_of_images(finished, output)
        argument_checks.class_label(finished, label)
    start_tensorflow()
    from tfvae.pipelines.runs import sample as sampling

    with reporting.work():
        path = sampling.sample(finished, number, seed, output, label)
    reporting.show(path, {"output": str(path)})


def report(
    run: RunFolder,
    /,
    *,
    output: Annotated[
        Path | None,
        Parameter(name=["--output", "-o"], help="an .html file; report.html in the run's folder by default."),
    ] = None,
    overwrite: Overwrite = False,
    reporting: Output = PRINTED,
) -> None:
    """Write an HTML page with the run's configuration, curves, pictures and results."""
    finished = argument_checks.finished_run(run)
    with usage_errors():
        if output is not None:
            argument_checks.new_file("--output", output, overwrite)
    start_tensorflow()
    from tfvae.pipelines.reports import run_report

    with reporting.work():
        path = run_report.write(finished, finished.path / "report.html" if output is None else output)
    reporting.show(path, {"output": str(path)})
