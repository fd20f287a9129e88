"""A row of a report's table of results."""

from __future__ import annotations

import dataclasses


@dataclasses.dataclass(frozen=True)
class Row:
    """A row of a table.

    Attributes:
        name: what was measured or set.
        value: its value, with the unit.
        note: how to read it.
    """

    name: str
    value: str
    note: str = ""
