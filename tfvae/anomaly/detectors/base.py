"""The abstract detector: arguments, calibration and files that all detectors share."""

from __future__ import annotations

import abc
import os
from numbers import Integral, Real
from typing import Any, ClassVar, Self

import numpy as np
from sklearn.base import BaseEstimator, OutlierMixin
from sklearn.utils._param_validation import Interval
from sklearn.utils.validation import check_is_fitted

from tfvae.anomaly.calibration.base import Calibration
from tfvae.anomaly.calibration.contamination import Contamination
from tfvae.anomaly.detectors import archive
from tfvae.anomaly.scores.base import Score
from tfvae.models import LatentModel


class Detector(OutlierMixin, BaseEstimator, abc.ABC):
    """A scikit-learn estimator that trains a model, scores with it and calibrates the scores; abstract.

    Args:
        model: the model to train.
        score: a score or its name.
        contamination: share of anomalies in the training data, without a `calibration`.
        calibration: how scores become p-values and decisions.
        epochs: passes over the training data.
        batch_size: examples of a training step.
        learning_rate: of Adam.
        seed: seed of all random numbers in `fit`.
        verbose: as in Keras's `fit`.
    """

    _parameter_constraints: ClassVar[dict] = {
        "model": [LatentModel, None],
        "score": [Score, str, None],
        "contamination": [Interval(Real, 0, 0.5, closed="right")],
        "calibration": [Calibration, None],
        "epochs": [Interval(Integral, 0, None, closed="left"), None],
        "batch_size": [Interval(Integral, 1, None, closed="left")],
        "learning_rate": [Interval(Real, 0, None, closed="neither")],
        "seed": [Interval(Integral, 0, None, closed="left")],
        "verbose": ["verbose"],
    }

    def __init__(
        self,
        model: LatentModel | None,
        score: Score | str | None,
        contamination: float,
        calibration: Calibration | None,
        epochs: int | None,
        batch_size: int,
        learning_rate: float,
        seed: int,
        verbose: int,
    ):
        self.model = model
        self.score = score
        self.contamination = contamination
        self.calibration = calibration
        self.epochs = epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.seed = seed
        self.verbose = verbose

    @abc.abstractmethod
    def fit(self, X: Any, y: None = None) -> Self:  # noqa: N803
        """Train the model and calibrate its scores; return the detector.

        Args:
            X: training data, normal or mostly so.
            y: not used.
        """

    @abc.abstractmethod
    def anomaly_scores(self, X: Any) -> np.ndarray:  # noqa: N803
        """Return the scores, high for anomalies, [N].

        Args:
            X: data as in `fit`.
        """

    @abc.abstractmethod
    def assess(self, X: Any) -> dict[str, np.ndarray]:  # noqa: N803
        """Return `score`, `p_value` and `is_anomaly`, each [N].

        Args:
            X: data as in `fit`.
        """

    @abc.abstractmethod
    def explain(self, X: Any) -> np.ndarray:  # noqa: N803
        """Return the contribution of each element to the scores; contributions add up to the score.

        Args:
            X: data as in `fit`.
        """

    def score_samples(self, X: Any) -> np.ndarray:  # noqa: N803
        """Return minus the anomaly scores, high for normal data, float64 [N].

        Args:
            X: data as in `fit`.
        """
        return -self.anomaly_scores(X).astype("float64")

    def save(self, path: str | os.PathLike) -> None:
        """Write one file, which `tfvae.anomaly.load` reads; an existing file is replaced at the end.

        Args:
            path: a name that ends in `.detector`.

        Raises:
            InvalidInput: for a name with another ending.
            OSError: if the file cannot be written; an existing file is then unchanged.
        """
        check_is_fitted(self)
        learned, parts = self._learned()
        archive.write(path, self, learned, parts)

    @classmethod
    @abc.abstractmethod
    def from_archive(cls, contents: archive.Contents) -> Self:
        """Return the detector that `save` wrote.

        Args:
            contents: the open archive.
        """

    @abc.abstractmethod
    def _learned(self) -> tuple[dict[str, Any], dict[str, archive.Savable]]:
        """What `fit` learned: plain values by name, and what saves itself, by the name of its file."""

    def _new_calibration(self) -> Calibration:
        """Return a calibration that has not learned yet."""
        if self.calibration is None:
            return Contamination(self.contamination)
        return type(self.calibration).from_config(self.calibration.get_config())
