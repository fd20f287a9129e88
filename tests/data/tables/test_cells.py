"""Cells as numbers, times and texts, from any storage type."""

import datetime

import numpy as np
import pyarrow as pa
import pytest

from tfvae.data.tables.cells import numbers, seconds, texts


@pytest.mark.parametrize(
    "column",
    [
        pa.array([1, None, 3], pa.int8()),
        pa.array([1.0, None, 3.0]),
        pa.array(["1", "NA", " 3 "]),
        pa.array([b"1", b"", b"3.0"]),
        pa.array(["1", None, "3"]).dictionary_encode(),
    ],
    ids=lambda column: str(column.type),
)
def test_numbers_of_any_type(column):
    values, bad = numbers(column, ("", "NA"))
    np.testing.assert_array_equal(values, [1.0, np.nan, 3.0])
    assert not bad.any()


@pytest.mark.parametrize(
    "column",
    [
        pa.array([datetime.datetime(2024, 2, 29, 12)]),
        pa.array([datetime.datetime(2024, 2, 29, 13, tzinfo=datetime.timezone(datetime.timedelta(hours=1)))]),
        pa.array(["2024-02-29 12:00"]),
        pa.array(["2024-02-29T14:00+02:00"]),
    ],
    ids=lambda column: str(column[0]),
)
def test_times_are_seconds_in_utc(column):
    values, bad = seconds(column, ())
    assert values[0] == datetime.datetime(2024, 2, 29, 12, tzinfo=datetime.UTC).timestamp()
    assert not bad.any()


def test_texts_of_numbers_give_them_back():
    values = np.random.default_rng(0).normal(size=100)
    cells, bad = texts(pa.array(values), ())
    np.testing.assert_array_equal([float(text) for text in cells.to_pylist()], values)
    assert not bad.any()
    assert texts(pa.array([True, None]), ())[0].to_pylist() == ["true", None]


def test_cells_of_another_kind_are_marked():
    column = pa.array(["1", "one", None, "1_0"])
    np.testing.assert_array_equal(numbers(column, ())[1], [False, True, False, True])
    np.testing.assert_array_equal(seconds(column, ())[1][1:], [True, False, True])
    cells, bad = texts(pa.array([[1], None]), ())
    assert cells.null_count == 2
    np.testing.assert_array_equal(bad, [True, False])
