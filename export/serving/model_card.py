"""Facts about an exported model for its README."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping


@dataclasses.dataclass(frozen=True)
class ModelCard:
    """Facts about a model, for the README.md beside its versions; empty ones are "Not stated." there.

    Attributes:
        title: heading; by default the served model's name.
        description: what the model is, in a sentence or more.
        data: what it was trained on, by name of the fact.
        metrics: what was measured, by name of the measure, with units.
        license: license of the model.
        training: how it was trained, by name of the setting.

    Example:
        >>> ModelCard(data={"source": "sklearn:digits"}, license="CC BY 4.0").license
        'CC BY 4.0'
    """

    title: str = ""
    description: str = ""
    data: Mapping[str, object] = dataclasses.field(default_factory=dict)
    metrics: Mapping[str, object] = dataclasses.field(default_factory=dict)
    license: str = ""
    training: Mapping[str, object] = dataclasses.field(default_factory=dict)
