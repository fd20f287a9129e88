"""Keras models without a `call` that hold layers, so that one file can save them with their weights."""

from __future__ import annotations

from collections.abc import Sequence
from typing import final

import keras

from tfvae.anomaly.calibration.base import Calibration
from tfvae.core.part import Configured
from tfvae.core.types import DType


@final
class DetectorArguments(Configured, keras.Model):
    """Those arguments of a detector that are layers.

    Args:
        model: the model to train; None if the detector was given none, and so for the others.
        score: the score.
        calibration: the calibration.
        preprocessing: the layer from raw features to x.
    """

    def __init__(
        self,
        model: keras.Layer | None = None,
        score: keras.Layer | None = None,
        calibration: keras.Layer | None = None,
        preprocessing: keras.Layer | None = None,
        *,
        name: str | None = None,
        dtype: DType = None,
    ):
        super().__init__(name=name, dtype=dtype)
        self.model, self.score = model, score
        self.calibration, self.preprocessing = calibration, preprocessing
        self.built = True


@final
class Calibrations(Configured, keras.Model):
    """The calibrations of several entities, in order.

    Args:
        calibrations: one for each entity.
    """

    def __init__(self, calibrations: Sequence[Calibration], *, name: str | None = None, dtype: DType = None):
        super().__init__(name=name, dtype=dtype)
        self.calibrations = tuple(calibrations)
        self.built = True
