"""The detector of unusual rows: of tables, windows or images."""

from __future__ import annotations

import copy
from collections.abc import Callable
from numbers import Real
from typing import Any, ClassVar, Self, final

import keras
import numpy as np
from sklearn.utils import Tags
from sklearn.utils._param_validation import Interval
from sklearn.utils.validation import check_is_fitted, validate_data

from tfvae.anomaly.calibration.base import Calibration, Drift
from tfvae.anomaly.calibration.held_out import held_out_mask
from tfvae.anomaly.detectors import archive, row_checks, table_defaults
from tfvae.anomaly.detectors.base import Detector
from tfvae.anomaly.detectors.scorer import Scorer
from tfvae.anomaly.detectors.training import ModelFitter, reproducible
from tfvae.anomaly.model_copies import copy_model
from tfvae.anomaly.scores.base import Score
from tfvae.anomaly.scores.by_name import as_score, score_for
from tfvae.anomaly.scores.extreme_values import learn_usual_values
from tfvae.core.errors import InvalidInput
from tfvae.core.inputs import to_array
from tfvae.core.types import ArrayLike, Shape
from tfvae.models import LatentModel
from tfvae.objectives import Trimmed

_FITTED = "fitted.keras"
_LEARNED: dict[str, Callable] = {  # of tables only, and how they are read
    "n_features_in_": int,
    "feature_names_in_": lambda names: np.array([str(name) for name in names], dtype=object),
}


