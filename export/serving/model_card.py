"""What a reader of an exported model wants to know of it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping


@dataclasses.dataclass(frozen=True)
class ModelCard:
    """Facts about a model, for the README.md beside its versions; what is left empty is "not stated" there.

    Attributes:
        title: heading; else the served model's name.
        description: what the model is, in a sentence or more.
        data: what it was trained on, by name of the fact.
        metrics: what was measured of it, by name of the measure, with units.
        license: on what terms it may be used.
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
