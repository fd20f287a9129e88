"""Export a run's model to servers, devices and browsers, and verify an export."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

import tfvae.export
from tfvae.core.errors import InvalidInput
from tfvae.core.types import Array
from tfvae.export.result import ExportError
from tfvae.export.serving.model_folder import newest_version
from tfvae.export.verification import verify as verification
from tfvae.pipelines.failures import CommandFailed
from tfvae.pipelines.runs.run import Run

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
    """Export the model, with its preprocessing, as a version of a SavedModel.

    Args:
        run: a finished run.
        output: the folder of the served model.
        version: number of the version; None means the one after the last.
        images: "pixels" or "bytes" as the raw input; None means the model's x.
        license: license of the model.

    Returns:
        The folder of the version.

    Raises:
        CommandFailed: the export computes other numbers than the model.
    """
    preprocessing = run.preprocessing() if images is None else _IMAGES[images](tuple(run.config["shape"]))
    with _export_errors():
        return tfvae.export.saved_model(
            run.model(), output, version=version, preprocessing=preprocessing, card=model_card(run, license)
        ).path


def litert(
    run: Run,
    output: Path,
    endpoint: list[str],
    quantize: str | None = None,
    num_samples: int = 1,
    batch_size: int | None = None,
    label: str | None = None,
    threshold: float | None = None,
) -> dict[str, Any]:
    """Export endpoints, with the run's preprocessing, as a LiteRT file; print the result.

    Args:
        run: a finished run.
        output: the file, with suffix `.tflite`.
        endpoint: names of the endpoints, in one file.
        quantize: None, "float16", "dynamic" or "int8", whose ranges are measured on rows of the run's
            training data.
        num_samples: fixed draws that `score` averages over.
        batch_size: examples in a call; None means any number.
        label: what the model is for; None means recipe and data.
        threshold: score above which an example is an anomaly, in nats; stored in the file.

    Returns:
        The file and its size.

    Raises:
        CommandFailed: LiteRT lacks an operation, or the file computes other numbers than the model.
    """
    with _export_errors():
        export = tfvae.export.litert(
            run.model(),
            output,
            endpoint=endpoint,
            quantize=quantize,
            representative_data=None if quantize != "int8" else _training_rows(run),
            preprocessing=run.preprocessing(),
            num_samples=num_samples,
            batch_size=batch_size,
            label=label or f"{run.config['recipe']} of {_data_name(run)}",
            threshold=threshold,
        )
    print(export.path)
    Console().print(_device_table(export))
    return {"output": str(export.path), "bytes": export.size_bytes}


def web(
    run: Run,
    output: Path,
    title: str | None,
    columns: tuple[str, ...],
    runtime: Path | None,
    overwrite: bool = False,
) -> Path:
    """Export the model, with its preprocessing, as a page for browsers.

    Args:
        run: a finished run.
        output: the folder, new or empty.
        title: heading of the page; None means recipe and data.
        columns: names of a table's columns.
        runtime: folder with LiteRT's web runtime; None means the user's cache, which npm fills.
        overwrite: whether a page that the folder holds is replaced.

    Returns:
        The folder.

    Raises:
        InvalidInput: the folder holds other files than a page.
        CommandFailed: the runtime cannot be fetched, or the page computes other numbers than the model.
    """
    if title is None:
        title = _title(run)
    with _export_errors(), _replaced_folder(output, overwrite) as folder:
        tfvae.export.web(
            run.model(),
            folder,
            preprocessing=run.preprocessing(),
            title=title,
            columns=columns,
            runtime=runtime,
        )
    return output


def verify(folder: Path, engine: str, batch: int) -> dict[str, Any]:
    """Run a SavedModel's endpoints in a fresh process, and print how far they are from the stored numbers.

    Args:
        folder: folder of a version, or of all versions, of which the newest is taken.
        engine: one of "tensorflow", "c", "openvino".
        batch: examples in the batch that is timed.

    Returns:
        What was measured.

    Raises:
        UnreadableFile: there is no SavedModel, or the stored numbers are missing.
        CommandFailed: it cannot be run, or computes other numbers.
    """
    version, chosen = newest_version(folder), _ENGINES[engine]
    with _export_errors():
        report = chosen.measure(version, verification.stored_numbers(version), batch)
        console = Console()
        console.print(_engine_table(f"{version} in {chosen.title}", report, batch))
        for reason in sorted(set(report["unsupported"].values())):
            names = ", ".join(name for name, other in report["unsupported"].items() if other == reason)
            console.print(f"{chosen.title} cannot run {names}: {reason}", soft_wrap=True, markup=False)
        verification.require_equal(str(version), report)
    return dict(report)


def model_card(run: Run, license: str) -> tfvae.export.ModelCard:
    """Return the facts about a run's model, for a README.

    Args:
        run: a finished run.
        license: license of the model.
    """
    config, training = run.config, dict(run.config["training"])
    held_out = training.pop("validation")
    evaluation = run.evaluation() or {}
    measures = {
        f"{name.replace('_', ' ')}, {evaluation['part']}": _measure(name, value)
        for name, value in evaluation.items()
        if isinstance(value, dict) and "mean" in value
    }
    last = {
        name: value for name, value in (run.metrics() or [{}])[-1].items() if name not in ("epoch", "seconds")
    }
    settings = {"recipe": config["recipe"]} | config["options"] | training | config["versions"]
    return tfvae.export.ModelCard(
        title=_title(run),
        description=f"A variational autoencoder, recipe `{config['recipe']}` of tfvae.",
        data={
            "source": _data_name(run),
            "rows": config.get("size"),
            "shape of a row": config["shape"],
            "fraction held out of training": held_out,
        },
        metrics=measures or {f"{name}, last epoch": f"{value:.4f}" for name, value in last.items()},
        license=license,
        training={name: value for name, value in settings.items() if value is not None},
    )


def _title(run: Run) -> str:
    return f"{run.config['recipe']}, trained on {_data_name(run)}"


def _data_name(run: Run) -> str:
    """Return the data's name without the user's folders, which others are not shown."""
    return run.data_name


def _measure(name: str, estimate: dict[str, float | None]) -> str:
    error = estimate["standard_error"]
    spread = "" if error is None else f", standard error {error:.3f}"
    return f"{estimate['mean']:.3f}{' (share)' if name == 'wrong_classes' else ' nats'}{spread}"


@contextlib.contextmanager
def _replaced_folder(output: Path, overwrite: bool) -> Iterator[Path]:
    """Yield a new folder that replaces another at the end, if that holds a page and nothing else."""
    if not overwrite or not output.is_dir() or not any(output.iterdir()):
        yield output
        return
    if not _is_page(output):
        raise InvalidInput("FOLDER", "a folder of a page, to be replaced", f"{output}, which holds none")
    with tempfile.TemporaryDirectory(prefix=f".{output.name}.", dir=output.parent) as scratch:
        new, old = Path(scratch, "new"), Path(scratch, "old")
        yield new
        known = {path.relative_to(new) for path in new.rglob("*")}
        others = sorted(str(path) for path in output.rglob("*") if path.relative_to(output) not in known)
        if others:
            raise InvalidInput("FOLDER", "a folder of a page alone, to be replaced", f"one with {others[0]}")
        output.rename(old)
        new.rename(output)


def _is_page(folder: Path) -> bool:
    """Return whether a folder holds a page's model, which `tfvae.export.web` has written."""
    try:
        return bool(tfvae.export.read_metadata(folder / "model.tflite"))
    except (OSError, InvalidInput):
        return False


