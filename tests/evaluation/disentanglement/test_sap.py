"""The SAP score in closed form, and against scikit-learn."""

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression
from sklearn.metrics import accuracy_score
from sklearn.svm import LinearSVC

from tfvae.core.errors import InvalidInput
from tfvae.evaluation import sap
from tfvae.evaluation.disentanglement.held_out import held_out_split


@pytest.fixture
def continuous(grid):
    """All combinations of two continuous factors of mean 0 and equal variance, uncorrelated."""
    return grid(10, 10) / 10 - 0.45


def test_one_code_for_each_continuous_factor_gives_1(continuous):
    assert sap(continuous, continuous) == pytest.approx(1)
    assert sap(continuous[:, ::-1] * [-3, 0.01] + 5, continuous) == pytest.approx(1)


@pytest.mark.parametrize("degrees", [45, 30, 10])
def test_rotated_codes_of_continuous_factors(degrees, continuous, rotated):
    """The squared correlations are cos^2 and sin^2 of the angle."""
    expected = np.cos(np.radians(2 * degrees))
    assert sap(rotated(continuous, degrees), continuous) == pytest.approx(expected, abs=1e-12)


def test_a_continuous_factor_in_two_codes_has_no_gap(continuous):
    assert sap(continuous[:, [0, 0, 1]], continuous) == pytest.approx((0 + 1) / 2)


def test_two_continuous_factors_in_one_code_have_half_a_correlation_each(continuous):
    codes = np.stack([continuous.sum(axis=1), np.full(100, 0.1)], axis=1)
    assert sap(codes, continuous) == pytest.approx(1 / 2)


def test_noise_gives_0():
    rng = np.random.default_rng(0)
    assert sap(rng.normal(size=(20000, 4)), rng.normal(size=(20000, 3))) < 1e-3
    assert sap(rng.normal(size=(3000, 4)), rng.integers(0, 2, (3000, 2))) < 0.05


def test_a_binary_factor_in_one_code_is_predicted_by_it_always_and_by_others_half_of_the_time():
    factors = np.random.default_rng(0).integers(0, 2, (6000, 2))
    assert sap(10 * factors, factors) == pytest.approx(1 / 2, abs=0.03)


def test_it_is_that_of_scikit_learn_s_predictors():
    rng = np.random.default_rng(2)
    factors = np.stack([rng.integers(0, 3, 300), rng.normal(size=300), rng.integers(0, 2, 300)], axis=1)
    codes = factors @ rng.normal(size=(3, 4)) + rng.normal(size=(300, 4))
    fit, held_out = held_out_split(factors, seed=5)
    assert (len(fit), len(held_out)) == (200, 100)
    assert sorted([*fit, *held_out]) == list(range(300))
    scores = np.zeros((4, 3))
    for j, code in enumerate(codes.T[:, :, np.newaxis]):
        scores[j, 1] = LinearRegression().fit(code, factors[:, 1]).score(code, factors[:, 1])
        for k in (0, 2):
            machine = LinearSVC(C=0.01, class_weight="balanced").fit(code[fit], factors[fit, k])
            scores[j, k] = accuracy_score(factors[held_out, k], machine.predict(code[held_out]))
    scores.sort(axis=0)
    assert sap(codes, factors, seed=5) == pytest.approx(np.mean(scores[3] - scores[2]), abs=1e-6)


def test_the_seed_chooses_the_held_out_rows():
    factors = np.random.default_rng(0).integers(0, 3, (200, 2))
    codes = factors + np.random.default_rng(1).normal(size=(200, 2))
    assert sap(codes, factors, seed=1) == sap(codes, factors, seed=1)
    assert len({sap(codes, factors, seed=seed) for seed in range(5)}) > 1


@pytest.mark.parametrize(
    ("codes", "factors", "seed", "text"),
    [
        (np.zeros((9, 1)), np.arange(9)[:, np.newaxis] % 2, 0, "codes: expected .* at least 2"),
        (np.zeros((9, 2)), np.arange(9)[:, np.newaxis], 0, "enough rows to see 9 values of factor 0"),
        (np.zeros((2, 2)), np.array([[0.5], [1.5]]), 0, "enough rows to see 2 values of factor 0"),
        (np.zeros((9, 2)), np.arange(9)[:, np.newaxis] % 2, -1, "seed: expected .* at least 0"),
    ],
)
def test_bad_input_is_rejected(codes, factors, seed, text):
    with pytest.raises(InvalidInput, match=text):
        sap(codes, factors, seed)
