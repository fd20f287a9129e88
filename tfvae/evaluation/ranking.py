"""How well scores rank the held-out items of each user."""

from __future__ import annotations

import numpy as np

from tfvae.core.errors import InvalidInput


def recall_at(k: int, scores: np.ndarray, held_out: np.ndarray, seen: np.ndarray | None = None) -> np.ndarray:
    """Return the recall of each user's k best items, [B]; NaN for a user without held-out items.

    recall@k = (held-out items among the k of highest score) / min(k, held-out items)

    Args:
        k: length of the list.
        scores: score of each item, high for the first, [B, items]; of equal scores the first item is first.
        held_out: True, or above 0, for the items to be found, [B, items].
        seen: True, or above 0, for items that are not listed, [B, items]; None means none.

    Raises:
        InvalidInput: for different shapes, a list longer than the items, and scores that are NaN.

    Source: Liang et al. 2018, section 4.2.

    Example:
        >>> recall_at(2, np.array([[0.9, 0.1, 0.5]]), np.array([[1, 1, 0]]))
        array([0.5])
    """
    hits, count = _hits(k, scores, held_out, seen)
    return _divided(hits.sum(axis=1), np.minimum(count, k))


def ndcg_at(k: int, scores: np.ndarray, held_out: np.ndarray, seen: np.ndarray | None = None) -> np.ndarray:
    """Return the normalized discounted cumulative gain of each user's k best items, [B].

    dcg@k = sum over ranks r = 1..k with a held-out item of 1 / log2(r + 1)
    ndcg@k = dcg@k / (its largest value, all held-out items first); NaN for a user without held-out items

    Args:
        k: length of the list.
        scores: score of each item, high for the first, [B, items]; of equal scores the first item is first.
        held_out: True, or above 0, for the items to be found, [B, items].
        seen: True, or above 0, for items that are not listed, [B, items]; None means none.

    Raises:
        InvalidInput: for different shapes, a list longer than the items, and scores that are NaN.

    Source: Liang et al. 2018, section 4.2.

    Example:
        >>> ndcg_at(2, np.array([[0.9, 0.1, 0.5]]), np.array([[0, 0, 1]])).round(3)    # 1 / log2(3)
        array([0.631])
    """
    hits, count = _hits(k, scores, held_out, seen)
    discounts = 1.0 / np.log2(np.arange(k) + 2.0)
    best = np.concatenate([[0.0], np.cumsum(discounts)])[np.minimum(count, k)]
    return _divided(hits @ discounts, best)


def _hits(
    k: int, scores: np.ndarray, held_out: np.ndarray, seen: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray]:
    """Return which of the k ranks have a held-out item, bool [B, k], and the number of these items, [B]."""
    scores, held_out = np.asarray(scores), np.asarray(held_out) > 0
    if scores.ndim != 2 or not 1 <= k <= scores.shape[1]:
        raise InvalidInput("k", f"a number of places from 1 to the items of scores {scores.shape}", k)
    if held_out.shape != scores.shape:
        raise InvalidInput("held_out", f"the shape of the scores, {scores.shape}", held_out.shape)
    if np.isnan(scores).any():
        raise InvalidInput("scores", "numbers", "NaN")
    if seen is not None:
        seen = np.asarray(seen) > 0
        if seen.shape != scores.shape:
            raise InvalidInput("seen", f"the shape of the scores, {scores.shape}", seen.shape)
        scores, held_out = np.where(seen, -np.inf, scores), held_out & ~seen
    listed = np.argsort(-scores, axis=1, kind="stable")[:, :k]
    return np.take_along_axis(held_out, listed, axis=1), held_out.sum(axis=1)


def _divided(values: np.ndarray, largest: np.ndarray) -> np.ndarray:
    return np.where(largest > 0, values / np.maximum(largest, 1e-12), np.nan)