@contextlib.contextmanager
def _export_errors() -> Iterator[None]:
    """Turn a failed export into a failed command."""
    try:
        yield
    except ExportError as error:
        raise CommandFailed(str(error)) from error


def _training_rows(run: Run) -> Array:
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
    differences = export.largest_difference.items()
    rows = {
        "bytes": f"{export.size_bytes:,}",
        "milliseconds for one example": f"{1000 * export.seconds_per_item:.4f}",
        **{f"largest difference, {name}": f"{value:.3g}" for name, value in differences},
        "operations": ", ".join(export.operations),
        "code that calls it": str(export.code),
    }
    micro = export.microcontroller
    if micro is not None:
        arena = f"{micro.arena_bytes:,} bytes" if micro.arena_bytes else f"does not run: {micro.reason}"
        rows["microcontroller, arena"] = arena
    for row in rows.items():
        table.add_row(*row)
    return table


def _engine_table(title: str, report: verification.Report, batch: int) -> Table:
    table = Table(title=title)
    table.add_column("endpoint")
    for heading in ("largest difference", "ms alone", f"ms an item in a batch of {batch}"):
        table.add_column(heading, justify="right")
    for name in sorted({*report["difference"], *report["unsupported"]}):
        if name in report["unsupported"]:
            table.add_row(name, "unsupported", "", "")
            continue
        times = [seconds.get(name) for seconds in (report["seconds_alone"], report["seconds_in_batch"])]
        shown = ["" if time is None else f"{1000 * time:.4f}" for time in times]
        table.add_row(name, f"{report['difference'][name]:.3g}", *shown)
    return table
