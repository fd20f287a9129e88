"""Windows of a series, and their values as values of the points."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tfvae.core.errors import InvalidInput
from tfvae.data.windows import starts, to_points, windows

SIZES = st.tuples(st.integers(1, 40), st.integers(1, 12), st.integers(1, 12)).filter(
    lambda sizes: sizes[2] <= sizes[1] <= sizes[0]
)


@given(SIZES)
def test_windows_cover_every_point_and_give_the_series_back(sizes):
    size, length, stride = sizes
    series = np.random.default_rng(0).normal(size=(size, 2))
    found = windows(series, length, stride)
    assert found.shape == (len(starts(size, length, stride)), length, 2)
    np.testing.assert_allclose(to_points(found, size, stride), series, rtol=1e-12)


@given(SIZES)
def test_values_of_points_are_the_means_over_the_windows_that_hold_them(sizes):
    size, length, stride = sizes
    first = starts(size, length, stride)
    values = np.random.default_rng(1).normal(size=(len(first), length))
    expected = [
        np.mean([values[n, t - s] for n, s in enumerate(first) if s <= t < s + length]) for t in range(size)
    ]
    np.testing.assert_allclose(to_points(values, size, stride), expected, rtol=1e-12)


def test_windows_with_stride_1_are_a_view():
    series = np.zeros((1000, 3))
    assert np.shares_memory(windows(series, 50), series)


@pytest.mark.parametrize(
    ("size", "length", "stride", "named"), [(3, 4, 1, "series"), (9, 4, 5, "stride"), (9, 4, 0, "stride")]
)
def test_strides_that_leave_points_out_are_rejected(size, length, stride, named):
    with pytest.raises(InvalidInput, match=named):
        windows(np.zeros(size), length, stride)


def test_values_of_another_series_are_rejected():
    with pytest.raises(InvalidInput, match="expected 3 windows of a series of 5 points, received 2"):
        to_points(np.zeros((2, 3)), 5)
