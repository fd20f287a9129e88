"""The detector of `tfvae detector` and `tfvae score`, from Python: for data frames and files."""

from __future__ import annotations

import os
import tempfile
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self, final

import numpy as np
from sklearn.base import BaseEstimator, OutlierMixin
from sklearn.utils.validation import check_is_fitted

from tfvae.anomaly import Calibration, Contamination
from tfvae.anomaly.detectors.base import Detector
from tfvae.anomaly.detectors.vae_detector import VAEDetector
from tfvae.core.errors import InvalidInput
from tfvae.data.tables.files import Reject, table_file
from tfvae.data.tables.schema import TableSchema
from tfvae.pipelines.reports import score_report
from tfvae.pipelines.scoring import score_table, table_detector
from tfvae.pipelines.scoring.loaded_detector import LoadedDetector
from tfvae.pipelines.tables_in_memory import as_file

if TYPE_CHECKING:
    import pyarrow as pa

_SHARED = ("contamination", "calibration", "epochs", "seed")  # with the detectors of arrays


@final
class TableDetector(OutlierMixin, BaseEstimator):
    """Finds unusual rows of tables with columns of all kinds, and names the features that make them so.

    What a column holds (numbers, counts, categories, ranks, dates) is inferred, or said in `schema`; missing
    values are allowed everywhere. It is the detector of `tfvae detector fit`, in the same file format, and
    what it gives for a row are the numbers of `tfvae score`.

    Args:
        schema: what the columns hold, of all or of some, as the command's schema file says it:
            `{"columns": [{"name": "age", "kind": "real"}]}`. None means all is inferred.
        contamination: share of anomalies in the training data, in (0, 0.5], from which the threshold follows
            if `calibration` is None.
        calibration: how scores become p-values and decisions, such as
            `tfvae.anomaly.FalsePositiveRate(0.01)`; None means `Contamination(contamination)`.
        epochs: passes over the rows; None means a number that depends on the number of rows.
        seed: seed of all random numbers in `fit`.
        verbose: whether `fit` prints its progress.

    Attributes:
        detector_: the fitted `tfvae.anomaly.VAEDetector`, whose preprocessing takes raw columns.
        schema_: what each column was taken as, as the schema file says it.
        rejects_: the rows of `fit` that could not be read, each with `row` and `reason`.
        offset_: `decision_function` is `score_samples` - `offset_`.

    Example:
        >>> x = {"price": [float(i % 7) for i in range(200)], "shop": ["web", "fair"] * 100}
        >>> detector = TableDetector(epochs=2).fit(x)
        >>> [column["kind"] for column in detector.schema_["columns"]]
        ['ordinal', 'category']
        >>> detector.score({"price": [3.0], "shop": ["Mars"]}).column_names[:6]
        ['row', 'price', 'shop', 'score', 'p_value', 'is_anomaly']
    """

    _parameter_constraints: ClassVar[dict] = {
        "schema": [dict, None],
        "verbose": ["boolean"],
        **{name: Detector._parameter_constraints[name] for name in _SHARED},
    }

    def __init__(
        self,
        schema: dict[str, Any] | None = None,
        contamination: float = 0.05,
        *,
        calibration: Calibration | None = None,
        epochs: int | None = None,
        seed: int = 0,
        verbose: bool = False,
    ):
        self.schema = schema
        self.contamination = contamination
        self.calibration = calibration
        self.epochs = epochs
        self.seed = seed
        self.verbose = verbose

    def fit(self, X: Any, y: None = None) -> Self:  # noqa: N803
        """Learn what is usual in a table, and the threshold; return the detector.

        Args:
            X: a data frame (pandas, polars, Arrow and others), a dict of columns, or the path of a CSV or
                Parquet file.
            y: not used.

        Raises:
            InvalidInput: the schema does not fit the table, or the table has too few rows.
            OSError: a file cannot be read.
        """
        self._validate_params()
        schema = None if self.schema is None else TableSchema.from_json(self.schema)
        calibration = Contamination(self.contamination) if self.calibration is None else self.calibration
        with as_file(X) as path:
            fitted = table_detector.learn(
                table_file(path), schema, calibration, self.epochs, self.seed, self.verbose
            )
        self.rejects_ = fitted.rejects
        return self._with(fitted.detector)

    def score(self, X: Any, top: int | None = None) -> pa.Table:  # noqa: N803
        """Return the rows with score, p-value, decision and the features that contribute most.

        The columns are `row`, the number of the row in X from 0; those of X; `score`, high for anomalies;
        `p_value`, the share of normal data that is at least as unusual; `is_anomaly`; and for each rank
        `feature_1`, `contribution_1` and so on. `to_pandas()` and `polars.from_arrow` make data frames of it.

        Args:
            X: as in `fit`. Rows that cannot be read are left out, with a warning.
            top: number of features that are named; None means 3, or all if there are fewer.

        Raises:
            InvalidInput: a column is missing, or has the name of one that is added.
            OSError: a file cannot be read.
        """
        from pyarrow import parquet

        with tempfile.TemporaryDirectory() as folder:
            return parquet.read_table(self._scored(X, Path(folder), top))

    def explain(self, X: Any) -> pa.Table:  # noqa: N803
        """Return the contribution of each feature to the score, which they add up to, and `row`.

        Args:
            X: as in `fit`. Rows that cannot be read are left out, with a warning.

        Raises:
            InvalidInput: a column is missing.
            OSError: a file cannot be read.
        """
        import pyarrow as pa

        rows, raw, rejects = self._read(X)
        if rejects:
            _warn_of_rejects(len(rejects), f"row {rejects[0].row}: {rejects[0].reason}", 3)
        parts = self.detector_.scorer_.explain_arrays(raw)["attribution"]
        names = [feature.name for feature in table_detector.table_features(self.detector_).features]
        return pa.table({"row": rows, **dict(zip(names, parts.T, strict=True))})

    def report(self, X: Any, output: str | os.PathLike[str], top: int | None = None) -> Path:  # noqa: N803
        """Write an HTML page about the rows: scores, top anomalies with reasons, drift; return its path.

        Args:
            X: as in `fit`.
            output: the file of the page, which is replaced if it is there.
            top: as in `score`.
        """
        with tempfile.TemporaryDirectory() as folder:
            return score_report.write(self._scored(X, Path(folder), top), output)

    def score_samples(self, X: Any) -> np.ndarray:  # noqa: N803
        """Return the negative score of each row, high for normal rows, [N].

        Args:
            X: as in `fit`.

        Raises:
            InvalidInput: a row cannot be read; it is named.
        """
        _, raw, rejects = self._read(X)
        if rejects:
            raise InvalidInput("X", "rows that can be read", f"row {rejects[0].row}: {rejects[0].reason}")
        return -self.detector_.scorer_.assess_arrays(raw)["score"].astype("float64")

    def decision_function(self, X: Any) -> np.ndarray:  # noqa: N803
        """Return threshold minus score, below 0 for anomalies, [N].

        Args:
            X: as in `score_samples`.
        """
        return self.score_samples(X) - self.offset_

    def predict(self, X: Any) -> np.ndarray:  # noqa: N803
        """Return 1 for normal rows and -1 for anomalies, [N].

        Args:
            X: as in `score_samples`.
        """
        return np.where(self.decision_function(X) >= 0, 1, -1)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the detector, for `load`, `tfvae score` and `tfvae detector export`.

        Args:
            path: a file name ending in `.detector`.
        """
        check_is_fitted(self)
        self.detector_.save(path)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """Return the detector of a file that `save` or `tfvae detector fit` wrote.

        Args:
            path: the file.

        Raises:
            UnreadableFile: it is another file.
        """
        detector = table_detector.load(path)
        features = table_detector.table_features(detector)
        loaded = cls(
            features.schema, calibration=detector.calibration, epochs=detector.epochs, seed=detector.seed
        )
        loaded.rejects_ = ()
        return loaded._with(detector)

    def _with(self, detector: VAEDetector) -> Self:
        self.detector_, self.offset_ = detector, detector.offset_
        self._loaded = {}
        self.schema_ = table_detector.table_features(detector).schema
        return self

    def __getstate__(self) -> dict[str, Any]:
        """Return the attributes, without the graphs of `score`."""
        return {**vars(self), "_loaded": {}}

    def _loaded_detector(self, top: int | None) -> LoadedDetector:
        """Return the detector with its graph, which takes longer to make than to score thousands of rows."""
        if top not in self._loaded:
            self._loaded[top] = LoadedDetector.of(self.detector_, top)
        return self._loaded[top]

    def _scored(self, x: Any, folder: Path, top: int | None) -> Path:
        check_is_fitted(self)
        output = folder / "scored.parquet"
        with as_file(x) as path:
            summary = score_table.score(self._loaded_detector(top), path, output, progress=self.verbose)
        if summary.rejected:
            reasons = "; ".join(f"{count}: {reason}" for reason, count in summary.reasons.items())
            _warn_of_rejects(summary.rejected, reasons, 4)
        return output

    def _read(self, x: Any) -> tuple[np.ndarray, dict[str, np.ndarray], tuple[Reject, ...]]:
        check_is_fitted(self)
        with as_file(x) as path:
            features = table_detector.table_features(self.detector_)
            parts, rows, rejects = table_detector.read(table_file(path), features)
        names = parts[0].values
        return rows, {name: np.concatenate([part.values[name] for part in parts]) for name in names}, rejects


def _warn_of_rejects(count: int, reasons: str, level: int) -> None:
    warnings.warn(f"rows that cannot be read are left out: {count} ({reasons})", stacklevel=level)
