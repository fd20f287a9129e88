"""The commands of `tfvae export`: a run's model to servers, devices and browsers."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from cyclopts import App, Parameter

from tfvae.core.checks import integer
from tfvae.core.files import new_folder
from tfvae.pipelines.cli import argument_checks
from tfvae.pipelines.cli.argument_checks import RunFolder
from tfvae.pipelines.cli.startup import start_tensorflow
from tfvae.pipelines.failures import UsageError, usage_errors

export_app = App(name="export", help="Ship a run's model: to servers, devices, browsers.")


@export_app.command
def saved_model(
    run: RunFolder,
    output: Annotated[Path, Parameter(help="folder of the served model; its versions are its sub-folders.")],
    /,
    *,
    version: Annotated[int | None, Parameter(help="its number; else the one after the last.")] = None,
    images: Annotated[
        Literal["pixels", "bytes"] | None,
        Parameter(help="take pixels from 0 to 255, or bytes of PNG and JPEG files; else numbers in [0, 1]."),
    ] = None,
    license: Annotated[str, Parameter(help="on what terms the model may be used, for its README.")] = "",
) -> None:
    """Write a SavedModel that needs only TensorFlow, or a server of it, with a client and a README."""
    with usage_errors():
        if version is not None:
            integer("--version", version)
    opened = argument_checks.finished_run(run)
    if images is not None and len(opened.config["shape"]) != 3:
        raise UsageError(f"--images: expected a run on images, received one on {opened.config['data']}")
    start_tensorflow()
    from tfvae.pipelines.runs import export as work

    print(work.saved_model(opened, output, version, images, license))


@export_app.command
def verify(
    folder: Annotated[Path, Parameter(help="version of a SavedModel, or the folder of its versions.")],
    /,
    *,
    engine: Annotated[
        Literal["tensorflow", "c", "openvino"],
        Parameter(help="what runs it: TensorFlow, its C++ loader without Python, OpenVINO."),
    ] = "tensorflow",
    batch: Annotated[int, Parameter(help="examples in the batch that is timed.")] = 256,
) -> None:
    """Run each endpoint in a fresh process, and compare with the numbers stored at export."""
    with usage_errors():
        integer("--batch", batch)
    start_tensorflow()
    from tfvae.pipelines.runs import export as work

    work.verify(folder, engine, batch)


@export_app.command
def litert(
    run: RunFolder,
    output: Annotated[Path, Parameter(help="A .tflite file.")],
    /,
    *,
    endpoint: Annotated[
        list[str] | None,
        Parameter(help="encode (the default), decode, reconstruct, sample or score; can be given again."),
    ] = None,
    quantize: Annotated[
        Literal["float16", "dynamic", "int8"] | None,
        Parameter(help="write smaller numbers; int8 measures their range on rows that trained the run."),
    ] = None,
    samples: Annotated[int, Parameter(help="fixed draws that a score averages over.")] = 1,
    batch_size: Annotated[
        int | None, Parameter(help="examples a call: 1 for recurrent networks, browsers, microcontrollers.")
    ] = None,
    label: Annotated[str | None, Parameter(help="what the file is about; kept in it.")] = None,
    threshold: Annotated[
        float | None, Parameter(help="score above which an example is an anomaly; kept in the file.")
    ] = None,
) -> None:
    """Write a LiteRT file, for devices, and code that calls it."""
    with usage_errors():
        argument_checks.ends_in("FILE", output, ".tflite")
        integer("--samples", samples)
        if batch_size is not None:
            integer("--batch-size", batch_size)
    opened = argument_checks.finished_run(run)
    start_tensorflow()
    from tfvae.pipelines.runs import export as work

    work.litert(
        opened,
        output,
        endpoint=endpoint or ["encode"],
        quantize=quantize,
        num_samples=samples,
        batch_size=batch_size,
        label=label,
        threshold=threshold,
    )


@export_app.command
def web(
    run: RunFolder,
    output: Annotated[Path, Parameter(name="FOLDER", help="a folder, new or empty.")],
    /,
    *,
    title: Annotated[str | None, Parameter(help="heading of the page.")] = None,
    columns: Annotated[str, Parameter(help="names of a table's columns, with commas between.")] = "",
    runtime: Annotated[
        Path | None,
        Parameter(help="folder with LiteRT's web runtime as `npm pack` wrote it; else npm fetches it, once."),
    ] = None,
) -> None:
    """Write a static page that runs the model in the browser: any web server can serve the folder."""
    with usage_errors():
        new_folder("FOLDER", output)
    opened = argument_checks.finished_run(run)
    start_tensorflow()
    from tfvae.pipelines.runs import export as work

    names = tuple(name.strip() for name in columns.split(",")) if columns else ()
    print(work.web(opened, output, title, names, runtime))
