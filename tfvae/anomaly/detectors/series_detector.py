"""The detector for series: scores of single points, from windows that overlap."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Self

import keras
import numpy as np
import tensorflow as tf
from sklearn.base import BaseEstimator, OutlierMixin
from sklearn.utils.validation import check_is_fitted

from tfvae.anomaly.calibration.base import Calibration, Drift
from tfvae.anomaly.calibration.thresholds import Contamination
from tfvae.anomaly.detectors import archive, series_defaults
from tfvae.anomaly.detectors.training import repeatable
from tfvae.anomaly.detectors.vae_detector import VAEDetector
from tfvae.anomaly.scores.base import Score
from tfvae.core.checks import integer
from tfvae.core.errors import InvalidInput
from tfvae.core.part import Configured
from tfvae.data.windows import to_points, windows
from tfvae.models import LatentModel

_WINDOWS, _CALIBRATIONS = "windows.detector", "calibrations.keras"
_ALONE = "series"  # the name of a series that comes without one


class Calibrations(Configured, keras.Model):
    """The calibrations of several entities, as one object that a file can hold."""

    def __init__(
        self, calibrations: tuple[Calibration, ...], *, name: str | None = None, dtype: object = None
    ):
        super().__init__(name=name, dtype=dtype)
        self.calibrations = tuple(calibrations)
        self.built = True


class SeriesDetector(OutlierMixin, BaseEstimator):
    """Finds unusual points in series of one or many channels by a variational autoencoder of their windows.

    score_t = sum over channels c of a_tc,   a_tc = mean over the windows that hold t of the contribution of
    channel c at t to the window's score

    The contributions of a window add up to its score, in nats where that is a density, and those of a point
    to the point's. One model sees the windows of all entities; the threshold is each entity's own.

    Args:
        window: points of a window.
        model: of windows [window, channels]; None is a perceptron with a scale from the network for each
            element (`tfvae.anomaly.detectors.series_defaults`).
        score: of a window, one of `tfvae.anomaly`'s or its name; None is the negative ELBO over
            4 draws.
        contamination: share of anomalous points in the training series, by which the threshold is chosen
            where no `calibration` is given.
        calibration: how scores of points become p-values and decisions; None is
            `Contamination(contamination)`. What it holds out is the end of each series. Points that follow
            each other are not independent: its guarantees hold as far as the end is like what comes after.
        stride: points between two windows in training.
        score_stride: points between two windows in scoring; None is a quarter of a window.
        epochs: passes over the training windows; None is a number that suits how many there are.
        batch_size: windows of a training step.
        learning_rate: of Adam.
        seed: start of all random numbers of `fit`.
        verbose: as in Keras's `fit`.

    Attributes:
        detector_: the `VAEDetector` of the windows.
        calibrations_: each entity's calibration, by its name.

    Example:
        >>> time = np.arange(600)
        >>> x = np.stack([np.sin(time / 5), np.cos(time / 5)], axis=1)
        >>> detector = SeriesDetector(window=16, epochs=3).fit(x)
        >>> x[300, 0] = 5.0
        >>> int(detector.anomaly_scores(x).argmax()), int(detector.explain(x)[300].argmax())
        (300, 0)
    """

    def __init__(
        self,
        window: int = 32,
        model: LatentModel | None = None,
        score: Score | str | None = None,
        contamination: float = 0.01,
        *,
        calibration: Calibration | None = None,
        stride: int = 1,
        score_stride: int | None = None,
        epochs: int | None = None,
        batch_size: int = 128,
        learning_rate: float = 1e-3,
        seed: int = 0,
        verbose: int = 0,
    ):
        self.window = window
        self.model = model
        self.score = score
        self.contamination = contamination
        self.calibration = calibration
        self.stride = stride
        self.score_stride = score_stride
        self.epochs = epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.seed = seed
        self.verbose = verbose

    def fit(self, X: object, y: None = None) -> Self:  # noqa: N803
        """Train on series that are normal, or mostly so, and calibrate each entity.

        Args:
            X: one series [T] or [T, channels], or several by the names of their entities.
            y: not used.

        Raises:
            InvalidInput: names the series that cannot be used, and why.
        """
        integer("window", self.window)
        held_out = self._new_calibration().held_out
        series = _by_entity(X)
        channels = {name: values.shape[1] for name, values in series.items()}
        if len(set(channels.values())) != 1:
            raise InvalidInput("X", "series with the same number of channels", channels)
        self.n_features_in_ = next(iter(channels.values()))
        kept = {name: round(held_out * len(values)) for name, values in series.items()}
        learned = {name: values[: len(values) - kept[name]] for name, values in series.items()}
        shape = (self.window, self.n_features_in_)
        with repeatable(self.seed):
            model = series_defaults.of_windows(shape) if self.model is None else self.model
        self.detector_ = VAEDetector(
            model,
            series_defaults.score() if self.score is None else self.score,
            preprocessing=series_defaults.preprocessing(np.concatenate(list(learned.values()))),
            epochs=self.epochs,
            batch_size=self.batch_size,
            learning_rate=self.learning_rate,
            seed=self.seed,
            verbose=self.verbose,
        ).fit(np.concatenate([self._windows(name, values, self.stride) for name, values in learned.items()]))
        # The last points, that were held out, or all where none were: [-0:] is all.
        self.calibrations_ = {
            name: self._calibrated(self._scores(values)[-kept[name] :]) for name, values in series.items()
        }
        return self

    def _new_calibration(self) -> Calibration:
        if self.calibration is None:
            return Contamination(self.contamination)
        return type(self.calibration).from_config(self.calibration.get_config())

    def _calibrated(self, scores: np.ndarray) -> Calibration:
        calibration = self._new_calibration()
        calibration.learn(scores)
        return calibration

    def recalibrate(self, X: object) -> dict[str, Drift]:  # noqa: N803
        """Choose thresholds anew by the scores of new normal series; the model is left as it is.

        Args:
            X: as in `fit`; an entity that was not there in `fit` is added.

        Returns:
            How far the scores of each entity that was there have moved.
        """
        check_is_fitted(self)
        scores = {name: self._scores(values) for name, values in _by_entity(X).items()}
        known = {name: own for name, own in scores.items() if name in self.calibrations_}
        drifts = {name: self.calibrations_[name].drift(own) for name, own in known.items()}
        new = {name: self._calibrated(own) for name, own in scores.items()}
        self.calibrations_ = {**self.calibrations_, **new}
        return drifts

    def explain(self, X: object) -> np.ndarray:  # noqa: N803
        """Return what each channel contributes to each point's score, [T, channels], for one series."""
        check_is_fitted(self)
        return self._contributions(_one(X))

    def anomaly_scores(self, X: object) -> np.ndarray:  # noqa: N803
        """Return the score of each point of one series, high for anomalies, [T]."""
        check_is_fitted(self)
        return self._scores(_one(X))

    def score_samples(self, X: object) -> np.ndarray:  # noqa: N803
        """Return minus the anomaly score of each point of one series, [T]."""
        return -self.anomaly_scores(X)

    def assess(self, X: object, entity: str | None = None) -> dict[str, np.ndarray]:  # noqa: N803
        """Return `score`, `p_value` and `is_anomaly` of each point of one series, each [T].

        Args:
            X: the series, [T] or [T, channels].
            entity: whose threshold holds; may be left out where there is one.
        """
        scores = self.anomaly_scores(X).astype(np.float32)
        decided = self._calibration(entity).decided(tf.convert_to_tensor(scores))
        return {"score": scores, **{name: np.asarray(value) for name, value in decided.items()}}

    def predict(self, X: object, entity: str | None = None) -> np.ndarray:  # noqa: N803
        """Return 1 for normal points and -1 for anomalies of one series, [T]."""
        return np.where(self.assess(X, entity)["is_anomaly"], -1, 1)

    def save(self, path: str | os.PathLike) -> None:
        """Write one file, whole or not at all, that `tfvae.anomaly.load` reads.

        Raises:
            InvalidInput: for a name that does not end in `.detector`.
            OSError: where it cannot be written; the file that was there is left as it was.
        """
        check_is_fitted(self)
        learned = {"channels": self.n_features_in_, "entities": list(self.calibrations_)}
        calibrations = Calibrations(tuple(self.calibrations_.values()))
        archive.write(path, self, learned, {_WINDOWS: self.detector_, _CALIBRATIONS: calibrations})

    @classmethod
    def from_archive(cls, contents: archive.Contents) -> Self:
        """Make a detector of what `save` wrote."""
        detector = cls(**contents.arguments)
        with archive.reading(contents.part(_WINDOWS)) as windows:
            detector.detector_ = VAEDetector.from_archive(windows)
        calibrations = keras.saving.load_model(contents.part(_CALIBRATIONS)).calibrations
        detector.n_features_in_ = contents.learned["channels"]
        detector.calibrations_ = dict(zip(contents.learned["entities"], calibrations, strict=True))
        return detector

    def _calibration(self, entity: str | None) -> Calibration:
        known = sorted(self.calibrations_)
        if entity is None and len(known) == 1:
            return self.calibrations_[known[0]]
        if entity not in self.calibrations_:
            raise InvalidInput("entity", f"one of {known}", repr(entity))
        return self.calibrations_[entity]

    def _scores(self, values: np.ndarray) -> np.ndarray:
        return self._contributions(values).sum(axis=1)

    def _contributions(self, values: np.ndarray) -> np.ndarray:
        if values.shape[1] != self.n_features_in_:
            raise InvalidInput("X", f"{self.n_features_in_} channels, as in fit", values.shape[1])
        stride = max(1, self.window // 4) if self.score_stride is None else self.score_stride
        made = self._windows(_ALONE, values, stride)
        return to_points(self.detector_.explain(made), len(values), stride)

    def _windows(self, name: str, values: np.ndarray, stride: int) -> np.ndarray:
        try:
            return np.ascontiguousarray(windows(values, self.window, stride), np.float32)
        except InvalidInput as problem:
            raise InvalidInput(f"X, {name}", "a series to take windows of", problem) from None


def _by_entity(x: object) -> dict[str, np.ndarray]:
    if not isinstance(x, Mapping):
        return {_ALONE: _one(x)}
    if not x:
        raise InvalidInput("X", "at least one series", "none")
    return {str(name): _one(values) for name, values in x.items()}


def _one(x: object) -> np.ndarray:
    values = np.asarray(x, np.float32)
    values = values[:, np.newaxis] if values.ndim == 1 else values
    if values.ndim != 2 or not values.size:
        raise InvalidInput("X", "a series [T] or [T, channels]", values.shape)
    if np.isinf(values).any():
        raise InvalidInput("X", "finite numbers, or NaN for missing", "infinite ones")
    return values
