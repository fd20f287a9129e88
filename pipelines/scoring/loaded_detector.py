"""A detector that is ready to score tables, from its own file or from an export."""

from __future__ import annotations

import dataclasses
import hashlib
from pathlib import Path
from typing import Self

from tfvae.pipelines.scoring import table_scorer
from tfvae.pipelines.scoring.detector_description import DetectorDescription, read_description
from tfvae.pipelines.scoring.table_scorer import TableScorer


@dataclasses.dataclass(frozen=True)
class LoadedDetector:
    """A detector that is ready to score tables.

    Attributes:
        scorer: adds its columns to a table's rows.
        description: what its scores mean and how its training data was distributed.
        identity: a string that differs for every other detector.
    """

    scorer: TableScorer
    description: DetectorDescription
    identity: str

    @classmethod
    def load(cls, path: Path, top: int | None = None) -> Self:
        """Load a detector.

        Args:
            path: a `.detector` file, or the folder of an exported detector.
            top: number of features that are named in each row; None means 3, or all if there are fewer.

        Raises:
            UnreadableFile: there is no detector of tables.
            InvalidInput: `top` is out of range.
        """
        if path.is_dir():
            folder = table_scorer.version_folder(path)
            scorer, description = table_scorer.load(folder, top), read_description(folder)
            files = [folder / "saved_model.pb", *sorted((folder / "variables").iterdir())]
            return cls(scorer, description, _identity(files))
        # These need Keras and the models of this library; an exported detector does not.
        from tfvae.pipelines.scoring import detector_export, table_detector

        detector = table_detector.load(path)
        scorer = detector_export.scorer_in_memory(detector, top)
        return cls(scorer, detector_export.describe(detector), _identity([path]))


def _identity(files: list[Path]) -> str:
    digest = hashlib.sha256()
    for file in files:
        digest.update(file.read_bytes())
    return digest.hexdigest()
