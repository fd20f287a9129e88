"""Arrays fed to training: every row once a pass, in an order that repeats from the seed."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfvae.core import array_batches
from tfvae.core.errors import InvalidInput


def _orders(rows, batch_size, passes):
    dataset = array_batches.batches(np.arange(rows), batch_size, shuffle=True)
    return [np.concatenate([batch.numpy() for batch in dataset]) for _ in range(passes)]


@pytest.mark.parametrize(("rows", "batch_size"), [(12, 4), (13, 4), (3, 8), (1, 1)])
def test_each_pass_holds_every_row_once(rows, batch_size):
    dataset = array_batches.batches(np.arange(rows), batch_size, shuffle=True)
    sizes = [len(batch) for batch in dataset]
    assert sum(sizes) == rows
    assert set(sizes[:-1]) <= {batch_size}
    assert len(sizes) == dataset.cardinality()
    for order in _orders(rows, batch_size, 3):
        np.testing.assert_array_equal(np.sort(order), np.arange(rows))


def test_the_orders_differ_from_pass_to_pass_and_repeat_from_the_seed():
    keras.utils.set_random_seed(3)
    first = _orders(100, 10, 3)
    assert len({tuple(order) for order in first}) == 3
    assert _orders(100, 10, 1)[0].tolist() != first[0].tolist()
    keras.utils.set_random_seed(3)
    np.testing.assert_array_equal(_orders(100, 10, 3), first)


@pytest.mark.slow
def test_every_order_is_as_likely():
    """The first of five rows is each row about as often: chi-square with 4 degrees of freedom."""
    keras.utils.set_random_seed(0)
    counts = np.bincount([order[0] for order in _orders(5, 5, 500)], minlength=5)
    assert np.sum((counts - 100) ** 2 / 100) < 18.5  # exceeded with probability 0.001


def test_columns_stay_together():
    columns = ({"x": np.arange(7.0), "label": np.arange(7)}, None, np.arange(7.0) * 2)
    for x, y, weight in array_batches.batches(columns, 3, shuffle=True):
        assert y is None
        np.testing.assert_array_equal(x["x"] * 2, weight)
        np.testing.assert_array_equal(tf.cast(x["label"], tf.float32), x["x"])


def test_the_batch_size_is_known_where_it_divides_the_rows():
    assert array_batches.batches(np.zeros((6, 2)), 3, shuffle=True).element_spec.shape == (3, 2)
    assert array_batches.batches(np.zeros((7, 2)), 3, shuffle=True).element_spec.shape.as_list() == [None, 2]


def test_split_takes_the_last_rows():
    first, last = array_batches.split({"x": np.arange(10), "y": None}, 0.25)
    assert first["x"].tolist() == list(range(7))
    assert last["x"].tolist() == [7, 8, 9]
    assert first["y"] is None
    for fraction in (1e-9, 0.99999, 1.0):
        with pytest.raises(InvalidInput, match="validation_split"):
            array_batches.split(np.arange(1), fraction)


def test_rows_that_do_not_match_are_refused():
    with pytest.raises(InvalidInput, match="as many rows"):
        array_batches.batches((np.arange(3), np.arange(4)), 2, shuffle=True)
