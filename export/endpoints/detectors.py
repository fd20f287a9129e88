"""The endpoints of a fitted anomaly detector."""

from __future__ import annotations

import dataclasses

import keras
import numpy as np
import tensorflow as tf
from sklearn.utils.validation import check_is_fitted

from tfvae.anomaly import Scorer, VAEDetector
from tfvae.core.errors import InvalidInput
from tfvae.core.types import Tensors
from tfvae.export.endpoints.base import (
    Endpoint,
    device_endpoints,
    endpoints,
    example_inputs,
    layers,
    threshold_of,
    trained_layers,
)
from tfvae.export.endpoints.input_checks import require, require_supported
from tfvae.export.endpoints.raw_inputs import examples_of, raw_specs

_SEED = 0


@endpoints.register
def detector_endpoints(
    subject: VAEDetector, preprocessing: keras.Layer | None, num_samples: int
) -> list[Endpoint]:
    """Return the endpoint of a fitted detector.

    score(raw features): `score`, high for anomalies, in nats if it is a density; `p_value`; `is_anomaly`,
        Boolean; `attribution` [B, *event], the contribution of each element to the score, which is their sum.
        There is no attribution if the elements of x depend on each other given z.

    The detector's preprocessing, draws and calibration are included: a row has the same bits as in Python.

    Args:
        subject: the detector.
        preprocessing: must be None, as the detector has its own.
        num_samples: no effect, as the score has its own draws.

    Raises:
        InvalidInput: for a preprocessing layer.
    """
    scorer = _scorer(subject, preprocessing)
    specs = raw_specs(scorer.preprocessing, scorer.model.event_shape)
    names = ("score", "p_value", "is_anomaly")

    def score(inputs: Tensors) -> Tensors:
        x = scorer.x(inputs)
        require_supported({"x": x}, scorer.model.accepts, titles)
        observed = tf.reduce_any(~tf.math.is_nan(x), axis=list(range(1, x.shape.rank)))
        require(tf.reduce_all(observed), f"{titles['x']}: expected a value in each row, received NaN alone")
        found = scorer.explained(inputs) if explains else scorer.assessed(inputs)
        return {name: found[name] for name in (*names, *(["attribution"] if explains else []))}

    explains = _explains(scorer)
    titles = {"x": "x" if "x" in specs else f"x, computed from {', '.join(specs)}"}
    units = {"p_value": "probability"}
    units |= dict.fromkeys(("score", "attribution"), "nats") if scorer.score.in_nats else {}
    return [Endpoint("score", specs, score, units)]


@device_endpoints.register
def detector_device_endpoints(
    subject: VAEDetector, preprocessing: keras.Layer | None, num_samples: int
) -> list[Endpoint]:
    """Return the endpoint of a fitted detector on a device: `score` and `is_anomaly`.

    The numbers are the server's up to float rounding. A p-value would need the calibration scores in the
    file, and the attributions of some scores need gradients, which LiteRT does not have.

    Args:
        subject: the detector.
        preprocessing: must be None, as the detector has its own.
        num_samples: no effect, as the score has its own draws.

    Raises:
        InvalidInput: for a preprocessing layer.
    """
    scorer = _scorer(subject, preprocessing)
    (served,) = detector_endpoints(subject, preprocessing, num_samples)
    threshold = threshold_of(subject)

    def score(inputs: Tensors) -> Tensors:
        found = scorer.at_once(inputs)["score"]
        return {"score": found, "is_anomaly": found > threshold}

    return [dataclasses.replace(served, function=score)]


@threshold_of.register
def detector_threshold(subject: VAEDetector) -> float:
    """Return the fitted threshold.

    Args:
        subject: the detector.
    """
    return float(np.asarray(subject.scorer_.calibration.threshold))


@example_inputs.register
def detector_example_inputs(
    subject: VAEDetector, preprocessing: keras.Layer | None, count: int = 5
) -> Tensors:
    """Return raw features to try an export with, drawn from the detector's model.

    Args:
        subject: the detector.
        preprocessing: must be None, as the detector has its own.
        count: number of examples.
    """
    scorer = _scorer(subject, preprocessing)
    x = example_inputs(scorer.model, None, count)["x"]
    specs = raw_specs(scorer.preprocessing, scorer.model.event_shape)
    return examples_of(scorer.preprocessing, x, list(specs))


@layers.register
def detector_layers(subject: VAEDetector) -> list[keras.Layer]:
    """Return the scorer, which holds all weights and tables.

    Args:
        subject: the detector.
    """
    return [subject.scorer_]


@trained_layers.register
def detector_trained_layers(subject: VAEDetector) -> list[keras.Layer]:
    """Return the detector's model; its calibration may hold infinite scores.

    Args:
        subject: the detector.
    """
    return [subject.scorer_.model]


def _scorer(subject: VAEDetector, preprocessing: keras.Layer | None) -> Scorer:
    if preprocessing is not None:
        raise InvalidInput("preprocessing", "None, as a detector has its own", type(preprocessing).__name__)
    check_is_fitted(subject)
    return subject.scorer_


def _explains(scorer: Scorer) -> bool:
    """Return whether the score is a sum over the elements of x."""
    x = np.zeros((1, *scorer.model.event_shape), "float32")
    try:
        scorer.score.explained(scorer.model, scorer.model.tensors(tf.constant(x)))
    except InvalidInput:
        return False
    return True
