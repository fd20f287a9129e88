"""Statistics of a column in one pass, against those of the whole column."""

import numpy as np
import pyarrow as pa
import pytest

from tfvae.data.tables.column_statistics import ColumnStatistics, NumberStatistics, UniformSample, ValueCounts


@pytest.mark.parametrize("chunk", [1, 7, 100])
def test_moments_and_order_do_not_depend_on_chunks(chunk):
    x = np.random.default_rng(0).normal(5, 2, 100)
    for values, rising, integers in (
        (x, False, False),
        (np.sort(x), True, False),
        (np.arange(100.0), True, True),
    ):
        statistics = NumberStatistics()
        for start in range(0, 100, chunk):
            statistics.add(values[start : start + chunk])
        assert statistics.count == 100
        assert statistics.mean == pytest.approx(values.mean())
        assert statistics.variance == pytest.approx(values.var())
        assert (statistics.low, statistics.high) == (values.min(), values.max())
        assert (statistics.rising, statistics.integers) == (rising, integers)


def test_a_sample_is_uniform():
    """Each third of the stream has a third of the sample, up to five standard deviations."""
    sample = UniformSample(size=900)
    for start in range(0, 30_000, 1000):
        sample.add(np.arange(start, start + 1000.0))
    assert len(np.unique(sample.values)) == 900
    counts = np.histogram(sample.values, 3, (0, 30_000))[0]
    assert (np.abs(counts - 300) < 5 * np.sqrt(900 * 2 / 9)).all()


def test_counts_give_up_after_too_many_values():
    counts = ValueCounts()
    counts.add(pa.array(["b", "a", None, "b"]))
    assert (counts.sorted(), counts.repeated(), counts.complete) == (("a", "b"), ("b",), True)
    counts.add(pa.array([str(i) for i in range(2000)]))
    assert (counts.sorted(), counts.complete) == ((), False)


def test_cells_are_counted_as_what_they_are():
    statistics = ColumnStatistics("a", ("NA",))
    statistics.add(pa.array(["1", "NA", "2024-01-01", "x"]))
    assert (statistics.present, statistics.numbers.count, statistics.num_dates) == (3, 1, 1)
    statistics.add(pa.array([[1.0]]))
    assert not statistics.single_values
