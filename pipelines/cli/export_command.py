"""The commands of `tfvae export`: a run's model to servers, devices and browsers."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from cyclopts import App, Parameter

from tfvae.core.checks import integer
from tfvae.core.files import new_folder
from tfvae.pipelines.cli import argument_checks
from tfvae.pipelines.cli.argument_checks import Overwrite, RunFolder
from tfvae.pipelines.cli.reporting import PRINTED
from tfvae.pipelines.cli.reporting import Output as Printing
from tfvae.pipelines.cli.startup import start_tensorflow
from tfvae.pipelines.failures import UsageError, usage_errors

export_app = App(name="export", help="Export a run's model to servers, devices and browsers.")


@export_app.command
def saved_model(
    run: RunFolder,
    output: Annotated[Path, Parameter(help="folder of the served model; its versions are its subfolders.")],
    /,
    *,
    version: Annotated[
        int | None, Parameter(help="number of the version; by default the one after the last.")
    ] = None,
    images: Annotated[
        Literal["pixels", "bytes"] | None,
        Parameter(
            help="take pixels from 0 to 255, or bytes of PNG and JPEG files; by default numbers in [0, 1]."
        ),
    ] = None,
    license: Annotated[str, Parameter(help="license of the model, for its README.")] = "",
    reporting: Printing = PRINTED,
) -> None:
    """Write a SavedModel that needs only TensorFlow, or a server of it, with a client and a README."""
    with usage_errors():
        if version is not None:
            integer("--version", version)
    finished = argument_checks.finished_run(run)
    if images is not None and len(finished.config["shape"]) != 3:
        raise UsageError(f"--images: expected a run on images, received one on {finished.config['data']}")
    start_tensorflow()
    from tfvae.pipelines.runs import export

    with reporting.work():
        path = export.saved_model(finished, output, version, images, license)
    reporting.show(path, {"output": str(path)})


@export_app.command
def verify(
    folder: Annotated[Path, Parameter(help="version of a SavedModel, or the folder of its versions.")],
    /,
    *,
    engine: Annotated[
        Literal["tensorflow", "c", "openvino"],
        Parameter(help="what runs it: TensorFlow, TensorFlow's C++ loader without Python, or OpenVINO."),
    ] = "tensorflow",
    batch: Annotated[int, Parameter(help="examples in the batch that is timed.")] = 256,
    reporting: Printing = PRINTED,
) -> None:
    """Run each endpoint in a fresh process, and compare with the numbers stored at export."""
    with usage_errors():
        integer("--batch", batch)
    start_tensorflow()
    from tfvae.pipelines.runs import export

    with reporting.work():
        measured = export.verify(folder, engine, batch)
    reporting.show("", measured)


@export_app.command
def litert(
    run: RunFolder,
    output: Annotated[Path, Parameter(help="a .tflite file.")],
    /,
    *,
    endpoint: Annotated[
        list[str] | None,
        Parameter(help="encode (the default), decode, reconstruct, sample or score; may be repeated."),
    ] = None,
    quantize: Annotated[
        Literal["float16", "dynamic", "int8"] | None,
        Parameter(help="smaller numbers; int8 measures their ranges on rows of the run's training data."),
    ] = None,
    samples: Annotated[int, Parameter(help="fixed draws that a score averages over.")] = 1,
    batch_size: Annotated[
        int | None,
        Parameter(help="examples in a call: 1 for recurrent networks, browsers, microcontrollers."),
    ] = None,
    label: Annotated[str | None, Parameter(help="what the model is for; stored in the file.")] = None,
    threshold: Annotated[
        float | None, Parameter(help="score above which an example is an anomaly; stored in the file.")
    ] = None,
    overwrite: Overwrite = False,
    reporting: Printing = PRINTED,
) -> None:
    """Write a LiteRT file for devices, and code that calls it."""
    with usage_errors():
        argument_checks.suffix("FILE", output, ".tflite")
        integer("--samples", samples)
        if batch_size is not None:
            integer("--batch-size", batch_size)
        argument_checks.new_file("FILE", output, overwrite)
        if not overwrite:
            new_folder("FILE", output.with_suffix(".code"))
    finished = argument_checks.finished_run(run)
    start_tensorflow()
    from tfvae.pipelines.runs import export

    with reporting.work():
        values = export.litert(
            finished,
            output,
            endpoint=endpoint or ["encode"],
            quantize=quantize,
            num_samples=samples,
            batch_size=batch_size,
            label=label,
            threshold=threshold,
        )
    reporting.show("", values)


@export_app.command
def web(
    run: RunFolder,
    output: Annotated[Path, Parameter(name="FOLDER", help="a folder, new or empty.")],
    /,
    *,
    title: Annotated[str | None, Parameter(help="heading of the page.")] = None,
    columns: Annotated[str, Parameter(help="names of a table's columns, separated by commas.")] = "",
    runtime: Annotated[
        Path | None,
        Parameter(help="folder with LiteRT's web runtime from `npm pack`; by default npm fetches it once."),
    ] = None,
    overwrite: Overwrite = False,
    reporting: Printing = PRINTED,
) -> None:
    """Write a static page that runs the model in the browser: any web server can serve the folder."""
    with usage_errors():
        if not overwrite:
            new_folder("FOLDER", output)
    finished = argument_checks.finished_run(run)
    start_tensorflow()
    from tfvae.pipelines.runs import export

    names = tuple(name.strip() for name in columns.split(",")) if columns else ()
    with reporting.work():
        path = export.web(finished, output, title, names, runtime, overwrite)
    reporting.show(path, {"output": str(path)})
