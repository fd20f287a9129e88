"""The endpoints of a fitted anomaly detector."""

from __future__ import annotations

import dataclasses

import keras
import numpy as np
import tensorflow as tf
from sklearn.utils.validation import check_is_fitted

from tfvae.anomaly import Scorer, VAEDetector
from tfvae.core.errors import InvalidInput
from tfvae.export.endpoints.base import (
    Endpoint,
    Tensors,
    device_endpoints,
    endpoints,
    example_inputs,
    layers,
    threshold_of,
)
from tfvae.export.endpoints.input_checks import require, require_supported
from tfvae.export.endpoints.raw_inputs import examples_of, raw_specs

_SEED = 0


@endpoints.register
def detector_endpoints(
    subject: VAEDetector, preprocessing: keras.Layer | None, num_samples: int
) -> list[Endpoint]:
    """Return the endpoint of a fitted detector.

    score(raw features): `score`, high for anomalies, in nats where it is a density; `p_value`; `is_anomaly`,
        bool; `attribution` [B, *event], what each element contributes to the score, of which it is the sum.
        A model whose elements of x depend on each other has no attribution.

    The detector's own preprocessing, draws and calibration are inside: a row has the bits that it has in
    Python.

    Args:
        subject: the detector.
        preprocessing: None, as the detector has its own.
        num_samples: not used, as the score has its own draws.
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
    titles = {"x": "x" if "x" in specs else f"x, made of {', '.join(specs)}"}
    units = {"p_value": "probability"}
    units |= dict.fromkeys(("score", "attribution"), "nats") if scorer.score.in_nats else {}
    return [Endpoint("score", specs, score, units)]


@device_endpoints.register
def detector_device_endpoints(
    subject: VAEDetector, preprocessing: keras.Layer | None, num_samples: int
) -> list[Endpoint]:
    """Return the endpoint of a fitted detector on a device: `score` and `is_anomaly`.

    The numbers are the server's to float rounding. A p-value would need the calibration's scores in the file,
    and the contributions of some scores gradients, which LiteRT has not.

    Args as in `detector_endpoints`.
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
    """Return the fitted threshold."""
    return float(np.asarray(subject.scorer_.calibration.threshold))


@example_inputs.register
def detector_example_inputs(
    subject: VAEDetector, preprocessing: keras.Layer | None, count: int = 5
) -> Tensors:
    """Return raw features to try an export with: draws from the detector's model."""
    scorer = _scorer(subject, preprocessing)
    x = example_inputs(scorer.model, None, count)["x"]
    specs = raw_specs(scorer.preprocessing, scorer.model.event_shape)
    return examples_of(scorer.preprocessing, x, list(specs))


@layers.register
def detector_layers(subject: VAEDetector) -> list[keras.Layer]:
    """Return the scorer, which holds everything."""
    return [subject.scorer_]


def _scorer(subject: VAEDetector, preprocessing: keras.Layer | None) -> Scorer:
    if preprocessing is not None:
        raise InvalidInput("preprocessing", "None, as a detector has its own", type(preprocessing).__name__)
    check_is_fitted(subject)
    return subject.scorer_


def _explains(scorer: Scorer) -> bool:
    """Return whether the score can be told apart into elements."""
    x = np.zeros((1, *scorer.model.event_shape), "float32")
    try:
        scorer.score.explained(scorer.model, scorer.model.tensors(tf.constant(x)))
    except InvalidInput:
        return False
    return True
