"""Contributions of elements far outside the training data, where networks extrapolate without bound.

An element at 1e4 standard deviations moves all that the decoder predicts, so that the other elements, which
are as usual, are improbable too. Then they would be named as the reason.
"""

from __future__ import annotations

import warnings

import numpy as np
import tensorflow as tf

from tfvae.anomaly.scores.base import Score
from tfvae.core.types import Tensor, Tensors
from tfvae.models import LatentModel

_RANGES = 10.0  # beyond the training data, in units of their range
_SAMPLE = 8192
_LARGEST = 1e18  # whose square is a float32


def learn_usual_values(score: Score, x: np.ndarray) -> None:
    """Keep with a score the range of the training data and a usual example.

    Args:
        score: gets the arrays `usual`, `usual_middle` and `usual_reach`, each [*event].
        x: training data [N, *event], NaN where missing.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # of elements that are all NaN
        low, high = np.nan_to_num([np.nanmin(x, axis=0), np.nanmax(x, axis=0)]).astype("float64")
    width = high - low
    positive = width[width > 0]
    width = np.where(width > 0, width, np.median(positive) if positive.size else 1.0)
    reach = np.minimum((high - low) / 2 + _RANGES * width, np.finfo(np.float32).max)
    score.set_arrays(usual=_medians(x[:_SAMPLE]), usual_middle=(low + high) / 2, usual_reach=reach)


def explained(score: Score, model: LatentModel, inputs: Tensors) -> tuple[Tensors, Tensor]:
    """Return what `Score.explained` does; extreme elements have contributions by occlusion.

    c_i = a_i(x') + w_i (s(x) - s(x')) for an extreme element i,  c_i = a_i(x') for any other

    x' is x with its extreme elements replaced by the medians of the training data, a(x') are the score's own
    contributions, and w are shares of the squared distances from the training data. Contributions add up to
    s(x), and are infinite for extreme elements if s(x) is. For an x without extreme elements they are a(x).

    Args:
        score: the score, with or without the arrays of `learn_usual_values`.
        model: the trained model.
        inputs: the model's inputs by name, each [B, ...].
    """
    if "usual" not in score.array_names:
        return score.explained(model, inputs)
    x = inputs["x"]
    usual, middle, reach = (
        tf.convert_to_tensor(getattr(score, name)) for name in ("usual", "usual_middle", "usual_reach")
    )
    distance = tf.abs(x - middle) / reach
    extreme = distance > 1
    terms, parts = score.explained(model, {**inputs, "x": tf.where(extreme, usual, x)})
    axes = list(range(1, x.shape.rank))

    def by_occlusion() -> tuple[Tensors, Tensor]:
        own = score.values(model, inputs)
        of_rows = tf.reduce_any(extreme, axes)
        squares = tf.square(tf.where(extreme, tf.minimum(distance, _LARGEST), 0.0))
        largest = tf.reduce_max(squares, axes, keepdims=True)
        weights = squares / tf.maximum(largest, 1.0)
        weights /= tf.maximum(tf.reduce_sum(weights, axes, keepdims=True), 1.0)
        difference = tf.reshape(infinite_unless_finite(own["score"]) - terms["score"], (-1, *[1] * len(axes)))
        shares = tf.math.multiply_no_nan(difference * tf.ones_like(weights), weights)
        return {name: tf.where(of_rows, own[name], value) for name, value in terms.items()}, parts + shares

    return tf.cond(tf.reduce_any(extreme), by_occlusion, lambda: (terms, parts))


def infinite_unless_finite(scores: Tensor) -> Tensor:
    """Return scores, infinite where they are NaN or minus infinity, as they are where values overflow.

    Args:
        scores: [B].

    Example:
        >>> infinite_unless_finite(tf.constant([1.0, float("nan"), -float("inf")])).numpy()
        array([ 1., inf, inf], dtype=float32)
    """
    return tf.where(tf.math.is_finite(scores), scores, tf.constant(np.inf, scores.dtype))


def infinite_at_largest(parts: Tensor, x: Tensor) -> Tensor:
    """Return contributions; of rows in which one is NaN, infinite at the largest |x_i| and 0 elsewhere.

    Args:
        parts: [B, *event].
        x: data [B, *event], NaN where missing.

    Example:
        >>> infinite_at_largest(tf.constant([[float("nan"), 1.0]]), tf.constant([[2.0, -1e30]])).numpy()
        array([[ 0., inf]], dtype=float32)
    """
    axes = list(range(1, x.shape.rank))
    size = tf.where(tf.math.is_nan(x), -1.0, tf.abs(x))
    largest = size >= tf.reduce_max(size, axes, keepdims=True)
    unknown = tf.reduce_any(tf.math.is_nan(parts), axes, keepdims=True)
    return tf.where(unknown, tf.where(largest, tf.constant(np.inf), 0.0), parts)


def _medians(x: np.ndarray) -> np.ndarray:
    """Return of each element the lower median of its observed values, NaN if there are none."""
    count = (~np.isnan(x)).sum(axis=0)
    return np.take_along_axis(np.sort(x, axis=0), (np.maximum(count - 1, 0) // 2)[np.newaxis], axis=0)[0]
