"""The sections of a report: each with its figures, and none without."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from tfvae.pipelines.reports.figures import MINUS, Panel, picture
from tfvae.pipelines.reports.figures_latent import latent_map
from tfvae.pipelines.reports.figures_scores import histograms, roc
from tfvae.pipelines.reports.figures_tables import scatters
from tfvae.pipelines.reports.figures_training import curves

if TYPE_CHECKING:
    from tfvae.pipelines.reports.contents import Outliers, ReportContents

_COLUMNS = 12


@dataclasses.dataclass(frozen=True)
class Section:
    """A heading, a sentence on how to read what follows, and the figures."""

    title: str
    lead: str
    panels: list[Panel]


def sections(contents: ReportContents) -> list[Section]:
    """Return the sections for which there is something to show."""
    made = [*_pictures(contents), *_latent(contents), *_scores(contents), *_training(contents)]
    return [section for section in made if section.panels]


def _is_images(examples: np.ndarray | None) -> bool:
    return examples is not None and examples.ndim == 4


def _pictures(contents: ReportContents) -> Iterator[Section]:
    originals, reconstructions = contents.originals, contents.reconstructions
    if originals is not None and reconstructions is not None and len(originals):
        if _is_images(originals):
            lead = "Each pair of rows: examples above, below them what the model makes of their codes."
            yield Section("Reconstructions", lead, [_pairs(originals, reconstructions)])
        else:
            lead = "On the dashed line a value is reconstructed exactly."
            columns = [part.reshape(len(part), -1) for part in (originals, reconstructions)]
            yield Section("Reconstructions", lead, scatters(*columns))
    if _is_images(contents.samples) and len(contents.samples):
        lead = "Draws of z from the prior, decoded to the mean of p(x|z). Nothing was picked out."
        if contents.classes is not None:
            lead += f" The {contents.classes} classes are given in turn, row by row, from class 0 on."
        description = f"{len(contents.samples)} pictures drawn from the model"
        columns = min(contents.classes or _COLUMNS, _COLUMNS)
        panel = Panel(picture(contents.samples, columns, description), "", wide=True)
        yield Section("Samples", lead, [panel])


def _pairs(originals: np.ndarray, reconstructions: np.ndarray) -> Panel:
    """Rows of originals and rows of reconstructions, by turns."""
    columns = min(_COLUMNS, len(originals))
    whole = len(originals) // columns * columns
    rows = [part[:whole].reshape(-1, columns, *part.shape[1:]) for part in (originals, reconstructions)]
    images = np.stack(rows, axis=1).reshape(-1, *originals.shape[1:])
    description = f"{whole} examples, each with its reconstruction below"
    return Panel(picture(images, columns, description, block=2), "", wide=True)


def _latent(contents: ReportContents) -> Iterator[Section]:
    if contents.walks:
        walks = np.stack(list(contents.walks.values()))
        names = ", ".join(contents.walks)
        lead = (
            f"Each row walks along one latent dimension from {MINUS}3 to 3, through the code of one example. "
            f"The rows are the dimensions that vary most over the data, most first: {names}."
        )
        description = f"{len(walks)} rows of pictures that change from left to right, along {names}"
        images = walks.reshape(-1, *walks.shape[2:])
        panel = Panel(picture(images, walks.shape[1], description), "", wide=True)
        yield Section("Latent walks", lead, [panel])
    if contents.latent is not None and contents.latent.ndim == 2 and len(contents.latent):
        yield Section("Latent map", "", [latent_map(contents.latent, contents.labels)])


def _scores(contents: ReportContents) -> Iterator[Section]:
    if contents.scores is None or not len(contents.scores):
        return
    outliers = {name: part.scores for name, part in contents.outliers.items()}
    panels = [histograms(contents.part, contents.scores, outliers)]
    if outliers:
        panels.append(roc(contents.part, contents.scores, outliers))
    panels += [_outliers(name, part) for name, part in contents.outliers.items() if _is_images(part.examples)]
    lead = f"The score is {MINUS}log p(x) by importance sampling: high for what the model finds unlikely."
    yield Section("Anomaly scores", " ".join([lead, *_descriptions(contents)]), panels)


def _descriptions(contents: ReportContents) -> Iterator[str]:
    for name, part in contents.outliers.items():
        yield f"{name[:1].upper()}{name[1:]}: {part.description}"


def _outliers(name: str, part: Outliers) -> Panel:
    markup = picture(part.examples, _COLUMNS, f"{len(part.examples)} pictures: {name}")
    return Panel(markup, f"The first {len(part.examples)}: {name}.", wide=True)


def _training(contents: ReportContents) -> Iterator[Section]:
    yield Section("Training", "", curves(list(contents.metrics)))
