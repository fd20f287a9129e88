"""Explicitness in closed form, and against scikit-learn."""

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from tfvae.evaluation import explicitness
from tfvae.evaluation.disentanglement.held_out import held_out_split


def test_linear_functions_of_the_factors_give_1(grid, rotated):
    discrete, continuous = grid(3, 3, copies=20), grid(10, 10) / 10
    assert explicitness(discrete, discrete) == 1
    for degrees in (0, 45):
        assert explicitness(rotated(continuous, degrees) * [1e-3, 50], continuous) == pytest.approx(1)
    binary = grid(2, 2, copies=50)
    assert explicitness(rotated(binary, 45), binary) == 1


def test_two_factors_in_one_code_that_no_linear_function_tells_apart(grid):
    """Of code 2 a + b in 0, 1, 2, 3, the order tells a always, and b in three of four pairs of rows."""
    factors = grid(2, 2, copies=300)
    assert explicitness((factors @ [2, 1])[:, np.newaxis], factors) == pytest.approx(
        (1 + 3 / 4) / 2, abs=0.02
    )


def test_a_factor_that_is_no_linear_function_of_the_codes_is_at_chance(grid):
    bits = grid(2, 2, copies=500)
    exclusive_or = bits[:, :1] ^ bits[:, 1:]
    assert explicitness(bits, exclusive_or) == pytest.approx(1 / 2, abs=0.05)


def test_noise_and_constant_codes_are_at_chance():
    rng = np.random.default_rng(0)
    factors = np.stack([rng.integers(0, 3, 6000), rng.normal(size=6000)], axis=1)
    assert explicitness(rng.normal(size=(6000, 4)), factors) == pytest.approx(1 / 2, abs=0.02)
    assert explicitness(np.full((6000, 2), 0.1), factors) == 1 / 2


def test_it_is_that_of_scikit_learn_for_discrete_factors():
    rng = np.random.default_rng(1)
    factors = rng.integers(0, 4, (400, 2))
    codes = factors @ rng.normal(size=(2, 3)) + 2 * rng.normal(size=(400, 3))
    fit, held_out = held_out_split(factors, seed=3)
    areas = []
    for factor in factors.T:
        model = make_pipeline(StandardScaler(), LogisticRegression()).fit(codes[fit], factor[fit])
        probabilities = model.predict_proba(codes[held_out])
        areas.append(roc_auc_score(factor[held_out], probabilities, multi_class="ovr", average="macro"))
    assert explicitness(codes, factors, seed=3) == pytest.approx(np.mean(areas), abs=1e-6)


def test_a_continuous_factor_of_two_values_has_the_area_of_its_regression():
    rng = np.random.default_rng(2)
    factors = rng.integers(0, 2, (300, 1)) + 0.5
    codes = factors + rng.normal(size=(300, 2))
    fit, held_out = held_out_split(factors, seed=0)
    prediction = LinearRegression().fit(codes[fit], factors[fit, 0]).predict(codes[held_out])
    area = roc_auc_score(factors[held_out, 0] > 1, prediction)
    assert explicitness(codes, factors) == pytest.approx(area, abs=1e-9)


def test_the_concordance_counts_pairs_of_different_factors_and_equal_predictions_as_a_half():
    rng = np.random.default_rng(4)
    factors = rng.integers(0, 5, (120, 1)) / 2
    codes = np.round(factors + rng.normal(size=(120, 1)))  # with many ties
    fit, held_out = held_out_split(factors, seed=0)
    slope = np.polyfit(codes[fit, 0], factors[fit, 0], 1)[0]
    v, prediction = factors[held_out, 0], slope * codes[held_out, 0]
    larger = v[:, np.newaxis] > v
    order = np.sign(prediction[:, np.newaxis] - prediction)
    assert explicitness(codes, factors) == pytest.approx(np.mean((1 + order[larger]) / 2), abs=1e-9)
