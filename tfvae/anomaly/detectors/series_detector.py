"""The detector of unusual points in series: scores of points from overlapping windows."""

from __future__ import annotations

from collections.abc import Mapping
from numbers import Integral
from typing import Any, ClassVar, Self, final

import numpy as np
import tensorflow as tf
from sklearn.utils._param_validation import Interval
from sklearn.utils.validation import check_is_fitted

from tfvae.anomaly.calibration.base import Calibration, Drift
from tfvae.anomaly.detectors import archive, series_defaults
from tfvae.anomaly.detectors.base import Detector
from tfvae.anomaly.detectors.layer_containers import Calibrations
from tfvae.anomaly.detectors.series_checks import ONLY_ENTITY, one_series, series_by_entity
from tfvae.anomaly.detectors.training import reproducible
from tfvae.anomaly.detectors.vae_detector import VAEDetector
from tfvae.anomaly.scores.base import Score
from tfvae.core.errors import InvalidInput
from tfvae.core.types import ArrayLike
from tfvae.data.windows import to_points, windows
from tfvae.models import LatentModel

_WINDOWS, _CALIBRATIONS = "windows.detector", "calibrations.keras"


@final
class SeriesDetector(Detector):
    """Detects unusual points in series of one or more channels with a variational autoencoder of windows.

    score_t = sum over channels c of a_tc,  a_tc = mean over the windows that contain t of the contribution
    of channel c at t to the window's score

    A window's contributions add up to its score, in nats if that is a density; a point's contributions add up
    to the point's score. One model is trained on the windows of all entities; each entity has a threshold of
    its own.

    Args:
        window: number of points of a window.
        model: of windows [window, channels]. None means a perceptron that predicts a scale for each element
            (`tfvae.anomaly.detectors.series_defaults`).
        score: the score of a window, one of `tfvae.anomaly` or its name; None means the negative ELBO with
            4 draws.
        contamination: share of anomalous points in the training series, in (0, 0.5], from which the threshold
            follows if `calibration` is None.
        calibration: how scores of points become p-values and decisions; None means
            `Contamination(contamination)`. What it holds out is the end of each series. Successive points are
            not independent, so its guarantees hold only if the end is like what comes after.
        stride: number of points between two windows in training.
        score_stride: number of points between two windows in scoring; None means a quarter of a window.
        epochs: passes over the training windows; None means a number that suits the number of windows.
        batch_size: windows of a training step.
        learning_rate: of Adam.
        seed: seed of all random numbers in `fit`.
        verbose: as in Keras's `fit`.

    Attributes:
        detector_: the `VAEDetector` of the windows.
        calibrations_: each entity's calibration by its name.
        n_features_in_: number of channels.

    Example:
        >>> time = np.arange(600)
        >>> x = np.stack([np.sin(time / 5), np.cos(time / 5)], axis=1)
        >>> detector = SeriesDetector(window=16, epochs=3).fit(x)
        >>> x[300, 0] = 5.0
        >>> int(detector.anomaly_scores(x).argmax()), int(detector.explain(x)[300].argmax())
        (300, 0)
    """

    _parameter_constraints: ClassVar[dict] = {
        **Detector._parameter_constraints,
        "window": [Interval(Integral, 1, None, closed="left")],
        "stride": [Interval(Integral, 1, None, closed="left")],
        "score_stride": [Interval(Integral, 1, None, closed="left"), None],
    }

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
        super().__init__(
            model, score, contamination, calibration, epochs, batch_size, learning_rate, seed, verbose
        )
        self.window = window
        self.stride = stride
        self.score_stride = score_stride

    def fit(self, X: ArrayLike | Mapping[str, ArrayLike], y: None = None) -> Self:  # noqa: N803
        """Train on series that are normal, or mostly so, and calibrate each entity; return the detector.

        Args:
            X: one series [T] or [T, channels], or several by the names of their entities; NaN where missing.
            y: not used.

        Raises:
            InvalidInput: names the series that cannot be used, and the reason.
        """
        self._validate_params()
        held_out = self._new_calibration().held_out
        series = series_by_entity(X)
        channels = {name: values.shape[1] for name, values in series.items()}
        if len(set(channels.values())) != 1:
            raise InvalidInput("X", "series with the same number of channels", channels)
        self.n_features_in_ = next(iter(channels.values()))
        kept = {name: round(held_out * len(values)) for name, values in series.items()}
        training = {name: values[: len(values) - kept[name]] for name, values in series.items()}
        shape = (self.window, self.n_features_in_)
        with reproducible(self.seed):
            model = series_defaults.model(shape) if self.model is None else self.model
        self.detector_ = VAEDetector(
            model,
            series_defaults.score() if self.score is None else self.score,
            preprocessing=series_defaults.preprocessing(np.concatenate(list(training.values()))),
            epochs=self.epochs,
            batch_size=self.batch_size,
            learning_rate=self.learning_rate,
            seed=self.seed,
            verbose=self.verbose,
        ).fit(np.concatenate([self._windows(name, values, self.stride) for name, values in training.items()]))
        self.calibrations_ = {
            name: self._calibrated(self._held_out_scores(values, kept[name]))
            for name, values in series.items()
        }
        return self

    def recalibrate(self, X: ArrayLike | Mapping[str, ArrayLike]) -> dict[str, Drift]:  # noqa: N803
        """Calibrate again by the scores of new normal series, without training; all entities, or none.

        Args:
            X: as in `fit`; an entity that was not in `fit` is added.

        Returns:
            How far the scores of each entity that was in `fit` have moved.

        Raises:
            InvalidInput: names the series that cannot be used; the detector is then unchanged.
        """
        check_is_fitted(self)
        scores = {name: self._scores(values) for name, values in series_by_entity(X).items()}
        known = {name: own for name, own in scores.items() if name in self.calibrations_}
        drifts = {name: self.calibrations_[name].drift(own) for name, own in known.items()}
        new = {name: self._calibrated(own) for name, own in scores.items()}
        self.calibrations_ = {**self.calibrations_, **new}
        return drifts

    def explain(self, X: ArrayLike) -> np.ndarray:  # noqa: N803
        """Return the contribution of each channel to each point's score, [T, channels].

        Args:
            X: one series, [T] or [T, channels].
        """
        check_is_fitted(self)
        return self._contributions(one_series(X))

    def anomaly_scores(self, X: ArrayLike) -> np.ndarray:  # noqa: N803
        """Return the score of each point, high for anomalies, [T].

        Args:
            X: one series, [T] or [T, channels].
        """
        check_is_fitted(self)
        return self._scores(one_series(X))

    def assess(self, X: ArrayLike, entity: str | None = None) -> dict[str, np.ndarray]:  # noqa: N803
        """Return `score`, `p_value` and `is_anomaly` of each point, each [T].

        Args:
            X: one series, [T] or [T, channels].
            entity: name of the entity whose calibration is used; may be None if there is only one.

        Raises:
            InvalidInput: for an unknown entity.
        """
        scores = self.anomaly_scores(X).astype(np.float32)
        decisions = self._calibration(entity).decide(tf.convert_to_tensor(scores))
        return {"score": scores, **{name: np.asarray(value) for name, value in decisions.items()}}

    def predict(self, X: ArrayLike, entity: str | None = None) -> np.ndarray:  # noqa: N803
        """Return 1 for normal points and -1 for anomalies, [T].

        Args:
            X: one series, [T] or [T, channels].
            entity: as in `assess`.
        """
        return np.where(self.assess(X, entity)["is_anomaly"], -1, 1)

    @classmethod
    def from_archive(cls, contents: archive.Contents) -> Self:
        """Return the detector that `save` wrote."""
        detector = cls(**contents.arguments)
        detector._validate_params()
        with contents.nested(_WINDOWS) as window_contents:
            detector.detector_ = VAEDetector.from_archive(window_contents)
        calibrations = contents.load(_CALIBRATIONS).calibrations
        detector.n_features_in_ = int(contents.learned["channels"])
        detector.calibrations_ = dict(zip(contents.learned["entities"], calibrations, strict=True))
        return detector

    def _learned(self) -> tuple[dict[str, Any], dict[str, archive.Savable]]:
        values = {"channels": self.n_features_in_, "entities": list(self.calibrations_)}
        calibrations = Calibrations(tuple(self.calibrations_.values()))
        return values, {_WINDOWS: self.detector_, _CALIBRATIONS: calibrations}

    def _calibrated(self, scores: np.ndarray) -> Calibration:
        calibration = self._new_calibration()
        calibration.learn(scores)
        return calibration

    def _calibration(self, entity: str | None) -> Calibration:
        known = sorted(self.calibrations_)
        if entity is None and len(known) == 1:
            return self.calibrations_[known[0]]
        if entity is None or entity not in self.calibrations_:
            raise InvalidInput("entity", f"one of {known}", repr(entity))
        return self.calibrations_[entity]

    def _held_out_scores(self, values: np.ndarray, kept: int) -> np.ndarray:
        """Return the scores of the last `kept` points, or of all if none are held out.

        Their windows hold no point of the training part, unless it takes some to fill one window.
        """
        last = max(kept, self.window) if kept else len(values)
        return self._scores(values[-last:])[-kept:]  # [-0:] is all

    def _scores(self, values: np.ndarray) -> np.ndarray:
        return self._contributions(values).sum(axis=1)

    def _contributions(self, values: np.ndarray) -> np.ndarray:
        if values.shape[1] != self.n_features_in_:
            raise InvalidInput("X", f"{self.n_features_in_} channels, as in fit", values.shape[1])
        stride = max(1, self.window // 4) if self.score_stride is None else self.score_stride
        parts = self.detector_.explain(self._windows(ONLY_ENTITY, values, stride))
        return to_points(parts, len(values), stride)

    def _windows(self, name: str, values: np.ndarray, stride: int) -> np.ndarray:
        try:
            return np.ascontiguousarray(windows(values, self.window, stride), np.float32)
        except InvalidInput as problem:
            raise InvalidInput(f"X, {name}", "a series to take windows of", problem) from None
