"""Pairs and batches that share a factor's value: observed rows, and draws from a ground truth."""

import numpy as np
import pytest

from tfvae.core.errors import InvalidInput
from tfvae.evaluation.disentanglement.interventions import (
    GeneratedInterventions,
    ObservedInterventions,
    parts,
)


@pytest.fixture
def observed():
    """Interventions whose codes are the row's index and its factors, of sizes 3 and 5, [N, 3]."""
    factors = np.random.default_rng(0).integers(0, (3, 5), (40, 2)).astype(float)
    codes = np.concatenate([np.arange(40.0)[:, np.newaxis], factors], axis=1)
    return ObservedInterventions(codes, factors)


FIXED = np.array([0, 1, 1, 0, 1])


def test_pairs_of_observed_rows_share_the_value_and_are_different_rows(observed):
    first, second = observed.pairs(FIXED, 200, np.random.default_rng(1))
    assert first.shape == second.shape == (5, 200, 3)
    assert (first[..., 0] != second[..., 0]).all()
    for point, factor in enumerate(FIXED):
        np.testing.assert_array_equal(first[point, :, 1 + factor], second[point, :, 1 + factor])
        assert (first[point, :, 2 - factor] != second[point, :, 2 - factor]).any()


def test_all_rows_and_all_their_partners_are_equally_likely():
    """Two groups of 4 rows: 8 first rows times 3 partners, 24 pairs."""
    factors = np.array([0, 1, 0, 1, 0, 1, 1, 0], float)[:, np.newaxis]
    rows = np.arange(8.0)[:, np.newaxis]
    first, second = ObservedInterventions(rows, factors).pairs(
        np.zeros(1, int), 24000, np.random.default_rng(0)
    )
    pairs, counts = np.unique(np.concatenate([first[0], second[0]], axis=1), axis=0, return_counts=True)
    assert len(pairs) == 24
    assert abs(counts - 1000).max() < 5 * np.sqrt(1000)


def test_batches_of_observed_rows_share_one_value_as_often_as_it_occurs(observed):
    batches = observed.batches(np.zeros(3000, int), 8, np.random.default_rng(1))
    assert (batches[:, :, 1] == batches[:, :1, 1]).all()
    rows = batches.reshape(-1, 3)
    value = dict(rows[:, :2].astype(int))  # of each row, by its index
    assert len(value) == 40
    share = np.bincount(batches[:, 0, 1].astype(int)) / 3000
    np.testing.assert_allclose(share, np.bincount(list(value.values())) / 40, atol=2.5 / np.sqrt(3000))


def test_a_continuous_factor_is_cut_into_groups_of_equal_size():
    values = np.random.default_rng(0).normal(size=(1000, 1)) ** 3
    interventions = ObservedInterventions(values, values, num_groups=4)
    first, second = interventions.pairs(np.zeros(10, int), 100, np.random.default_rng(1))
    edges = np.sort(values, axis=0)[[250, 500, 750], 0]
    quarter = np.searchsorted(edges, first, side="right")
    np.testing.assert_array_equal(quarter, np.searchsorted(edges, second, side="right"))
    assert set(quarter.ravel()) == {0, 1, 2, 3}
    assert (first != second).all()


@pytest.mark.parametrize("frequent", [0, 1])
def test_equal_values_of_a_continuous_factor_stay_together_and_apart_from_others(frequent):
    values = np.full((1000, 1), 0.5 + frequent)
    values[:10] = 1.5 - frequent
    interventions = ObservedInterventions(values, values)
    first, second = interventions.pairs(np.zeros(100, int), 100, np.random.default_rng(1))
    np.testing.assert_array_equal(first, second)
    assert set(first.ravel()) == {0.5, 1.5}


def test_a_value_of_one_row_alone_is_rejected():
    factors = np.array([[0, 3], [1, 3], [0, 3], [1, 8]], float)
    with pytest.raises(InvalidInput, match="at least two rows, received value 8 of factor 1 in one row"):
        ObservedInterventions(factors, factors)


def test_pairs_of_a_ground_truth_share_one_factor_and_no_other(toy):
    interventions = GeneratedInterventions(lambda x: x, toy(10, 10, 10))
    first, second = interventions.pairs(np.array([2, 0]), 5000, np.random.default_rng(0))
    equal = (first == second).mean(axis=1)
    np.testing.assert_allclose(equal, [[0.1, 0.1, 1], [1, 0.1, 0.1]], atol=0.02)
    assert [equal[0, 2], equal[1, 0]] == [1, 1]


def test_batches_of_a_ground_truth_share_one_factor_and_no_other(toy):
    interventions = GeneratedInterventions(lambda x: x, toy(10, 10))
    batches = interventions.batches(np.array([1, 0, 1, 1]), 1000, np.random.default_rng(0))
    for batch, factor in zip(batches, (1, 0, 1, 1), strict=True):
        assert len(np.unique(batch[:, factor])) == 1
        assert len(np.unique(batch[:, 1 - factor])) == 10
    assert len(np.unique(batches[[0, 2, 3], 0, 1])) > 1


def test_each_factor_is_fixed_equally_often_in_random_order(observed):
    fixed = observed.fixed_factors(100, 50, np.random.default_rng(0))
    assert np.bincount(fixed[:100]).tolist() == [50, 50]
    assert np.bincount(fixed[100:]).tolist() == [25, 25]
    assert fixed.tolist() != observed.fixed_factors(100, 50, np.random.default_rng(1)).tolist()


def test_parts_have_at_most_4096_examples_or_one_batch():
    fixed = np.arange(100)
    assert [len(part) for part in parts(fixed, 100)] == [40, 40, 20]
    assert [len(part) for part in parts(fixed[:3], 9999)] == [1, 1, 1]
    np.testing.assert_array_equal(np.concatenate(list(parts(fixed, 100))), fixed)
