"""A detector that is ready to score tables, from its own file or from an export."""

from __future__ import annotations

import dataclasses
import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Self

from tfvae.pipelines.scoring import table_scorer
from tfvae.pipelines.scoring.detector_description import DetectorDescription, read_description
from tfvae.pipelines.scoring.table_scorer import TableScorer

if TYPE_CHECKING:
    from tfvae.anomaly import VAEDetector


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
        # It needs Keras and the models of this library; an exported detector does not.
        from tfvae.pipelines.scoring import table_detector

        return cls.of(table_detector.load(path), top, _identity([path]))

    @classmethod
    def of(cls, detector: VAEDetector, top: int | None = None, identity: str = "") -> Self:
        """Return a detector that is in memory.

        Args:
            detector: fitted to a table.
            top: number of features that are named in each row; None means 3, or all if there are fewer.
            identity: differs for every other detector, where scoring may have to be resumed.

        Raises:
            InvalidInput: `top` is out of range.
        """
        from tfvae.pipelines.scoring import detector_export

        scorer = detector_export.scorer_in_memory(detector, top)
        return cls(scorer, detector_export.describe(detector), identity)


def _identity(files: list[Path]) -> str:
    digest = hashlib.sha256()
    for file in files:
        digest.update(file.read_bytes())
    return digest.hexdigest()
