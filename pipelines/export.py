"""Ship a run's model: a SavedModel for servers, a LiteRT file for devices."""

from __future__ import annotations

from pathlib import Path

import tfvae.export
from tfvae.export.result import ExportError
from tfvae.pipelines.run import Run
from tfvae.pipelines.usage import Failed


def saved_model(run: Run, output: Path, version: int) -> Path:
    """Export the model, with its preprocessing in front, as a version of a SavedModel; return its path."""
    try:
        return tfvae.export.saved_model(
            run.model(), output, version=version, preprocessing=run.preprocessing()
        ).path
    except ExportError as error:
        raise Failed(str(error)) from error


def litert(run: Run, output: Path) -> Path:
    """Export the encoder, with its preprocessing in front, as a LiteRT file; return its path."""
    try:
        return tfvae.export.litert(run.model(), output, preprocessing=run.preprocessing()).path
    except ExportError as error:
        raise Failed(str(error)) from error


def web(run: Run, output: Path, title: str | None, columns: tuple[str, ...], runtime: Path | None) -> Path:
    """Export the model, with its preprocessing in front, as a page for browsers; return its folder."""
    if title is None:
        title = f"{run.config['recipe']}, trained on {run.config['data'].rpartition('/')[2]}"  # no one's folders
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
        raise Failed(str(error)) from error
