"""Modularity in closed form, and against scikit-learn."""

import numpy as np
import pytest
from sklearn.metrics import mutual_info_score

from tfvae.core.errors import InvalidInput
from tfvae.evaluation import modularity


def test_one_factor_for_each_code_gives_1_also_if_codes_share_it(grid):
    factors = grid(5, 4, 3, copies=2)
    assert modularity(factors[:, [2, 0, 1]] * [-3, 0.01, 100], factors) == pytest.approx(1)
    assert modularity(factors[:, [0, 0, 1]], factors) == pytest.approx(1)
    assert modularity(factors[:, :1], factors) == pytest.approx(1)


def test_codes_rotated_by_45_degrees_depend_on_both_factors_equally(grid, rotated):
    factors = grid(10, 10, copies=2)
    assert modularity(rotated(factors, 45), factors) == pytest.approx(0, abs=1e-12)


def test_a_code_of_two_of_three_factors_counts_a_half(grid):
    """(I / I)^2 / (3 - 1) = 1/2 for the code of two factors, 1 for the other code."""
    factors = grid(4, 4, 3, copies=2)
    codes = np.stack([factors @ [4, 1, 0], factors[:, 2]], axis=1)
    assert modularity(codes, factors) == pytest.approx((1 / 2 + 1) / 2)


def test_unequal_shares_count_by_their_squares(grid):
    """A code with log 4 of one factor and log 2 of the other: 1 - (1/2)^2."""
    factors = grid(4, 2, copies=10)
    assert modularity((factors @ [2, 1])[:, np.newaxis], factors) == pytest.approx(1 - 1 / 4)


def test_a_code_without_information_counts_0(grid):
    factors = grid(5, 4, copies=5)
    codes = np.concatenate([factors, np.full((100, 1), 0.1)], axis=1)
    assert modularity(codes, factors) == pytest.approx(2 / 3)
    assert modularity(np.full((100, 2), 0.1), factors) == 0


def test_noise_has_the_bias_of_few_rows_about_all_factors():
    rng = np.random.default_rng(0)
    assert modularity(rng.normal(size=(20000, 10)), rng.integers(0, 5, (20000, 3))) < 0.5


def test_it_is_that_of_scikit_learn_s_mutual_information():
    rng = np.random.default_rng(3)
    factors = np.stack([rng.integers(0, 4, 600), rng.integers(0, 3, 600), rng.normal(size=600)], axis=1)
    codes = factors @ rng.normal(size=(3, 4)) + rng.normal(size=(600, 4))

    def bins(values):
        return np.digitize(values, np.histogram(values, 20)[1][:-1])

    labels = [factors[:, 0], factors[:, 1], bins(factors[:, 2])]
    expected = []
    for code in codes.T:
        squares = sorted(mutual_info_score(label, bins(code)) ** 2 for label in labels)
        expected.append(1 - (squares[0] + squares[1]) / (2 * squares[2]))
    assert modularity(codes, factors) == pytest.approx(np.mean(expected), abs=1e-9)


def test_one_factor_alone_is_rejected():
    with pytest.raises(InvalidInput, match="factors: expected .* at least 2"):
        modularity(np.zeros((100, 2)), np.arange(100)[:, np.newaxis] % 2)
