"""The sections of a run's report, each with its figures."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from tfvae.pipelines.reports.figures.anomaly_scores import histograms, roc
from tfvae.pipelines.reports.figures.drawing import MINUS, Panel
from tfvae.pipelines.reports.figures.image_grid import image_grid
from tfvae.pipelines.reports.figures.latent_map import latent_map
from tfvae.pipelines.reports.figures.reconstructed_columns import scatters
from tfvae.pipelines.reports.figures.training_curves import training_curves

if TYPE_CHECKING:
    from tfvae.core.types import Array
    from tfvae.pipelines.reports.run_report_contents import RunReportContents

_COLUMNS = 12


@dataclasses.dataclass(frozen=True)
class Section:
    """A section of a page.

    Attributes:
        title: heading.
        lead: a sentence on how to read the figures.
        panels: the figures.
    """

    title: str
    lead: str
    panels: list[Panel]


def sections(contents: RunReportContents) -> list[Section]:
    """Return the sections that have a figure.

    Args:
        contents: the contents of the report.
    """
    made = [
        *_reconstructions(contents),
        *_samples(contents),
        *_traversals(contents),
        *_latent_map(contents),
        *_scores(contents),
        Section("Training", "", training_curves(contents.metrics)),
    ]
    return [section for section in made if section.panels]


def _is_images(examples: Array) -> bool:
    return examples.ndim == 4


def _reconstructions(contents: RunReportContents) -> Iterator[Section]:
    originals, reconstructions = contents.originals, contents.reconstructions
    if originals is None or reconstructions is None or not len(originals):
        return
    if _is_images(originals):
        lead = "Each pair of rows shows examples above, and below them their reconstructions."
        yield Section("Reconstructions", lead, [_pairs(originals, reconstructions)])
    else:
        lead = "On the dashed line a value is reconstructed exactly."
        original, reconstruction = (part.reshape(len(part), -1) for part in (originals, reconstructions))
        yield Section("Reconstructions", lead, scatters(original, reconstruction, contents.columns))


def _pairs(originals: Array, reconstructions: Array) -> Panel:
    """Rows of originals and rows of reconstructions, alternating."""
    columns = min(_COLUMNS, len(originals))
    number = len(originals) // columns * columns
    rows = [part[:number].reshape(-1, columns, *part.shape[1:]) for part in (originals, reconstructions)]
    images = np.stack(rows, axis=1).reshape(-1, *originals.shape[1:])
    description = f"{number} examples, each with its reconstruction below"
    return Panel(image_grid(images, columns, description, block=2), "", wide=True)


def _samples(contents: RunReportContents) -> Iterator[Section]:
    samples = contents.samples
    if samples is None or not _is_images(samples) or not len(samples):
        return
    lead = "Draws of z from the prior, decoded to the mean of p(x|z); not selected."
    if contents.classes is not None:
        lead += f" The {contents.classes} classes are given in turn, row by row, from class 0 on."
    columns = min(contents.classes or _COLUMNS, _COLUMNS)
    description = f"{len(samples)} images drawn from the model"
    yield Section("Samples", lead, [Panel(image_grid(samples, columns, description), "", wide=True)])


def _traversals(contents: RunReportContents) -> Iterator[Section]:
    if not contents.traversals:
        return
    traversals = np.stack(list(contents.traversals.values()))
    names = ", ".join(contents.traversals)
    lead = (
        f"Each row moves along one latent dimension from {MINUS}3 to 3, through the code of one example. "
        f"The rows are the dimensions that vary most over the data, most first: {names}."
    )
    description = f"{len(traversals)} rows of images that change from left to right, along {names}"
    images = traversals.reshape(-1, *traversals.shape[2:])
    panel = Panel(image_grid(images, traversals.shape[1], description), "", wide=True)
    yield Section("Latent traversals", lead, [panel])


def _latent_map(contents: RunReportContents) -> Iterator[Section]:
    if contents.latent is not None and contents.latent.ndim == 2 and len(contents.latent):
        yield Section("Latent space", "", [latent_map(contents.latent, contents.labels)])


def _scores(contents: RunReportContents) -> Iterator[Section]:
    if contents.scores is None or not len(contents.scores):
        return
    outliers = {name: part.scores for name, part in contents.outliers.items()}
    panels = [histograms(contents.part, contents.scores, outliers)]
    if outliers:
        panels.append(roc(contents.part, contents.scores, outliers))
    for name, part in contents.outliers.items():
        if part.examples is not None and _is_images(part.examples):
            panels.append(_examples(name, part.examples))
    sentences = [
        f"The score is {MINUS}log p(x) by importance sampling: high for what the model finds unlikely.",
        *(f"{name[:1].upper()}{name[1:]}: {part.description}" for name, part in contents.outliers.items()),
    ]
    yield Section("Anomaly scores", " ".join(sentences), panels)


def _examples(name: str, examples: Array) -> Panel:
    markup = image_grid(examples, _COLUMNS, f"{len(examples)} images: {name}")
    return Panel(markup, f"The first {len(examples)}: {name}.", wide=True)
