"""The split depends on (seed, row index) alone."""

import numpy as np
import pytest

from tfvae.core.errors import InvalidInput
from tfvae.data import Split, everything


def test_parts_are_disjoint_and_complete():
    split = Split(validation=0.3, seed=5)
    np.testing.assert_array_equal(split.train(0, 1000), ~split.validation(0, 1000))
    assert everything(3, 4).tolist() == [True] * 4


@pytest.mark.parametrize("chunk", [1, 7, 1000])
def test_independent_of_chunk_size(chunk):
    split = Split(validation=0.2, seed=3)
    pieces = [split.validation(first, min(chunk, 3000 - first)) for first in range(0, 3000, chunk)]
    np.testing.assert_array_equal(np.concatenate(pieces), split.validation(0, 3000))


@pytest.mark.parametrize("fraction", [0.0, 0.01, 0.1, 0.5, 0.999])
def test_fraction_is_met_in_expectation(fraction):
    rows = 1_000_000
    deviation = np.sqrt(fraction * (1 - fraction) / rows)
    for seed in (0, 1, 2**62):
        assert abs(Split(fraction, seed).validation(0, rows).mean() - fraction) <= 5 * deviation


def test_rows_and_seeds_are_independent():
    a, b = Split(0.5, 0).validation(0, 100_000), Split(0.5, 1).validation(0, 100_000)
    for one, other in ((a, b), (a[1:], a[:-1]), (a[1:], b[:-1])):  # seeds, neighbors, both
        assert abs((one == other).mean() - 0.5) < 0.01
    np.testing.assert_array_equal(a, Split(0.5, 0).validation(0, 100_000))


def test_more_validation_keeps_the_rows_it_had():
    few, many = Split(0.1, 0).validation(0, 10_000), Split(0.3, 0).validation(0, 10_000)
    assert (many | ~few).all()


def test_hash_is_splitmix64():
    # The first outputs of the reference implementation started at state 0.
    from tfvae.data.split import _GOLDEN, _mix

    steps = np.arange(1, 4, dtype=np.uint64)
    expected = [0xE220A8397B1DCDAF, 0x6E789E6AA1B965F4, 0x06C45D188009454F]
    assert [int(v) for v in _mix(steps * _GOLDEN)] == expected


def test_arguments_equality_and_representation():
    for fraction in (-0.1, 1.0, float("nan")):
        with pytest.raises(InvalidInput, match="validation"):
            Split(fraction)
    for seed in (-1, 0.5, True, 2**63):
        with pytest.raises(InvalidInput, match="seed"):
            Split(0.1, seed)
    assert repr(Split(0.25, 3)) == "Split(validation=0.25, seed=3)"
    assert Split(0.25, 3) == Split(0.25, 3) != Split(0.25, 4)
    assert len({Split(0.25, 3), Split(0.25, 3)}) == 1
