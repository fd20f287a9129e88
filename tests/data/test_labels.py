"""Hidden labels, and mixed mini-batches whose weights make every example count once."""

import numpy as np
import pytest

from tfvae.core.errors import InvalidInput
from tfvae.data import hide_labels, mixed_batches


def test_as_many_of_each_class_stay_known():
    label = np.random.default_rng(0).integers(0, 5, 1000)
    kept = hide_labels(label, 7, seed=1)
    np.testing.assert_array_equal(np.bincount(kept[kept >= 0]), [7] * 5)
    assert (kept == label)[kept >= 0].all()
    np.testing.assert_array_equal(kept, hide_labels(label, 7, seed=1))
    assert (kept != hide_labels(label, 7, seed=2)).any()
    with pytest.raises(InvalidInput, match="keep: expected from 1 to"):
        hide_labels(label, 1000)
    with pytest.raises(InvalidInput, match="label: expected integers"):
        hide_labels(label / 2, 1)


def test_weights_make_every_example_count_once():
    """The weighted mean of any function over many batches is its mean over the examples."""
    rng = np.random.default_rng(1)
    x = rng.normal(size=(120, 1)).astype("float32")
    label = np.where(np.arange(120) < 8, 3, -1)
    x[:8] += 5
    data = mixed_batches(x, label, 20, 6, seed=0)
    totals = np.zeros(120)
    for inputs, _, weight in data.repeat(40):
        assert (inputs["label"].numpy() >= 0).sum() == 6
        for value, share in zip(inputs["x"].numpy()[:, 0], weight.numpy(), strict=True):
            totals[np.flatnonzero(x[:, 0] == value)[0]] += share
    assert totals.sum() == pytest.approx(40 * 8 * 20, rel=1e-5)
    assert totals[:8].sum() / totals.sum() == pytest.approx(8 / 120, rel=1e-5)
    assert totals[:8].max() / totals[:8].min() < 1.2  # all of them, repeatedly
    assert totals[8:].min() > 0


def test_a_pass_goes_once_over_the_unlabeled_in_an_order_of_its_own():
    x = np.arange(30, dtype="float32")[:, np.newaxis]
    label = np.where(np.arange(30) < 10, 1, -1)
    data = mixed_batches(x, label, 6, 2, seed=0)
    passes = [
        np.concatenate([i["x"].numpy()[i["label"].numpy() < 0, 0] for i, _, _ in data]) for _ in range(2)
    ]
    for seen in passes:
        assert sorted(seen) == list(range(10, 30))
    assert (passes[0] != passes[1]).any()


@pytest.mark.parametrize(
    ("label", "batch_size", "labeled", "text"),
    [
        (np.full(5, -1), 4, 1, "known classes and unknown ones"),
        (np.zeros(5), 4, 1, "known classes and unknown ones"),
        (np.array([0, -1, -1, -1, -1]), 4, 4, "labeled: expected"),
        (np.array([0, -1, -1, -1, -1]), 8, 1, "batch_size: expected at most 5"),
        (np.array([0, -1]), 2, 1, "one for each of 5"),
    ],
)
def test_labels_that_cannot_be_mixed_are_rejected(label, batch_size, labeled, text):
    with pytest.raises(InvalidInput, match=text):
        mixed_batches(np.zeros((5, 1)), label, batch_size, labeled)
