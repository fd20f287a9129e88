"""The beta-VAE score in closed form: of observed codes, and by interventions on a ground truth."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from tfvae.core.errors import InvalidInput
from tfvae.evaluation import beta_vae_protocol, beta_vae_score
from tfvae.evaluation.disentanglement.interventions import ObservedInterventions

NUMBERS = {"batch_size": 32, "num_train": 900, "num_eval": 900}


@pytest.fixture(params=["observed", "ground truth"])
def score(request, grid, toy):
    """Return a function that gives the score of an encoder of factors of some sizes."""

    def of(encoder, *sizes):
        if request.param == "observed":
            factors = grid(*sizes, copies=3)
            return beta_vae_score(encoder(factors), factors, **NUMBERS)
        return beta_vae_protocol(encoder, toy(*sizes), **NUMBERS)

    return of


def test_one_code_for_each_factor_gives_1(score):
    assert score(lambda v: v[:, [2, 0, 1]] * [-0.3, 1, 0.2] + 5, 5, 6, 7) == 1


def test_a_factor_in_two_codes_or_two_factors_in_one_code_can_be_told(score):
    """Where a is shared, code a + b varies less."""
    assert score(lambda v: v[:, [0, 0, 1]], 5, 6) == 1
    assert score(lambda v: np.stack([v[:, 0] + v[:, 1], v[:, 2]], axis=1), 9, 2, 5) > 0.95


def test_codes_rotated_by_45_degrees_are_at_chance(score, rotated):
    assert score(lambda v: rotated(v, 45), 8, 8) == pytest.approx(1 / 2, abs=0.07)


def test_factors_that_the_codes_do_not_contain_share_the_guesses(score):
    """The factor of the code is told always, either other one half of the time."""
    assert score(lambda v: v[:, :1], 5, 6, 7) == pytest.approx(2 / 3, abs=0.05)


def test_constant_codes_are_at_chance(score):
    assert score(lambda v: np.ones((len(v), 2)), 5, 6, 7) == pytest.approx(1 / 3, abs=1e-9)


def test_noise_is_at_chance():
    rng = np.random.default_rng(0)
    value = beta_vae_score(rng.normal(size=(2000, 4)), rng.integers(0, 5, (2000, 2)), **NUMBERS)
    assert value == pytest.approx(1 / 2, abs=0.07)


def test_a_continuous_factor_is_shared_within_a_group():
    factors = np.random.default_rng(0).normal(size=(2000, 3))
    assert beta_vae_score(factors, factors, **NUMBERS) == 1


def test_it_is_that_of_points_made_one_by_one():
    rng = np.random.default_rng(1)
    factors = rng.integers(0, 4, (200, 3)).astype(float)
    codes = factors @ rng.normal(size=(3, 2)) + rng.normal(size=(200, 2))
    draws = np.random.default_rng(6)
    interventions = ObservedInterventions(codes, factors)
    fixed = interventions.fixed_factors(120, 60, draws)
    first, second = interventions.pairs(fixed, 4, draws)
    points = [
        sum(abs(a - b) for a, b in zip(*pair, strict=True)) / 4 for pair in zip(first, second, strict=True)
    ]
    classifier = LogisticRegression().fit(points[:120], fixed[:120])
    expected = np.mean(classifier.predict(points[120:]) == fixed[120:])
    value = beta_vae_score(codes, factors, batch_size=4, num_train=120, num_eval=60, seed=6)
    assert value == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize(
    ("numbers", "text"),
    [
        ({"batch_size": 0}, "batch_size: expected an integer of at least 1"),
        ({"num_train": 1}, "num_train: expected an integer of at least 2"),
        ({"num_eval": 0}, "num_eval: expected an integer of at least 1"),
        ({"seed": -1}, "seed: expected an integer of at least 0"),
    ],
)
def test_other_numbers_are_rejected(numbers, text, grid, toy):
    factors = grid(2, 2, copies=2)
    with pytest.raises(InvalidInput, match=text):
        beta_vae_score(factors, factors, **numbers)
    with pytest.raises(InvalidInput, match=text):
        beta_vae_protocol(lambda x: x, toy(2, 2), **numbers)
    with pytest.raises(InvalidInput, match="num_groups: expected an integer of at least 2"):
        beta_vae_score(factors, factors, num_groups=1)


def test_one_factor_alone_is_rejected(grid, toy):
    with pytest.raises(InvalidInput, match="factors: expected .* at least 2"):
        beta_vae_score(grid(2, 2), grid(2, 2)[:, :1])
    with pytest.raises(InvalidInput, match="factors: expected at least two factors"):
        beta_vae_protocol(lambda x: x, toy(3))
