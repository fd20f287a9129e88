"""Counts of a finished `tfvae score`."""

from __future__ import annotations

import dataclasses

_REASONS_SHOWN = 5


@dataclasses.dataclass(frozen=True)
class Summary:
    """Number of rows that were scored, rejected and found anomalous.

    Attributes:
        data: what was scored.
        rows: number of its rows.
        scored: rows that have a score.
        rejected: rows that could not be read.
        anomalies: scored rows above the threshold; None if the scorer has no threshold.
        reasons: number of rejected rows by reason, without the offending value.
        resumed: rows that an earlier, interrupted command had scored.
        output: the file or folder of the scored rows.
        rejects: the file of the rejected rows, or None without any.

    Example:
        >>> print(Summary("new.csv", 4, 3, 1, 1, {"expected 2 fields": 1}, 0, "s.csv", "s.rejects.csv"))
        4 rows = 3 scored + 1 rejected
        1 anomalies (33.33%)
        rejected 1: expected 2 fields
        s.rejects.csv
        s.csv
    """

    data: str
    rows: int
    scored: int
    rejected: int
    anomalies: int | None
    reasons: dict[str, int]
    resumed: int
    output: str
    rejects: str | None

    def __str__(self) -> str:
        lines = [f"{self.rows} rows = {self.scored} scored + {self.rejected} rejected"]
        if self.anomalies is not None:
            share = f" ({self.anomalies / self.scored:.2%})" if self.scored else ""
            lines.append(f"{self.anomalies} anomalies{share}")
        if self.resumed:
            lines.append(f"{self.resumed} rows had been scored by an interrupted command")
        most_common = sorted(self.reasons.items(), key=lambda item: -item[1])[:_REASONS_SHOWN]
        lines += [f"rejected {count}: {reason}" for reason, count in most_common]
        return "\n".join([*lines, *filter(None, [self.rejects, self.output])])
