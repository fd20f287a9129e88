"""All measures at once, by a ground truth."""

import dataclasses

import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier

import tfvae
from tfvae.core.errors import InvalidInput
from tfvae.evaluation import evaluate_disentanglement, explicitness, mig, modularity, sap

NUMBERS = {"num_samples": 600, "batch_size": 16, "num_train": 300, "num_eval": 300}


def test_the_factors_themselves_are_best_but_for_the_chance_of_the_svm(toy):
    """A machine that sees the other code guesses one of two values."""
    scores = evaluate_disentanglement(lambda x: x * [-0.5, 2.0], toy(2, 2), **NUMBERS)
    assert scores.sap == pytest.approx(1 / 2, abs=0.1)
    assert scores.mig == pytest.approx(1, abs=0.01)
    assert scores.modularity == pytest.approx(1, abs=0.01)
    assert scores.beta_vae_score == pytest.approx(1, abs=0.03)
    assert (scores.factor_vae_score, scores.explicitness) == (1, 1)
    best = (scores.dci.disentanglement, scores.dci.completeness, scores.dci.informativeness)
    assert best == pytest.approx((1, 1, 1), abs=0.01)


def test_each_score_is_that_of_its_own_function(toy):
    truth = toy(3, 4)
    scores = evaluate_disentanglement(
        lambda x: x @ [[1, 0.3], [0.2, 1]], truth, **NUMBERS, num_bins=10, seed=4
    )
    factors = truth.sample_factors(600, np.random.default_rng(4))
    codes = factors @ [[1, 0.3], [0.2, 1]]
    assert scores.mig == mig(codes, factors, num_bins=10)
    assert scores.sap == sap(codes, factors, seed=4)
    assert scores.modularity == modularity(codes, factors, num_bins=10)
    assert scores.explicitness == explicitness(codes, factors, seed=4)


def test_the_scores_of_a_model_repeat(toy):
    """Untrained, it mixes both factors."""
    vae = tfvae.zoo.vae((2,), latent_dim=3)
    forest = RandomForestClassifier(n_estimators=5, max_features=None, max_depth=3, random_state=0)

    def scores():
        found = evaluate_disentanglement(vae, toy(4, 5), **NUMBERS, classifier=forest)
        found = dataclasses.asdict(found)
        assert found["dci"].pop("importance").shape == (3, 2)
        return {**found.pop("dci"), **found}

    first = scores()
    assert scores() == first
    assert all(0 <= value <= 1 for value in first.values())
    assert first["mig"] < 0.7


def test_too_few_samples_for_the_values_of_a_factor_are_rejected(toy):
    with pytest.raises(InvalidInput, match="codes: expected at least 800 rows"):
        evaluate_disentanglement(lambda x: x, toy(2, 40), **NUMBERS)
