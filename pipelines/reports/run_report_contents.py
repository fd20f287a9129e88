"""The contents of a run's report."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tfvae.core.errors import InvalidInput
from tfvae.pipelines.reports.table_row import Row

if TYPE_CHECKING:
    from tfvae.core.types import Array
    from tfvae.export import Export


@dataclasses.dataclass(frozen=True)
class Outliers:
    """Examples of another kind than the data.

    Attributes:
        description: what they are and how they were chosen.
        scores: -log p(x) of each, [n] nats.
        examples: some of them, [k, *event], to be shown; None for tables.
    """

    description: str
    scores: Array
    examples: Array | None = None


@dataclasses.dataclass(frozen=True)
class RunReportContents:
    """The contents of a run's report. What is None or empty gets no section.

    Attributes:
        title: heading of the page.
        summary: one or two sentences below it.
        part: name of the examples to which the latent locations and scores belong.
        results: what was measured.
        cautions: sentences without which the results would mislead.
        configuration: what was trained, and how.
        metrics: one dict an epoch, see `Run.metrics`.
        originals: examples [n, *event].
        columns: names of a table's columns; None without names.
        reconstructions: E[x|z] at the location of q(z|x) of each, the same shape.
        samples: E[x|z] for draws from the prior, [n, *event].
        classes: number of classes that the samples have in turn; None for a model of x alone.
        traversals: E[x|z] along latent dimensions, [dimensions, steps, *event], by name of the dimension.
        latent: posterior locations [n, latent_dim].
        labels: label of each, [n].
        scores: -log p(x) of examples, [n] nats.
        outliers: sets to separate from them, by name; at most two.
        exports: exports of the model, by name.
    """

    title: str
    summary: str = ""
    part: str = "held-out examples"
    results: tuple[Row, ...] = ()
    cautions: tuple[str, ...] = ()
    configuration: tuple[Row, ...] = ()
    metrics: tuple[dict[str, Any], ...] = ()
    originals: Array | None = None
    columns: tuple[str, ...] | None = None
    reconstructions: Array | None = None
    samples: Array | None = None
    classes: int | None = None
    traversals: Mapping[str, Array] = dataclasses.field(default_factory=dict)
    latent: Array | None = None
    labels: Array | None = None
    scores: Array | None = None
    outliers: Mapping[str, Outliers] = dataclasses.field(default_factory=dict)
    exports: Mapping[str, Export] = dataclasses.field(default_factory=dict)

    def __post_init__(self):
        if len(self.outliers) > 2:  # as many as there are colors
            raise InvalidInput("outliers", "at most two sets", len(self.outliers))
