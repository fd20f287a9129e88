"""How well scores of a series' points detect its anomalous events."""

from __future__ import annotations

import numpy as np
from sklearn.metrics import precision_recall_curve

from tfvae.core.errors import InvalidInput


def events(labels: np.ndarray) -> np.ndarray:
    """Return where each run of ones starts and ends, int [events, 2]; the end is excluded.

    Args:
        labels: True, or 1, for the anomalous points, [T].

    Example:
        >>> events(np.array([0, 1, 1, 0, 1]))
        array([[1, 3],
               [4, 5]])
    """
    flags = np.concatenate([[0], np.asarray(labels) > 0, [0]]).astype(np.int8)
    change = np.diff(flags)
    return np.stack([np.flatnonzero(change == 1), np.flatnonzero(change == -1)], axis=1)


def point_adjusted_f1(scores: np.ndarray, labels: np.ndarray) -> float:
    """Return the best F1 over all thresholds if one detected point detects all points of its event.

    The measure of most papers on series, but an optimistic one: a random score that is high once in a long
    event detects all its points. Report it with `event_recall` and the area under precision and recall.

    Args:
        scores: anomaly score of each point, [T].
        labels: True, or 1, for the anomalous points, [T].

    Raises:
        InvalidInput: for different shapes, scores that are NaN, and labels without both kinds of points.

    Source: Xu et al. 2018, section 4.2.

    Example:
        >>> point_adjusted_f1(np.array([0.1, 0.9, 0.0, 0.2]), np.array([0, 1, 1, 0]))
        1.0
    """
    scores, labels = _checked(scores, labels)
    adjusted = scores.copy()
    for first, end in events(labels):
        adjusted[first:end] = scores[first:end].max()
    precision, recall, _ = precision_recall_curve(labels, adjusted)
    return float(np.max(2 * precision * recall / np.maximum(precision + recall, 1e-12)))


def event_recall(scores: np.ndarray, labels: np.ndarray, false_alarm_rate: float = 0.01) -> float:
    """Return the share of detected events at the lowest threshold with at most this false alarm rate.

    An event is detected if any of its points is above the threshold. The false alarm rate is the share of the
    normal points above it.

    Args:
        scores: anomaly score of each point, [T].
        labels: True, or 1, for the anomalous points, [T].
        false_alarm_rate: largest share of normal points above the threshold, in [0, 1).

    Raises:
        InvalidInput: for different shapes, scores that are NaN, labels without both kinds of points, and a
            rate outside [0, 1).

    Example:
        >>> event_recall(np.array([0.1, 0.9, 0.0, 0.2, 0.1]), np.array([0, 1, 0, 0, 1]), 0.0)
        0.5
    """
    scores, labels = _checked(scores, labels)
    if not 0 <= false_alarm_rate < 1:
        raise InvalidInput("false_alarm_rate", "a share of at least 0 and below 1", false_alarm_rate)
    normal = np.sort(scores[~labels])[::-1]
    threshold = normal[int(false_alarm_rate * len(normal))]
    return float(np.mean([scores[first:end].max() > threshold for first, end in events(labels)]))


def _checked(scores: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    scores, labels = np.asarray(scores, np.float64), np.asarray(labels) > 0
    if scores.ndim != 1 or scores.shape != labels.shape:
        raise InvalidInput(
            "scores", f"one for each point, as the labels of shape {labels.shape}", scores.shape
        )
    if np.isnan(scores).any():
        raise InvalidInput("scores", "numbers", "NaN")
    if labels.all() or not labels.any():
        raise InvalidInput("labels", "both normal and anomalous points", "points of one kind")
    return scores, labels
