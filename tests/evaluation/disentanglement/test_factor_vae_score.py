"""The FactorVAE score in closed form: of observed codes, and by interventions on a ground truth."""

import collections

import numpy as np
import pytest
import scipy.linalg

from tfvae.core.errors import InvalidInput
from tfvae.evaluation import factor_vae_protocol, factor_vae_score
from tfvae.evaluation.disentanglement.interventions import ObservedInterventions

NUMBERS = {"batch_size": 32, "num_train": 900, "num_eval": 900}


@pytest.fixture(params=["observed", "ground truth"])
def score(request, grid, toy):
    """Return a function that gives the score of an encoder of factors of some sizes."""

    def of(encoder, *sizes, **options):
        if request.param == "observed":
            factors = grid(*sizes, copies=3)
            return factor_vae_score(encoder(factors), factors, **{**NUMBERS, **options})
        options["num_variance_estimate"] = 1000
        return factor_vae_protocol(encoder, toy(*sizes), **{**NUMBERS, **options})

    return of


def test_one_code_for_each_factor_gives_1_at_any_scale(score):
    assert score(lambda v: v[:, [2, 0, 1]] * [-0.3, 1, 50] + 5, 5, 6, 7) == 1


def test_a_factor_in_two_codes_gives_1(score):
    assert score(lambda v: v[:, [0, 0, 1]], 5, 6) == 1


def test_two_factors_in_one_code_are_told_half_of_the_time(score):
    """Code a + b varies least where a is shared, and where b is."""
    value = score(lambda v: np.stack([v[:, 0] + v[:, 1], v[:, 2]], axis=1), 6, 6, 5)
    assert value == pytest.approx(2 / 3, abs=0.02)


def test_rotated_codes_that_share_each_factor_equally_are_at_chance(score):
    """Four codes with a quarter of the variance of each factor; which one varies least is chance."""
    rotation = scipy.linalg.hadamard(4) / 2
    assert score(lambda v: v @ rotation, 4, 4, 4, 4) == pytest.approx(1 / 4, abs=0.06)


def test_one_code_tells_one_of_three_factors(score):
    assert score(lambda v: v[:, :1], 5, 6, 7) == pytest.approx(1 / 3)


def test_inactive_codes_are_left_out(score):
    assert score(lambda v: np.ones((len(v), 2)), 5, 6) == 0
    assert score(lambda v: v * 0.01, 5, 6) == 0
    assert score(lambda v: v * 0.01, 5, 6, threshold=0.001) == 1


def test_a_constant_code_is_inactive_also_where_rounding_gives_it_a_variance(score):
    """Of 0.3, in all rows but not in a batch of 8, so that it would vary least."""
    constant = 0.3
    assert np.full((90, 1), constant).std(axis=0) > 0 == np.full((8, 1), constant).std(axis=0)

    def encoder(v):
        return np.concatenate([0 * v[:, :1] + constant, v], axis=1)

    assert score(encoder, 5, 6, threshold=0, batch_size=8) == 1


def test_noise_is_at_chance():
    rng = np.random.default_rng(0)
    value = factor_vae_score(rng.normal(size=(2000, 4)), rng.integers(0, 5, (2000, 2)), **NUMBERS)
    assert value == pytest.approx(1 / 2, abs=0.07)


def test_a_continuous_factor_is_shared_within_a_group():
    factors = np.random.default_rng(0).normal(size=(2000, 3))
    assert factor_vae_score(factors, factors, **NUMBERS) == 1


def test_it_is_that_of_votes_counted_one_by_one():
    rng = np.random.default_rng(1)
    factors = rng.integers(0, 4, (200, 3)).astype(float)
    codes = factors @ rng.normal(size=(3, 4)) + rng.normal(size=(200, 4))
    draws = np.random.default_rng(6)
    interventions = ObservedInterventions(codes, factors)
    fixed = interventions.fixed_factors(120, 60, draws).tolist()
    batches = interventions.batches(np.array(fixed), 8, draws)
    least = [int(np.argmin(np.var(b, axis=0, ddof=1) / np.var(codes, axis=0, ddof=1))) for b in batches]
    votes = collections.Counter(zip(least[:120], fixed[:120], strict=True))
    guess = {code: max(range(3), key=lambda k: votes[code, k]) for code in range(4)}
    expected = np.mean([guess[code] == k for code, k in zip(least[120:], fixed[120:], strict=True)])
    value = factor_vae_score(codes, factors, batch_size=8, num_train=120, num_eval=60, seed=6)
    assert value == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize(
    ("numbers", "text"),
    [
        ({"batch_size": 1}, "batch_size: expected an integer of at least 2"),
        ({"num_train": 1}, "num_train: expected an integer of at least 2"),
        ({"num_eval": 0}, "num_eval: expected an integer of at least 1"),
        ({"threshold": -1}, "threshold: expected a number of at least 0"),
        ({"seed": -1}, "seed: expected an integer of at least 0"),
    ],
)
def test_other_numbers_are_rejected(numbers, text, grid, toy):
    factors = grid(2, 2, copies=2)
    with pytest.raises(InvalidInput, match=text):
        factor_vae_score(factors, factors, **numbers)
    with pytest.raises(InvalidInput, match=text):
        factor_vae_protocol(lambda x: x, toy(2, 2), **numbers)


def test_too_few_observations_for_a_variance_are_rejected(toy):
    with pytest.raises(InvalidInput, match="num_variance_estimate: expected an integer of at least 2"):
        factor_vae_protocol(lambda x: x, toy(2, 2), num_variance_estimate=1)
