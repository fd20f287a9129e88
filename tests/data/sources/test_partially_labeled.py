"""Which rows keep their label: as many of each class, from the rows asked for, in any order of reading."""

import numpy as np
import pytest

from tfvae.core.errors import InvalidInput
from tfvae.data import Arrays, PartiallyLabeled, Pipeline, Split, one_hot, rows_to_label, source


@pytest.fixture(scope="module")
def label():
    return np.random.default_rng(3).integers(0, 4, 500)


@pytest.fixture(scope="module", params=["array", "csv", "npy folder"])
def numbered(request, tmp_path_factory, label):
    """A source whose x is the row's index, of kinds that are shuffled in different ways."""
    x = np.arange(500.0)[:, np.newaxis]
    folder = tmp_path_factory.mktemp("numbered")
    if request.param == "array":
        return Arrays(x, label)
    if request.param == "csv":
        lines = [f"{row},{of}" for row, of in enumerate(label)]
        (folder / "table.csv").write_text("\n".join(["number,class", *lines]) + "\n")
        return source(folder / "table.csv")
    np.savez(folder / "table.npz", x=x, y=label)
    return source(folder / "table.npz")


def test_as_many_of_each_class_of_the_training_rows(numbered, label):
    split = Split(0.3, seed=2)
    rows = rows_to_label(numbered, 40, split.train, seed=5)
    np.testing.assert_array_equal(np.bincount(label[rows]), [10] * 4)
    assert split.train(0, 500)[rows].all()
    assert rows == rows_to_label(numbered, 40, split.train, seed=5)
    assert rows != rows_to_label(numbered, 40, split.train, seed=6)


def test_without_a_number_all_known_labels_are_kept():
    data = Arrays(np.zeros((4, 1)), [1, -1, 0, -1])
    assert rows_to_label(data) == [0, 2]


@pytest.mark.parametrize("shuffle", [True, False])
def test_every_row_keeps_its_own_label_or_none(numbered, label, shuffle):
    rows = rows_to_label(numbered, 20)
    expected = np.full(500, -1)
    expected[rows] = label[rows]
    pipeline = Pipeline(
        PartiallyLabeled(numbered, rows), 64, shuffle=shuffle, with_labels=True, pool_rows=100
    )
    for _ in range(2):
        batches = list(pipeline.batches())
        seen = np.concatenate([batch["x"][:, 0] for batch in batches]).astype(int)
        found = np.concatenate([batch["label"] for batch in batches])
        np.testing.assert_array_equal(found, expected[seen])
        assert len(set(seen)) == len(seen) >= 448


def test_conditions_are_one_hot_labels(numbered, label):
    pipeline = Pipeline(numbered, 64, one_hot=4)
    for batch in pipeline.batches():
        np.testing.assert_array_equal(batch["condition"], np.eye(4)[label[batch["x"][:, 0].astype(int)]])
    assert next(iter(pipeline.dataset()))["condition"].shape == (64, 4)


@pytest.mark.parametrize(
    ("labels", "number", "text"),
    [
        ([0, 1, 2, 0], 2, "labels: expected a multiple of 3, the classes of array, up to 3, received 2"),
        ([0, 1, 2, 0], 6, "labels: expected a multiple of 3, the classes of array, up to 3, received 6"),
        ([-1, -1], None, "label: expected at least one class that is known in array"),
        ([0.5, 1.0], None, "label: expected integers .* such as 0.5"),
        (None, None, "label: expected a source with labels, received array"),
    ],
)
def test_labels_that_cannot_be_chosen_are_rejected(labels, number, text):
    with pytest.raises(InvalidInput, match=text):
        rows_to_label(Arrays(np.zeros((len(labels or [0, 0]), 1)), labels), number)


def test_one_hot_codes_of_other_labels_are_rejected():
    for wrong, text in ((3, "from 0 to 2, in each row, received 3"), (-1, "unknown class"), (0.5, "0.5")):
        with pytest.raises(InvalidInput, match=text):
            one_hot(np.array([0, wrong]), 3)
    with pytest.raises(InvalidInput, match="one_hot: expected a source with labels"):
        Pipeline(Arrays(np.zeros((2, 1))), 2, one_hot=3)
