"""Ranking measures against values by hand, scikit-learn, and extreme cases."""

import numpy as np
import pytest
from sklearn.metrics import ndcg_score

from tfvae.core.errors import InvalidInput
from tfvae.evaluation import ndcg_at, recall_at

SCORES = np.array([[0.1, 0.9, 0.3, 0.7, 0.5]])  # items in the order 1, 3, 4, 2, 0
LIKED = np.array([[1, 0, 0, 1, 1]])


def test_values_by_hand():
    """Hits at ranks 2, 3 and 5, of three liked items."""
    best = 1 + 1 / np.log2(3) + 1 / 2
    expected = {
        1: (0 / 1, 0.0),
        2: (1 / 2, (1 / np.log2(3)) / (1 + 1 / np.log2(3))),
        3: (2 / 3, (1 / np.log2(3) + 1 / 2) / best),
        5: (3 / 3, (1 / np.log2(3) + 1 / 2 + 1 / np.log2(6)) / best),
    }
    for k, (recall, ndcg) in expected.items():
        assert recall_at(k, SCORES, LIKED)[0] == pytest.approx(recall)
        assert ndcg_at(k, SCORES, LIKED)[0] == pytest.approx(ndcg)


@pytest.mark.parametrize("k", [1, 5, 40])
def test_ndcg_is_that_of_scikit_learn(k):
    rng = np.random.default_rng(0)
    scores, liked = rng.normal(size=(30, 40)), rng.random((30, 40)) < 0.2
    liked[:, 0] = True
    received = ndcg_at(k, scores, liked)
    assert received.mean() == pytest.approx(ndcg_score(liked, scores, k=k), rel=1e-12)


def test_seen_items_are_neither_listed_nor_counted():
    seen = np.array([[0, 1, 0, 1, 0]])
    assert recall_at(1, SCORES, LIKED, seen)[0] == 1.0  # item 4 comes first now
    assert recall_at(2, SCORES, LIKED, seen)[0] == 0.5  # items 4 and 2, of 4 and 0


def test_the_best_and_the_worst_order_have_one_and_zero():
    rng = np.random.default_rng(1)
    liked = rng.random((20, 30)) < 0.3
    for measure in (recall_at, ndcg_at):
        np.testing.assert_allclose(measure(5, liked + 0.0, liked), 1.0)
        np.testing.assert_allclose(measure(5, -1.0 * liked, liked), 0.0)


def test_recall_of_a_random_score_is_the_share_of_items_listed():
    """Hypergeometric: k / items on average, for fewer liked items than k."""
    rng = np.random.default_rng(2)
    liked = np.zeros((4000, 20))
    liked[:, :3] = 1
    received = recall_at(5, rng.random((4000, 20)), liked)
    assert abs(received.mean() - 5 / 20) < 4 * received.std() / np.sqrt(4000)


def test_without_held_out_items_the_measure_is_nan():
    assert np.isnan(recall_at(2, SCORES, 0 * LIKED)).all()
    assert np.isnan(ndcg_at(2, SCORES, 0 * LIKED)).all()


def test_arguments_are_checked():
    for k in (0, 6):
        with pytest.raises(InvalidInput, match="^k: expected"):
            recall_at(k, SCORES, LIKED)
    with pytest.raises(InvalidInput, match="^held_out: expected"):
        ndcg_at(1, SCORES, LIKED[:, :3])
    with pytest.raises(InvalidInput, match="^scores: expected numbers"):
        ndcg_at(1, np.full((1, 5), np.nan), LIKED)
    with pytest.raises(InvalidInput, match="^seen: expected"):
        ndcg_at(1, SCORES, LIKED, LIKED[:, :3])
