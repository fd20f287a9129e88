"""Rows that cannot be read: which they are, and what is kept of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import numpy as np

from tfvae.data.tables.csv_records import beginning
from tfvae.data.tables.files import Reject, Rows

if TYPE_CHECKING:
    from tfvae.core.types import Array


def readable_mask(count: int, reasons: Mapping[int, str]) -> Array:
    """Return which rows of a batch can be read, a Boolean array [count].

    Args:
        count: number of rows in the batch.
        reasons: why a row cannot be read, by its position in the batch.

    Example:
        >>> readable_mask(3, {1: "expected 2 fields"})
        array([ True, False,  True])
    """
    mask = np.ones(count, bool)
    mask[list(reasons)] = False
    return mask


def rejects_of(rows: Rows, reasons: Mapping[int, str]) -> Iterator[Reject]:
    """Yield a `Reject` for each row that cannot be read, in the order of the rows.

    Args:
        rows: rows of a file.
        reasons: why a row cannot be read, by its position in the batch.
    """
    for position, reason in sorted(reasons.items()):
        text = "" if rows.records is None else beginning(rows.records[position].as_py())
        yield Reject(int(rows.rows[position]), int(rows.lines[position]), reason, text)
