"""The anomaly detector with scikit-learn's habits."""

from __future__ import annotations

import copy
import os
import warnings
from numbers import Integral, Real
from typing import ClassVar, Self

import keras
import numpy as np
from sklearn.base import BaseEstimator, OutlierMixin
from sklearn.utils import Tags
from sklearn.utils._param_validation import Interval
from sklearn.utils.validation import check_is_fitted, validate_data

from tfvae.anomaly.calibration.base import Calibration, Drift
from tfvae.anomaly.calibration.thresholds import Contamination
from tfvae.anomaly.detectors import archive, table_defaults
from tfvae.anomaly.detectors.scorer import Scorer
from tfvae.anomaly.detectors.training import Trainer, copied, repeatable
from tfvae.anomaly.scores.base import Score
from tfvae.anomaly.scores.by_name import as_score
from tfvae.anomaly.scores.log_likelihood import LogLikelihood
from tfvae.core.errors import InvalidInput
from tfvae.models import LatentModel
from tfvae.objectives import Trimmed

_FITTED = "fitted.keras"
_LEARNED = ("n_features_in_", "feature_names_in_")  # of tables alone


class VAEDetector(OutlierMixin, BaseEstimator):
    """Finds unusual rows by a variational autoencoder: calibrated scores, p-values, contributions.

    The habits are scikit-learn's: `score_samples` and `decision_function` are high for normal rows, and
    `predict` is 1 for these and -1 for anomalies. `anomaly_scores` is the other way round, in nats where
    the score is a density. Nothing is random after `fit`: a row has one score, to the last bit, in any
    batch, process and export. As `score` is an argument, there is no method of this name: a grid search
    needs `scoring`.

    Args:
        model: what is trained, from the weights that it has; it is itself not changed. None is a VAE for a
            table of numbers, with its preprocessing (`tfvae.anomaly.detectors.table_defaults`).
        score: one of `tfvae.anomaly`'s scores, or its name; None is `LogLikelihood` for a given model, and
            else the default for tables.
        contamination: share of anomalies in the training data, in (0, 0.5], by which the threshold is
            chosen where no `calibration` is given.
        calibration: how scores become p-values and decisions; None is `Contamination(contamination)`.
        preprocessing: layer from raw features to the model's x; None is none, or with `model=None` the
            standardization of columns.
        trim: share of each batch, that which the model finds least probable, that training leaves out; for
            training data that hold anomalies. None is 0, or with `model=None` a tenth.
        epochs: passes over the training data; 0 leaves a trained model as it is, None is a number that
            suits the number of rows.
        batch_size: rows of a training step.
        learning_rate: of Adam.
        seed: start of all random numbers of `fit`.
        verbose: as in Keras's `fit`.

    Attributes:
        scorer_: what `fit` made: model, score and calibration, as one Keras model.
        offset_: `decision_function` is `score_samples` - `offset_`.
        n_features_in_: columns of the training data.

    Example:
        >>> x = np.random.default_rng(0).normal(size=(200, 3))
        >>> detector = VAEDetector(contamination=0.05, epochs=2).fit(x)
        >>> detector.predict([[0.0, 0.0, 0.0], [0.0, 9.0, 0.0]])
        array([ 1, -1])
        >>> int(detector.explain([[0.0, 9.0, 0.0]]).argmax())
        1
    """

    _parameter_constraints: ClassVar[dict] = {
        "model": [LatentModel, None],
        "score": [Score, str, None],
        "contamination": [Interval(Real, 0, 0.5, closed="right")],
        "calibration": [Calibration, None],
        "preprocessing": [keras.Layer, None],
        "trim": [Interval(Real, 0, 1, closed="left"), None],
        "epochs": [Interval(Integral, 0, None, closed="left"), None],
        "batch_size": [Interval(Integral, 1, None, closed="left")],
        "learning_rate": [Interval(Real, 0, None, closed="neither")],
        "seed": [Interval(Integral, 0, None, closed="left")],
        "verbose": ["verbose"],
    }

    def __init__(
        self,
        model: LatentModel | None = None,
        score: Score | str | None = None,
        contamination: float = 0.05,
        *,
        calibration: Calibration | None = None,
        preprocessing: keras.Layer | None = None,
        trim: float | None = None,
        epochs: int | None = None,
        batch_size: int = 128,
        learning_rate: float = 1e-3,
        seed: int = 0,
        verbose: int = 0,
    ):
        self.model = model
        self.score = score
        self.contamination = contamination
        self.calibration = calibration
        self.preprocessing = preprocessing
        self.trim = trim
        self.epochs = epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.seed = seed
        self.verbose = verbose

    def fit(self, X: object, y: None = None) -> Self:  # noqa: N803
        """Train on rows that are normal, or mostly so, and calibrate.

        Args:
            X: the rows, [N, *shape].
            y: not used.

        Raises:
            InvalidInput: names what cannot be used.
        """
        self._validate_params()
        raw = self._rows(X, reset=True)
        _warn_of_constants(raw)
        with repeatable(self.seed):
            preprocessing = self._preprocessing(raw)
            x = raw if preprocessing is None else np.asarray(preprocessing(raw), "float32")
            model = self._untrained(x)
            model.checked(x)
            calibration = self._calibration()
            kept = _split(len(x), calibration.held_out, self.seed)
            train = self._training(len(x) - int(kept.sum()))
            train(model, x[~kept])
            score = self._score()
            score.check(model)
            score.prepare(model)
            score.learn(model, x[~kept], train if train.epochs else _refuse_to_train)
            scorer = Scorer(model, score, calibration, preprocessing)
            rows = raw[kept] if kept.any() else raw
            calibration.learn(scorer.assess_arrays({"x": rows})["score"])
        return self.with_scorer(Scorer(model, score, calibration, preprocessing))

    def _preprocessing(self, raw: np.ndarray) -> keras.Layer | None:
        missing = self.model is None and self.preprocessing is None
        return table_defaults.preprocessing(raw) if missing else self.preprocessing

    def _untrained(self, x: np.ndarray) -> LatentModel:
        if self.model is None:
            return table_defaults.model(x.shape[1:], table_defaults.TRIM if self.trim is None else self.trim)
        return copied(self.model, Trimmed(self.model.objective, self.trim) if self.trim else None)

    def _score(self) -> Score:
        if self.score is not None:
            return copy.deepcopy(as_score(self.score))
        return table_defaults.score() if self.model is None else LogLikelihood()

    def _calibration(self) -> Calibration:
        if self.calibration is None:
            return Contamination(self.contamination)
        return type(self.calibration).from_config(self.calibration.get_config())

    def recalibrate(self, X: object, y: object = None) -> Drift:  # noqa: N803
        """Calibrate anew on new normal data, without training; return how far their scores have moved.

        Args:
            X: rows that are normal, or of which the calibration expects as many anomalies.
            y: 1 for normal rows and -1 for anomalies, which are then left out; None is that all count.

        Raises:
            InvalidInput: where no normal row is among them.
        """
        raw = self._fitted_rows(X)
        if y is not None:
            y = np.asarray(y)
            if y.shape != (len(raw),) or not np.isin(y, (-1, 1)).all():
                raise InvalidInput("y", f"1 or -1 for each of {len(raw)} rows", np.unique(y)[:5])
            if not (y == 1).any():
                raise InvalidInput("y", "at least one normal row, 1", "anomalies alone")
            raw = raw[y == 1]
        return self.calibrated_by(self.scorer_.assess_arrays({"x": raw})["score"])

    def calibrated_by(self, scores: np.ndarray) -> Drift:
        """Calibrate anew by the scores [n] of new normal data; return how far they have moved."""
        scorer, calibration = self.scorer_, self._calibration()
        calibration.learn(scores)  # refuses what cannot be used
        drift = scorer.calibration.drift(scores)
        self.with_scorer(Scorer(scorer.model, scorer.score, calibration, scorer.preprocessing, scorer.block))
        return drift

    def with_scorer(self, scorer: Scorer) -> Self:
        """Take what another fit, or a file, made."""
        self.scorer_ = scorer
        self.offset_ = -float(scorer.calibration.threshold)
        return self

    def _training(self, rows: int) -> Trainer:
        epochs = table_defaults.epochs(rows, self.batch_size) if self.epochs is None else self.epochs
        return Trainer(epochs, self.batch_size, self.learning_rate, int(self.verbose))

    def score_samples(self, X: object) -> np.ndarray:  # noqa: N803
        """Return minus the anomaly score, high for normal rows, float64 [N]."""
        return -self.anomaly_scores(X).astype("float64")

    def decision_function(self, X: object) -> np.ndarray:  # noqa: N803
        """Return threshold minus anomaly score, float64 [N]: below 0 for anomalies."""
        return self.score_samples(X) - self.offset_

    def predict(self, X: object) -> np.ndarray:  # noqa: N803
        """Return 1 for normal rows and -1 for anomalies, [N]."""
        return np.where(self.decision_function(X) < 0, -1, 1)

    def anomaly_scores(self, X: object) -> np.ndarray:  # noqa: N803
        """Return the score, high for anomalies, [N]; in nats where it is a density."""
        return self.assess(X)["score"]

    def p_values(self, X: object) -> np.ndarray:  # noqa: N803
        """Return the share of normal data that is at least as unusual, [N]."""
        return self.assess(X)["p_value"]

    def assess(self, X: object) -> dict[str, np.ndarray]:  # noqa: N803
        """Return `score`, its terms such as `standard_error`, `p_value` and `is_anomaly`, each [N]."""
        raw = self._fitted_rows(X)
        return self.scorer_.assess_arrays({"x": raw})

    def explain(self, X: object) -> np.ndarray:  # noqa: N803
        """Return what each element contributes to the score, [N, *event]; their sum is the score."""
        raw = self._fitted_rows(X)
        return self.scorer_.explain_arrays({"x": raw})["attribution"]

    def save(self, path: str | os.PathLike) -> None:
        """Write one file, whole or not at all, that `tfvae.anomaly.load` reads.

        Raises:
            InvalidInput: for a name that does not end in `.detector`.
            OSError: where it cannot be written; the file that was there is left as it was.
        """
        check_is_fitted(self)
        learned = {name: getattr(self, name) for name in _LEARNED if hasattr(self, name)}
        learned = {name: np.asarray(value).tolist() for name, value in learned.items()}
        archive.write(path, self, learned, {_FITTED: self.scorer_})

    @classmethod
    def from_archive(cls, contents: archive.Contents) -> Self:
        """Make a detector of what `save` wrote."""
        detector = cls(**contents.arguments)
        for name, value in contents.learned.items():
            setattr(detector, name, np.array(value, dtype=object) if isinstance(value, list) else value)
        return detector.with_scorer(keras.saving.load_model(contents.part(_FITTED)))

    def _fitted_rows(self, x: object) -> np.ndarray:
        check_is_fitted(self)
        return self._rows(x, reset=False)

    def _rows(self, x: object, reset: bool) -> np.ndarray:
        """Return float32 rows, checked as scikit-learn does."""
        shape = self._row_shape()
        table = shape is None or len(shape) == 1
        missing = self.model is None or self.model.likelihood.support.missing
        x = validate_data(
            self,
            x,
            reset=reset,
            dtype="numeric",
            ensure_2d=table,
            allow_nd=not table,
            ensure_all_finite="allow-nan" if missing else True,
            ensure_min_samples=2 if reset else 1,
        )
        with np.errstate(over="ignore"):
            rows = np.asarray(x, "float32")
        if shape is not None and rows.shape[1:] != shape:
            raise InvalidInput("X", f"shape (rows, {', '.join(map(str, shape))})", rows.shape)
        _check_rows(rows)
        return rows

    def _row_shape(self) -> tuple[int, ...] | None:
        return None if self.model is None else self.model.event_shape

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = self.model is None or self.model.likelihood.support.missing
        return tags


