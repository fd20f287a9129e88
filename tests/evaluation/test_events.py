"""Measures of events against their definitions, written as loops."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import f1_score

from tfvae.core.errors import InvalidInput
from tfvae.evaluation import event_recall, events, point_adjusted_f1

LABELS = st.lists(st.booleans(), min_size=2, max_size=30).filter(lambda flags: 0 < sum(flags) < len(flags))


def _scores(labels):
    return np.random.default_rng(len(labels)).integers(0, 6, len(labels)).astype(float)  # with ties


@given(LABELS)
def test_events_are_the_runs_of_ones(labels):
    found = np.zeros(len(labels), bool)
    for first, end in events(np.array(labels)):
        assert end > first
        assert not found[max(first - 1, 0) : end].any()  # not adjacent to the one before
        found[first:end] = True
    assert found.tolist() == labels


@given(LABELS)
def test_adjusted_f1_is_the_best_over_all_thresholds(labels):
    labels, best = np.array(labels), 0.0
    scores = _scores(labels)
    for threshold in np.unique(scores):
        flagged = scores >= threshold
        for first, end in events(labels):
            flagged[first:end] = flagged[first:end].any()
        best = max(best, f1_score(labels, flagged))
    assert point_adjusted_f1(scores, labels) == pytest.approx(best)


@given(LABELS, st.sampled_from([0.0, 0.1, 0.3]))
def test_event_recall_is_the_best_within_the_false_alarms(labels, rate):
    labels = np.array(labels)
    scores, shares = _scores(labels), []
    for threshold in [-1.0, *np.unique(scores)]:
        if np.mean(scores[~labels] > threshold) <= rate:
            shares.append(np.mean([scores[a:b].max() > threshold for a, b in events(labels)]))
    assert event_recall(scores, labels, rate) == pytest.approx(max(shares))


def test_point_adjustment_is_optimistic_for_a_random_score():
    rng = np.random.default_rng(0)
    labels = np.zeros(5000)
    labels[1000:1500] = 1
    assert point_adjusted_f1(rng.random(5000), labels) > 0.9


@pytest.mark.parametrize(
    ("scores", "labels", "named"),
    [
        (np.zeros(3), np.array([0, 1]), "scores"),
        (np.array([0.0, np.nan]), np.array([0, 1]), "scores"),
        (np.zeros(2), np.zeros(2), "labels"),
        (np.zeros(2), np.ones(2), "labels"),
    ],
)
def test_scores_and_labels_are_checked(scores, labels, named):
    for measure in (point_adjusted_f1, event_recall):
        with pytest.raises(InvalidInput, match=named):
            measure(scores, labels)
