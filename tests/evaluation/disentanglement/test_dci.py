"""Disentanglement, completeness and informativeness: the formulas in closed form, and gradient boosting."""

import numpy as np
import pytest
from scipy.stats import entropy
from sklearn.base import BaseEstimator
from sklearn.ensemble import (
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    RandomForestClassifier,
)
from sklearn.linear_model import LinearRegression

from tfvae.core.errors import InvalidInput
from tfvae.evaluation import dci
from tfvae.evaluation.disentanglement.held_out import held_out_split


class Coefficients(BaseEstimator):
    """A linear regression of least norm, whose importances are the sizes of its coefficients."""

    def fit(self, X, y):
        self.model_ = LinearRegression().fit(X, y)
        self.feature_importances_ = np.where(abs(self.model_.coef_) < 1e-9, 0, abs(self.model_.coef_))
        return self

    def score(self, X, y):
        return self.model_.score(X, y)


class Given(BaseEstimator):
    """Importances that are given, [D, K], for factors k whose values are 10 k and 10 k + 1."""

    def __init__(self, importance):
        self.importance = importance

    def fit(self, X, y):
        self.feature_importances_ = np.array(self.importance, float)[:, int(y.min()) // 10]
        return self

    def score(self, X, y):
        return 1.0


def given(grid, importance):
    num_codes, num_factors = np.shape(importance)
    factors = grid(*num_factors * [2], copies=6) + 10 * np.arange(num_factors)
    return dci(np.ones((len(factors), num_codes)), factors, classifier=Given(importance))


def linear(codes, factors):
    return dci(codes, factors, classifier=Coefficients(), regressor=Coefficients())


def test_one_code_for_each_factor_gives_1(grid):
    factors = grid(4, 3, copies=8)
    for codes in (factors, factors[:, ::-1] * [-3, 0.01] + 5):
        for scores in (dci(codes, factors), linear(codes, factors)):
            assert scores.disentanglement == pytest.approx(1)
            assert scores.completeness == pytest.approx(1)
            assert scores.informativeness == pytest.approx(1)


def test_continuous_factors_have_a_regressor(grid):
    factors = grid(15, 15) / 15
    scores = dci(factors[:, ::-1], factors)
    assert scores.disentanglement == pytest.approx(1, abs=1e-3)
    assert scores.completeness == pytest.approx(1, abs=1e-3)
    assert 0.99 < scores.informativeness < 1
    assert scores.importance.argmax(axis=0).tolist() == [1, 0]


def test_a_factor_in_two_of_four_codes_is_half_complete(grid):
    """1 - log 2 / log 4, and 1 for the factor in one code; each code matters for one factor alone."""
    factors = grid(4, 3, copies=8)
    codes = np.concatenate([factors[:, [0, 0, 1]], np.ones((96, 1))], axis=1)
    scores = linear(codes, factors)
    assert scores.completeness == pytest.approx((1 / 2 + 1) / 2)
    assert scores.disentanglement == pytest.approx(1)


def test_two_of_four_factors_in_one_code_are_half_disentangled(grid):
    """1 - log 2 / log 4 for the first code, of weight 1/2, and 1 for both others, of weight 1/4."""
    scores = given(grid, [[1, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]])
    assert scores.disentanglement == pytest.approx(1 / 2 * 1 / 2 + 1 / 4 + 1 / 4)
    assert scores.completeness == pytest.approx(1)


def test_codes_count_by_their_importance_and_factors_equally(grid):
    """The second code matters a quarter; a factor for which no code matters has completeness 0."""
    scores = given(grid, [[3, 3, 0], [2, 0, 0]])
    first = 1 - entropy([0.5, 0.5]) / np.log(3)
    assert scores.disentanglement == pytest.approx(6 / 8 * first + 2 / 8)
    assert scores.completeness == pytest.approx((1 - entropy([0.6, 0.4], base=2) + 1 + 0) / 3)
    assert scores.informativeness == 1


@pytest.mark.parametrize("degrees", [45, 30, 10])
def test_rotated_codes_have_the_entropy_of_the_rotation(degrees, grid, rotated):
    factors = grid(5, 5, copies=4) / 5
    scores = linear(rotated(factors, degrees), factors)
    sides = np.array([np.cos(np.radians(degrees)), np.sin(np.radians(degrees))])
    expected = 1 - entropy(sides / sides.sum(), base=2)
    assert scores.disentanglement == pytest.approx(expected)
    assert scores.completeness == pytest.approx(expected)
    assert scores.informativeness == pytest.approx(1)


def test_gradient_boosting_finds_codes_rotated_by_45_degrees_hardly_disentangled(grid, rotated):
    factors = grid(15, 15) / 15
    scores = dci(rotated(factors, 45), factors)
    assert scores.disentanglement < 0.1
    assert scores.completeness < 0.1
    assert scores.informativeness > 0.9


def test_noise_is_at_chance():
    rng = np.random.default_rng(0)
    scores = dci(rng.normal(size=(900, 4)), rng.integers(0, 3, (900, 2)))
    assert scores.disentanglement < 0.1
    assert scores.completeness < 0.1
    assert scores.informativeness == pytest.approx(1 / 3, abs=0.07)


def test_constant_codes_have_no_importance_and_give_0(grid):
    factors = grid(2, 2, copies=20)
    scores = dci(np.ones((80, 3)), factors)
    assert (scores.disentanglement, scores.completeness) == (0, 0)
    assert not scores.importance.any()


def test_the_importances_and_scores_are_those_of_scikit_learn():
    rng = np.random.default_rng(1)
    factors = np.stack([rng.integers(0, 3, 240), rng.normal(size=240)], axis=1)
    codes = factors @ rng.normal(size=(2, 3)) + 0.3 * rng.normal(size=(240, 3))
    fit, held_out = held_out_split(factors, seed=2)
    classifier = GradientBoostingClassifier(random_state=2).fit(codes[fit], factors[fit, 0])
    regressor = GradientBoostingRegressor(random_state=2).fit(codes[fit], factors[fit, 1])
    r = np.stack([classifier.feature_importances_, regressor.feature_importances_], axis=1)
    hits = np.mean(classifier.predict(codes[held_out]) == factors[held_out, 0])
    error = np.mean((regressor.predict(codes[held_out]) - factors[held_out, 1]) ** 2)
    scores = dci(codes, factors, seed=2)
    np.testing.assert_allclose(scores.importance, r, atol=1e-9)
    code_weight = r.sum(axis=1) / r.sum()
    assert scores.disentanglement == pytest.approx(code_weight @ (1 - entropy(r.T, base=2)), abs=1e-6)
    assert scores.completeness == pytest.approx(np.mean(1 - entropy(r, base=3)), abs=1e-6)
    informativeness = (hits + 1 - error / factors[held_out, 1].var()) / 2
    assert scores.informativeness == pytest.approx(informativeness, abs=1e-6)


def test_another_classifier_is_copied_and_left_unfitted(grid):
    factors = grid(4, 3, copies=8)
    forest = RandomForestClassifier(n_estimators=10, max_features=None, random_state=0)
    scores = dci(factors, factors, classifier=forest)
    assert not hasattr(forest, "estimators_")
    assert scores.disentanglement == pytest.approx(1)
    assert scores.informativeness == 1


@pytest.mark.parametrize(("columns", "argument"), [((1, 2), "codes"), ((2, 1), "factors")])
def test_one_code_or_one_factor_is_rejected(columns, argument, grid):
    factors = grid(2, 2, copies=9)
    with pytest.raises(InvalidInput, match=f"{argument}: expected .* at least 2"):
        dci(factors[:, : columns[0]], factors[:, : columns[1]])