def _refuse_to_train(model: LatentModel, x: np.ndarray) -> None:
    raise InvalidInput("epochs", "at least 1, as the score trains models of its own", 0)


def _split(count: int, share: float, seed: int) -> np.ndarray:
    """Return which of `count` rows are held out, bool."""
    kept = np.zeros(count, bool)
    if share:
        chosen = round(share * count)
        if not 0 < chosen < count:
            raise InvalidInput("X", f"enough rows to hold out a share of {share:g}", f"{count} rows")
        kept[np.random.default_rng(seed).permutation(count)[:chosen]] = True
    return kept


def _check_rows(rows: np.ndarray) -> None:
    """Refuse rows of which nothing is known, and numbers beyond float32."""
    flat = rows.reshape(len(rows), -1)
    infinite = np.isinf(flat).any(axis=1)
    if infinite.any():
        raise InvalidInput("X", "numbers within float32's range", f"larger ones in row {infinite.argmax()}")
    empty = np.isnan(flat).all(axis=1)
    if empty.any():
        raise InvalidInput(
            "X", "at least one value observed in each row", f"NaN alone in row {empty.argmax()}"
        )


def _warn_of_constants(rows: np.ndarray) -> None:
    """Name the first column of a table that has one value in all rows, and say what follows."""
    if rows.ndim != 2:
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # of columns that are NaN throughout
        constant = np.flatnonzero(np.nanmin(rows, axis=0) == np.nanmax(rows, axis=0))
    if len(constant):
        more = f", and {len(constant) - 1} more columns have" if len(constant) > 1 else ""
        value = rows[~np.isnan(rows[:, constant[0]]), constant[0]][0]
        warnings.warn(
            f"column {constant[0]}: one value in all rows, {value:g}{more}; how far another value is from it "
            "cannot be learned",
            stacklevel=3,
        )
