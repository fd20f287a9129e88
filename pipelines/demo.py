"""`tfvae demo`: train, evaluate, export, score and report, on data that comes with scikit-learn.

The model is a convolutional VAE of scikit-learn's 1,797 digits. Its likelihood is a normal distribution with
one learned scale for all pixels, so that log p(x) is a log density of the gray values. A Bernoulli likelihood
of gray values is no density, and one of binarized pixels gives blurred digits at this resolution.
"""

from __future__ import annotations

import contextlib
import dataclasses
import io
import os
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table
from sklearn.datasets import load_sample_images

import tfvae.export
from tfvae.core.types import Array
from tfvae.models import LatentModel
from tfvae.pipelines.reports import run_report
from tfvae.pipelines.reports.figures.anomaly_scores import auroc
from tfvae.pipelines.reports.figures.overview import overview
from tfvae.pipelines.reports.html_pages import write_page
from tfvae.pipelines.reports.run_report_contents import Outliers, RunReportContents
from tfvae.pipelines.reports.table_row import Row
from tfvae.pipelines.runs import evaluate, train
from tfvae.pipelines.runs.run import Run
from tfvae.pipelines.runs.training_options import TrainingOptions

_DATA = "sklearn:digits"
_OPTIONS = {"latent_dim": 8, "likelihood": "Normal"}
_TRAINING = TrainingOptions(batch_size=8, learning_rate=1.5e-3, validation=0.2, steps_per_execution=10)
_EPOCHS = 25
_LUMA = (0.299, 0.587, 0.114)  # weights of red, green and blue in a gray value (Rec. 601)
_SHOWN = 24

_ABOUT_PHOTOGRAPHS = (
    "patches of 8 by 8 pixels at random positions in the two photographs of scikit-learn, china.jpg and "
    "flower.jpg, in gray from 0 to 1. Digits have empty margins and patches do not, so this is easy."
)
_ABOUT_UPSIDE_DOWN = (
    "the held-out digits rotated by 180 degrees, which is harder: a 0 stays a 0, and a 6 becomes a 9."
)
_SUMMARY = (
    "A convolutional variational autoencoder of the 1,797 digits of scikit-learn, 8 by 8 pixels each. All "
    "results are of digits held out of training."
)


def main(
    run_dir: str | os.PathLike[str],
    epochs: int = _EPOCHS,
    overwrite: bool = False,
    progress: train.Progress | None = None,
) -> Path:
    """Run the demo in a new folder; print a table, and write report.html and overview.png there.

    Args:
        run_dir: folder for the run, new or empty.
        epochs: passes over the training digits.
        overwrite: whether a run that the folder holds is replaced.
        progress: what `fit` prints, see `train.start`.

    Returns:
        The report.
    """
    console = Console()
    training = dataclasses.replace(_TRAINING, epochs=epochs)
    run = train.start(Path(run_dir), "vae", _OPTIONS, _DATA, training, overwrite, progress)
    with console.status("Evaluating on held-out digits"), contextlib.redirect_stdout(io.StringIO()):
        evaluate.evaluate(run)  # its table would repeat the one below
    model = run.model()
    with console.status("Exporting, and verifying the exports in fresh processes"):
        exports = {
            "SavedModel": tfvae.export.saved_model(model, run.path / "serving" / "digits", version=1),
            "LiteRT encoder": tfvae.export.litert(model, run.path / "encoder.tflite"),
        }
    with console.status("Scoring digits and photographs"):
        contents = with_outliers(run_report.gather(run, model), run, model)
    contents = dataclasses.replace(
        contents,
        title="A VAE of handwritten digits",
        summary=_SUMMARY,
        part="held-out digits",
        exports=exports,
    )
    page = write_page(run_report.render(contents), run.path / "report.html")
    overview(contents, run.path / "overview.png")
    console.print(_table(contents))
    return page


def with_outliers(contents: RunReportContents, run: Run, model: LatentModel) -> RunReportContents:
    """Return a report's contents with the scores of photograph patches and of digits upside down added.

    Args:
        contents: the contents, with the scores of digits.
        run: the demo's run.
        model: its model.
    """
    if contents.scores is None:
        return contents
    held_out = evaluate.concatenated(run.pipeline(run.source(), 512, run.split.validation).batches())
    digits = held_out["x"] if isinstance(held_out, dict) else held_out
    number = len(contents.scores)
    sets = {
        "photographs": (_ABOUT_PHOTOGRAPHS, photographs(number, *model.event_shape[:2])),
        "upside-down digits": (_ABOUT_UPSIDE_DOWN, digits[:number, ::-1, ::-1].copy()),
    }
    outliers = {
        name: Outliers(about, -model.log_likelihood(x, num_samples=run_report.DRAWS), x[:_SHOWN])
        for name, (about, x) in sets.items()
    }
    results = tuple(
        Row(
            f"AUROC, {name}",
            f"{auroc(contents.scores, found.scores):.4f}",
            f"probability that one of {number} {name} has a higher score, -log p(x), than a held-out digit",
        )
        for name, found in outliers.items()
    )
    return dataclasses.replace(contents, results=contents.results + results, outliers=outliers)


def photographs(number: int, height: int, width: int, seed: int = 0) -> Array:
    """Return patches at random positions of the two photographs that come with scikit-learn.

    Args:
        number: number of patches.
        height: of a patch, in pixels.
        width: of a patch, in pixels.
        seed: seed of the random photographs and positions.

    Returns:
        Gray values from 0 for black to 1 for white, [number, height, width, 1].

    Example:
        >>> photographs(3, 8, 8).shape
        (3, 8, 8, 1)
    """
    generator = np.random.default_rng(seed)
    grays = [photograph @ np.array(_LUMA) / 255 for photograph in load_sample_images().images]
    patches = np.empty((number, height, width, 1), np.float32)
    for patch in patches:
        gray = grays[generator.integers(len(grays))]
        top = generator.integers(gray.shape[0] - height + 1)
        left = generator.integers(gray.shape[1] - width + 1)
        patch[..., 0] = gray[top : top + height, left : left + width]
    return patches


def _table(contents: RunReportContents) -> Table:
    table = Table(title=contents.title, show_header=False)
    for row in contents.results:
        table.add_row(row.name, row.value)
    table.add_section()
    for name, export in contents.exports.items():
        milliseconds = 1000 * export.seconds_per_item
        table.add_row(name, f"{export.size_bytes / 1000:,.0f} kB, {milliseconds:.2f} ms to encode a digit")
    return table
