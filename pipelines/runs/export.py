"""Ship a run's model: a SavedModel for servers, a LiteRT file for devices; look whether it still is right."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
from rich.console import Console
from rich.table import Table

import tfvae.export
from tfvae.export.verification import verify as verification
from tfvae.export.serving.model_folder import newest_version
from tfvae.export.result import ExportError
from tfvae.pipelines.runs.run import Run
from tfvae.pipelines.failures import CommandFailed

_IMAGES = {"pixels": tfvae.export.Pixels, "bytes": tfvae.export.EncodedPixels}
_ENGINES = {
    "tensorflow": verification.TENSORFLOW,
    "c": verification.C_API,
    "openvino": verification.OPENVINO,
}
_REPRESENTATIVE = 512


def saved_model(
    run: Run, output: Path, version: int | None = None, images: str | None = None, license: str = ""
) -> Path:
    """Export the model, with its preprocessing in front, as a version of a SavedModel; return its path.

    Args:
        run: a finished run.
        output: the servable's folder.
        version: number of the version; None is the one after the last.
        images: "pixels" or "bytes" as the raw input; None is the model's x.
        license: on what terms the model may be used.

    Raises:
        Failed: the export gives other numbers than the model.
    """
    try:
        return tfvae.export.saved_model(
            run.model(),
            output,
            version=version,
            preprocessing=_preprocessing(run, images),
            card=card(run, license),
        ).path
    except ExportError as error:
        raise CommandFailed(str(error)) from error


def litert(
    run: Run,
    output: Path,
    endpoint: list[str],
    quantize: str | None = None,
    num_samples: int = 1,
    batch_size: int | None = None,
    label: str | None = None,
    threshold: float | None = None,
) -> None:
    """Export endpoints, with the run's preprocessing in front, as a LiteRT file; print what came of it.

    Args as in `tfvae.export.litert`; the representative data are rows that the run was trained on, and
    the label is otherwise recipe and data.

    Raises:
        Failed: LiteRT has not what the model needs, or the file gives other numbers than the model.
    """
    try:
        export = tfvae.export.litert(
            run.model(),
            output,
            endpoint=endpoint,
            quantize=quantize,
            representative_data=None if quantize != "int8" else _training_rows(run),
            preprocessing=run.preprocessing(),
            num_samples=num_samples,
            batch_size=batch_size,
            label=label or f"{run.config['recipe']} of {run.config['data']}",
            threshold=threshold,
        )
    except ExportError as error:
        raise CommandFailed(str(error)) from error
    print(export.path)
    Console().print(_device_table(export))


def _training_rows(run: Run) -> np.ndarray:
    """Return raw rows of the run's training data, evenly spread: at most about `_REPRESENTATIVE`."""
    source = run.source()
    step, first, found = max(1, (run.config.get("size") or 0) // _REPRESENTATIVE), 0, []
    for chunk in source.chunks():
        rows = np.arange(first, first + len(chunk["x"]))
        found.append(chunk["x"][run.split.train(first, len(rows)) & (rows % step == 0)])
        first += len(rows)
    return np.concatenate(found)[: 4 * _REPRESENTATIVE]


def _device_table(export: tfvae.export.DeviceExport) -> Table:
    table = Table(title=export.path.name, show_header=False)
    micro = export.microcontroller
    rows = {
        "bytes": f"{export.size_bytes:,}",
        "milliseconds for one example": f"{1000 * export.seconds_per_item:.4f}",
        **{
            f"largest difference, {name}": f"{value:.3g}" for name, value in export.largest_difference.items()
        },
        "operations": ", ".join(export.operations),
        "code that calls it": str(export.code),
    }
    if micro is not None:
        arena = f"{micro.arena_bytes:,} bytes" if micro.arena_bytes else f"refused: {micro.refusal}"
        rows["microcontroller, arena"] = arena
    for row in rows.items():
        table.add_row(*row)
    return table


def web(run: Run, output: Path, title: str | None, columns: tuple[str, ...], runtime: Path | None) -> Path:
    """Export the model, with its preprocessing in front, as a page for browsers; return its folder."""
    if title is None:
        title = (
            f"{run.config['recipe']}, trained on {run.config['data'].rpartition('/')[2]}"  # no one's folders
        )
    try:
        return tfvae.export.web(
            run.model(),
            output,
            preprocessing=run.preprocessing(),
            title=title,
            columns=columns,
            runtime=runtime,
        ).path
    except ExportError as error:
        raise CommandFailed(str(error)) from error


def verify(folder: Path, engine: str, batch: int) -> None:
    """Run a SavedModel's endpoints in a fresh process, and print how far they are from the stored numbers.

    Args:
        folder: of a version, or of the versions, of which the newest is taken.
        engine: one of "tensorflow", "c", "openvino".
        batch: examples in the batch that is timed.

    Raises:
        UnreadableFile: there is no SavedModel, or the numbers are missing.
        Failed: it cannot be run, or gives other numbers.
    """
    version, chosen = newest_version(folder), _ENGINES[engine]
    try:
        report = chosen.measure(version, verification.stored_numbers(version), batch)
        console = Console()
        console.print(_table(f"{version} in {chosen.title}", report, batch))
        for reason in sorted(set(report["refused"].values())):
            names = ", ".join(name for name, other in report["refused"].items() if other == reason)
            console.print(f"UsageError by {chosen.title}: {names} ({reason})", soft_wrap=True, markup=False)
        verification.require_equal(str(version), report)
    except ExportError as error:
        raise CommandFailed(str(error)) from error


def card(run: Run, license: str) -> tfvae.export.ModelCard:
    """Return what a run says of its model."""
    config, training = run.config, dict(run.config["training"])
    held_out = training.pop("validation")
    evaluation = run.evaluation() or {}
    measures = {
        f"{name}, {evaluation['part']}": f"{value['mean']:.3f} nats, standard error {value['standard_error']}"
        for name, value in evaluation.items()
        if isinstance(value, dict) and "mean" in value
    }
    last = {
        name: value for name, value in (run.metrics() or [{}])[-1].items() if name not in ("epoch", "seconds")
    }
    return tfvae.export.ModelCard(
        title=f"{config['recipe']}, trained on {config['data']}",
        description=f"A variational autoencoder, recipe `{config['recipe']}` of tfvae.",
        data={
            "source": config["data"],
            "rows": config.get("size"),
            "shape of a row": config["shape"],
            "fraction held out of training": held_out,
        },
        metrics=measures or {f"{name}, last epoch": f"{value:.4f}" for name, value in last.items()},
        license=license,
        training={"recipe": config["recipe"], **config["options"], **training, **config["versions"]},
    )


def _preprocessing(run: Run, images: str | None) -> keras.Layer | None:
    return run.preprocessing() if images is None else _IMAGES[images](tuple(run.config["shape"]))


def _table(title: str, report: dict, batch: int) -> Table:
    table = Table(title=title)
    table.add_column("endpoint")
    for heading in ("largest difference", "ms alone", f"ms an item in a batch of {batch}"):
        table.add_column(heading, justify="right")
    for name in sorted({*report["difference"], *report["refused"]}):
        if name in report["refused"]:
            table.add_row(name, "refused", "", "")
            continue
        times = [report[key].get(name) for key in ("seconds_alone", "seconds_in_batch")]
        shown = ["" if time is None else f"{1000 * time:.4f}" for time in times]
        table.add_row(name, f"{report['difference'][name]:.3g}", *shown)
    return table
