"""What a page about a run is made of."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import numpy as np

from tfvae.core.errors import InvalidInput
from tfvae.export import Export


@dataclasses.dataclass(frozen=True)
class Row:
    """A line of a table: what, how much, and what that means."""

    name: str
    value: str
    note: str = ""


@dataclasses.dataclass(frozen=True)
class Outliers:
    """Examples of another kind than the data.

    Attributes:
        description: what they are and how they were chosen.
        scores: -log p(x) of each, [n] nats.
        examples: some of them, [k, *event], to be shown; none for tables.
    """

    description: str
    scores: np.ndarray
    examples: np.ndarray | None = None


@dataclasses.dataclass(frozen=True)
class ReportContents:
    """What a page is made of. What is None or empty gets no section.

    Attributes:
        title: heading of the page.
        summary: one or two sentences below it.
        part: what the examples, latent locations and scores are those of.
        results: what was measured.
        cautions: sentences without which the results would mislead.
        configuration: what was trained, and how.
        metrics: one dict an epoch, as `Run.metrics` returns.
        originals: examples [n, *event].
        reconstructions: E[x|z] at the location of q(z|x) of each, the same shape.
        samples: E[x|z] for draws from the prior, [n, *event].
        classes: of which the samples are in turn; None for a model of x alone.
        walks: E[x|z] along latent dimensions, [dimensions, steps, *event], by name of the dimension.
        latent: posterior locations [n, latent_dim].
        labels: label of each, [n].
        scores: -log p(x) of examples, [n] nats.
        outliers: sets to tell from them, by name; at most two.
        exports: files made of the model, by name.
    """

    title: str
    summary: str = ""
    part: str = "held-out examples"
    results: tuple[Row, ...] = ()
    cautions: tuple[str, ...] = ()
    configuration: tuple[Row, ...] = ()
    metrics: tuple[dict, ...] = ()
    originals: np.ndarray | None = None
    reconstructions: np.ndarray | None = None
    samples: np.ndarray | None = None
    classes: int | None = None
    walks: Mapping[str, np.ndarray] = dataclasses.field(default_factory=dict)
    latent: np.ndarray | None = None
    labels: np.ndarray | None = None
    scores: np.ndarray | None = None
    outliers: Mapping[str, Outliers] = dataclasses.field(default_factory=dict)
    exports: Mapping[str, Export] = dataclasses.field(default_factory=dict)

    def __post_init__(self):
        if len(self.outliers) > 2:  # as many as there are colors
            raise InvalidInput("outliers", "at most two sets", len(self.outliers))
