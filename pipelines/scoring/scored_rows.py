"""What a scorer is, and what it returns for a batch of rows."""

from __future__ import annotations

import dataclasses
from typing import Protocol, TypeVar

import pyarrow as pa

from tfvae.data.tables.files import Reject

# Names of columns.
ROW, RECORD, IS_ANOMALY, REJECTED = "row", "record", "is_anomaly", "rejected"

Batch = TypeVar("Batch", contravariant=True)


@dataclasses.dataclass(frozen=True)
class ScoredRows:
    """The rows of a batch with their scores, and those without one.

    Attributes:
        table: the scored rows: the number of each in the data from 0, `row`, then the columns kept from the
            data, or the bytes of each row of a CSV file, `record`, then the columns added by the scorer.
        rejects: the rows that could not be read, in order.
        counts: number of scored rows in each bin of the training profiles, by column; empty if the scorer has
            no profiles.
    """

    table: pa.Table
    rejects: tuple[Reject, ...] = ()
    counts: dict[str, list[int]] = dataclasses.field(default_factory=dict)

    @property
    def rows(self) -> int:
        """Number of all rows, scored and rejected."""
        return self.table.num_rows + len(self.rejects)


class RowScorer(Protocol[Batch]):
    """Adds columns to batches of rows, such as a trained model or a fitted detector."""

    def score(self, batch: Batch) -> ScoredRows:
        """Return the rows of a batch with the added columns.

        Args:
            batch: rows in the order of the data, each in one batch.

        Raises:
            InvalidInput: the model does not take one of the rows.
        """
        ...
