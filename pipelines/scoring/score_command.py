"""`tfvae score` with a detector or an exported one."""

from __future__ import annotations

import hashlib
from pathlib import Path

from tfvae.pipelines.scoring import batch_scorer, score_table
from tfvae.pipelines.scoring.batch_scorer import BatchScorer
from tfvae.pipelines.scoring.score_table import Summary

_FEWEST = 5  # reasons that are printed


def score(model: Path, data: str, output: Path, top: int | None = None) -> Summary:
    """Score a table's file and print what became of its rows."""
    scorer, about, files = opened(model, top)
    summary = score_table.score(scorer, about, _identity(files), data, output)
    print(said(summary))
    return summary


def opened(model: Path, top: int | None) -> tuple[BatchScorer, dict, list[Path]]:
    """Return what scores batches, what the detector says of itself, and the files that it is in."""
    if model.is_dir():
        folder = batch_scorer.version_folder(model)
        about = batch_scorer.read_about(folder)
        files = [folder / "saved_model.pb", *sorted((folder / "variables").iterdir())]
        return batch_scorer.load(folder, top), about, files
    from tfvae.pipelines.scoring import (
        detector_export,  # which need Keras and this library's models
        table_detector,
    )

    fitted = table_detector.load(model)
    return detector_export.in_process(fitted, top), detector_export.about(fitted), [model]


def said(summary: Summary) -> str:
    """Return a summary as lines for people."""
    share = f" ({summary.anomalies / summary.scored:.2%})" if summary.scored else ""
    lines = [
        f"{summary.rows} rows = {summary.scored} scored + {summary.rejected} rejected",
        f"{summary.anomalies} anomalies{share}",
    ]
    if summary.resumed:
        lines.append(f"{summary.resumed} rows had been done by a run before")
    common = sorted(summary.reasons.items(), key=lambda item: -item[1])[:_FEWEST]
    lines += [f"rejected {count}: {reason}" for reason, count in common]
    lines += [path for path in (summary.rejects, summary.output) if path]
    return "\n".join(lines)


def _identity(files: list[Path]) -> str:
    digest = hashlib.sha256()
    for file in files:
        digest.update(file.read_bytes())
    return digest.hexdigest()