@final
class VAEDetector(Detector):
    """Detects unusual rows with a variational autoencoder: calibrated scores, p-values, contributions.

    It follows scikit-learn's API: `score_samples` and `decision_function` are high for normal rows, and
    `predict` is 1 for normal rows and -1 for anomalies. `anomaly_scores` has the opposite sign, in nats if
    the score is a density. As `score` is an argument, there is no method of that name, and a grid search
    needs `scoring`.

    After `fit` nothing is random. On processors of one kind, with the same TensorFlow and the same setting of
    oneDNN (TF_ENABLE_ONEDNN_OPTS), a row's score has the same bits in any batch and process, and from a
    SavedModel. `fit` gives the same bits if the number of threads is the same, too.

    Args:
        model: the model to train, from the weights that it has; it is not changed itself. None means a VAE
            for a table of numbers, with its preprocessing (`tfvae.anomaly.detectors.table_defaults`).
        score: a score of `tfvae.anomaly`, or its name. None means `LogLikelihood` if a model is given
            (`NegativeELBO` or `Reconstruction` for one without it, `tfvae.anomaly.scores.by_name.score_for`),
            and otherwise the default score of tables.
        contamination: share of anomalies in the training data, in (0, 0.5], from which the threshold follows
            if `calibration` is None.
        calibration: how scores become p-values and decisions; None means `Contamination(contamination)`.
        preprocessing: layer from raw features to the model's x. None means no layer, or for `model=None` the
            standardization of columns.
        trim: share of each mini-batch, the least probable examples, that is left out of the loss; for
            training data that contain anomalies. None means 0, or for `model=None` a tenth.
        epochs: passes over the training data. 0 leaves a trained model unchanged; None means a number that
            suits the number of rows.
        batch_size: rows of a training step.
        learning_rate: of Adam.
        seed: seed of all random numbers in `fit`.
        verbose: as in Keras's `fit`.

    Attributes:
        scorer_: model, score and calibration from `fit`, as one Keras model.
        offset_: `decision_function` is `score_samples` - `offset_`.
        n_features_in_: number of columns of the training data.

    Example:
        >>> x = np.random.default_rng(0).normal(size=(200, 3))
        >>> detector = VAEDetector(contamination=0.05, epochs=2).fit(x)
        >>> detector.predict([[0.0, 0.0, 0.0], [0.0, 9.0, 0.0]])
        array([ 1, -1])
        >>> int(detector.explain([[0.0, 9.0, 0.0]]).argmax())
        1
    """

    _parameter_constraints: ClassVar[dict] = {
        **Detector._parameter_constraints,
        "preprocessing": [keras.Layer, None],
        "trim": [Interval(Real, 0, 1, closed="left"), None],
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
        super().__init__(
            model, score, contamination, calibration, epochs, batch_size, learning_rate, seed, verbose
        )
        self.preprocessing = preprocessing
        self.trim = trim

    def fit(self, X: ArrayLike, y: None = None) -> Self:  # noqa: N803
        """Train on rows that are normal, or mostly so, and calibrate; return the detector.

        Args:
            X: rows [N, *event], NaN, masked or NA where missing.
            y: not used.

        Raises:
            InvalidInput: names what cannot be used.
        """
        self._validate_params()
        raw = self._rows(X, reset=True)
        return self._fit(raw, held_out_mask(len(raw), self._new_calibration().held_out, self.seed))

    def fit_without(self, held_out: np.ndarray, X: ArrayLike) -> Self:  # noqa: N803
        """Fit as `fit` does, but with a choice of the rows to hold out for the calibration.

        For features that were fitted themselves: the rows that they were not fitted to.

        Args:
            held_out: which rows to hold out, some but not all, bool [N].
            X: rows [N, *event], NaN, masked or NA where missing.

        Raises:
            InvalidInput: names what cannot be used.
        """
        self._validate_params()
        raw = self._rows(X, reset=True)
        return self._fit(raw, row_checks.held_out_rows(held_out, len(raw)))

    def _fit(self, raw: np.ndarray, held_out: np.ndarray) -> Self:
        row_checks.warn_of_constant_columns(raw)
        with reproducible(self.seed):
            calibration = self._new_calibration()
            preprocessing = self._preprocessing(raw[~held_out])
            x = raw if preprocessing is None else np.asarray(preprocessing(raw), "float32")
            model = self._initial_model(x)
            model.checked(x)
            training = x[~held_out]  # all that is learned before the calibration is learned from these
            train = self._model_fitter(len(training))
            train(model, training)
            score = self._new_score(model)
            score.check(model)
            score.prepare(model)
            score.learn(model, training, train if train.epochs else _reject_training)
            learn_usual_values(score, training)
            scorer = Scorer(model, score, calibration, preprocessing)
            rows = raw[held_out] if held_out.any() else raw
            calibration.learn(scorer.assess_arrays({"x": rows})["score"])
        return self.with_scorer(Scorer(model, score, calibration, preprocessing))

    def recalibrate(self, X: ArrayLike, y: ArrayLike | None = None) -> Drift:  # noqa: N803
        """Calibrate again on new normal rows, without training; return how far their scores have moved.

        Args:
            X: rows [N, *event] that are normal, or contain as many anomalies as the calibration expects.
            y: 1 for normal rows and -1 for anomalies, which are left out, [N]; None means all are normal.

        Raises:
            InvalidInput: for other labels, and if no row is normal.
        """
        rows = self._fitted_rows(X)
        rows = rows if y is None else row_checks.normal_rows(rows, y)
        return self.calibrated_by(self.scorer_.assess_arrays({"x": rows})["score"])

    def calibrated_by(self, scores: np.ndarray) -> Drift:
        """Calibrate again by scores of new normal rows; return how far they have moved.

        Args:
            scores: [n].

        Raises:
            InvalidInput: for scores that the calibration cannot use; the detector is then unchanged.
        """
        scorer, calibration = self.scorer_, self._new_calibration()
        calibration.learn(scores)
        drift = scorer.calibration.drift(scores)
        self.with_scorer(Scorer(scorer.model, scorer.score, calibration, scorer.preprocessing, scorer.block))
        return drift

    def with_scorer(self, scorer: Scorer) -> Self:
        """Take the scorer of another `fit` or of a file; return the detector.

        Args:
            scorer: with a calibration that has learned.
        """
        self.scorer_ = scorer
        self.offset_ = -float(scorer.calibration.threshold)
        return self

    def decision_function(self, X: ArrayLike) -> np.ndarray:  # noqa: N803
        """Return threshold minus anomaly score, below 0 for anomalies and -inf at worst, float64 [N].

        Args:
            X: rows [N, *event].
        """
        return self.score_samples(X) - self.offset_

    def predict(self, X: ArrayLike) -> np.ndarray:  # noqa: N803
        """Return 1 for normal rows and -1 for anomalies, [N].

        Args:
            X: rows [N, *event].
        """
        return np.where(self.decision_function(X) >= 0, 1, -1)

    def anomaly_scores(self, X: ArrayLike) -> np.ndarray:  # noqa: N803
        """Return the score of each row, high for anomalies, [N]; in nats if it is a density.

        Args:
            X: rows [N, *event].
        """
        return self.assess(X)["score"]

    def p_values(self, X: ArrayLike) -> np.ndarray:  # noqa: N803
        """Return for each row the share of normal data that is at least as unusual, [N].

        Args:
            X: rows [N, *event].
        """
        return self.assess(X)["p_value"]

    def assess(self, X: ArrayLike) -> dict[str, np.ndarray]:  # noqa: N803
        """Return `score`, its terms such as `standard_error`, `p_value` and `is_anomaly`, each [N].

        Args:
            X: rows [N, *event].
        """
        rows = self._fitted_rows(X)
        return self.scorer_.assess_arrays({"x": rows})

    def explain(self, X: ArrayLike) -> np.ndarray:  # noqa: N803
        """Return the contribution of each element, [N, *event]; a row's contributions add up to its score.

        Args:
            X: rows [N, *event].
        """
        rows = self._fitted_rows(X)
        return self.scorer_.explain_arrays({"x": rows})["attribution"]

    @classmethod
    def from_archive(cls, contents: archive.Contents) -> Self:
        """Return the detector that `save` wrote."""
        detector = cls(**contents.arguments)
        detector._validate_params()
        for name, value in contents.learned.items():
            if name not in _LEARNED:
                raise InvalidInput("learned", f"some of {', '.join(_LEARNED)}", repr(name))
            setattr(detector, name, _LEARNED[name](value))
        scorer = contents.load(_FITTED)
        if not isinstance(scorer, Scorer):
            raise InvalidInput(_FITTED, "a Scorer", type(scorer).__name__)
        return detector.with_scorer(scorer)

    def _learned(self) -> tuple[dict[str, Any], dict[str, archive.Savable]]:
        values = {name: getattr(self, name) for name in _LEARNED if hasattr(self, name)}
        return {name: np.asarray(value).tolist() for name, value in values.items()}, {_FITTED: self.scorer_}

    def _preprocessing(self, raw: np.ndarray) -> keras.Layer | None:
        use_default = self.model is None and self.preprocessing is None
        return table_defaults.preprocessing(raw) if use_default else self.preprocessing

    def _initial_model(self, x: np.ndarray) -> LatentModel:
        if self.model is None:
            return table_defaults.model(x.shape[1:], table_defaults.TRIM if self.trim is None else self.trim)
        return copy_model(self.model, Trimmed(self.model.objective, self.trim) if self.trim else None)

    def _model_fitter(self, rows: int) -> ModelFitter:
        epochs = table_defaults.epochs(rows, self.batch_size) if self.epochs is None else self.epochs
        return ModelFitter(epochs, self.batch_size, self.learning_rate, int(self.verbose))

    def _new_score(self, model: LatentModel) -> Score:
        if self.score is not None:
            return copy.deepcopy(as_score(self.score))
        return table_defaults.score() if self.model is None else score_for(model)

    def _fitted_rows(self, x: ArrayLike) -> np.ndarray:
        check_is_fitted(self)
        return self._rows(x, reset=False)

    def _rows(self, x: Any, reset: bool) -> np.ndarray:
        """Return float32 rows, with scikit-learn's checks and our own."""
        shape = self._event_shape()
        is_table = shape is None or len(shape) == 1
        x = to_array("X", x) if isinstance(x, np.ma.MaskedArray) else x
        x = validate_data(
            self,
            x,
            reset=reset,
            dtype="numeric",
            ensure_2d=is_table,
            allow_nd=not is_table,
            ensure_all_finite="allow-nan" if self._takes_missing() else True,
            ensure_min_samples=2 if reset else 1,
        )
        with np.errstate(over="ignore"):
            rows = np.asarray(x, "float32")
        if shape is not None and rows.shape[1:] != shape:
            raise InvalidInput("X", f"shape (rows, {', '.join(map(str, shape))})", rows.shape)
        row_checks.check_values(rows)
        return rows

    def _event_shape(self) -> Shape | None:
        return None if self.model is None else self.model.event_shape

    def _takes_missing(self) -> bool:
        return self.model is None or self.model.likelihood.support.missing

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = self._takes_missing()
        return tags


def _reject_training(model: LatentModel, x: np.ndarray) -> None:
    raise InvalidInput("epochs", "at least 1, as the score trains models of its own", 0)
