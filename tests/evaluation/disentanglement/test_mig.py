"""The mutual information gap in closed form, and against scikit-learn."""

import numpy as np
import pytest
from sklearn.metrics import mutual_info_score

from tfvae.core.errors import InvalidInput
from tfvae.evaluation import mig


def test_one_code_for_each_factor_gives_1(grid):
    factors = grid(5, 4, 3, copies=2)
    assert mig(factors, factors) == pytest.approx(1)
    assert mig(factors[:, [2, 0, 1]] * [-3, 0.01, 100] + [5, 0, -7], factors) == pytest.approx(1)


def test_codes_beyond_those_of_the_factors_make_no_difference_if_they_are_independent(grid):
    factors = grid(5, 4, 3, copies=2)
    codes = np.concatenate([factors, np.ones((120, 2))], axis=1)
    assert mig(codes, factors) == pytest.approx(1)


def test_codes_rotated_by_45_degrees_share_each_factor_equally(grid, rotated):
    factors = grid(10, 10, copies=2)
    assert mig(rotated(factors, 45), factors) == pytest.approx(0, abs=1e-12)


def test_a_factor_in_two_codes_has_no_gap(grid):
    factors = grid(5, 4, copies=5)
    assert mig(factors[:, [0, 0, 1]], factors) == pytest.approx((0 + 1) / 2)


def test_two_factors_in_one_code_keep_their_gap(grid):
    """Code 4 a + b has all information about both factors, and no other code has any."""
    factors = grid(4, 4, copies=5)
    codes = np.stack([factors @ [4, 1], np.zeros(80)], axis=1)
    assert mig(codes, factors) == pytest.approx(1)


def test_half_of_the_information_is_half_of_the_gap(grid):
    """One bit of a factor with four values, log 2 of log 4."""
    factors = grid(4, 3, copies=7)
    assert mig(factors // [2, 1], factors) == pytest.approx((1 / 2 + 1) / 2)


def test_a_factor_with_more_values_than_bins(grid):
    """20 bins for 40 values tell log 20 of log 40."""
    factors = grid(40, 2, copies=20)
    assert mig(factors, factors) == pytest.approx((np.log(20) / np.log(40) + 1) / 2)
    assert mig(factors, factors, num_bins=40) == pytest.approx(1)


def test_noise_gives_0_but_for_the_bias_of_few_rows():
    rng = np.random.default_rng(0)
    assert 0 <= mig(rng.normal(size=(20000, 5)), rng.integers(0, 5, (20000, 3))) < 0.003


def test_a_continuous_factor_is_cut_into_bins():
    factors = np.random.default_rng(0).uniform(size=(1000, 2)) * [1, 30]
    assert mig(factors[:, ::-1] * [1, -2], factors) == pytest.approx(1, abs=0.15)
    discrete = np.floor(20 * (factors - factors.min(0)) / np.ptp(factors, axis=0)).clip(0, 19)
    codes = np.random.default_rng(1).normal(size=(1000, 3)) + factors[:, :1]
    assert mig(codes, factors) == pytest.approx(mig(codes, discrete))


def test_it_is_that_of_scikit_learn_s_mutual_information():
    rng = np.random.default_rng(3)
    factors = rng.integers(0, 4, (500, 3))
    codes = factors @ rng.normal(size=(3, 4)) + rng.normal(size=(500, 4))
    gaps = []
    for factor in factors.T:
        information = sorted(
            mutual_info_score(factor, np.digitize(code, np.histogram(code, 20)[1][:-1])) for code in codes.T
        )
        gaps.append((information[-1] - information[-2]) / mutual_info_score(factor, factor))
    assert mig(codes, factors) == pytest.approx(np.mean(gaps), abs=1e-9)


@pytest.mark.parametrize(
    ("codes", "factors", "num_bins", "text"),
    [
        (np.zeros((100, 1)), np.arange(100)[:, np.newaxis] % 2, 20, "codes: expected .* at least 2"),
        (np.zeros((79, 2)), np.arange(79)[:, np.newaxis] % 4, 20, "codes: expected at least 80 rows"),
        (np.zeros((399, 2)), np.arange(399)[:, np.newaxis] / 4, 20, "codes: expected at least 400 rows"),
        (np.zeros((100, 2)), np.arange(100)[:, np.newaxis] % 2, 1, "num_bins: expected .* at least 2"),
    ],
)
def test_bad_input_is_rejected(codes, factors, num_bins, text):
    with pytest.raises(InvalidInput, match=text):
        mig(codes, factors, num_bins)
