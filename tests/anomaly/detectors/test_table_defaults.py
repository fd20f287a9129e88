"""The default model of tables."""

import numpy as np
import pytest
from sklearn.datasets import load_wine

from tfvae.anomaly import VAEDetector
from tfvae.anomaly.detectors import table_defaults


@pytest.mark.parametrize(("columns", "latent_dim"), [(1, 1), (2, 2), (7, 2), (16, 3), (36, 4), (200, 7)])
def test_the_model_has_few_latent_dimensions(columns, latent_dim):
    assert table_defaults.model((columns,)).latent_dim == latent_dim


@pytest.mark.parametrize(("trim", "share"), [(None, 0.1), (0.0, 0.0), (0.3, 0.3)])
def test_the_objective_leaves_out_the_share_asked_for(trim, share):
    x = np.random.default_rng(0).normal(size=(100, 3))
    fitted = VAEDetector(score="log_likelihood", trim=trim, epochs=1).fit(x)
    assert fitted.scorer_.model.objective.share == share


@pytest.mark.parametrize(("rows", "epochs"), [(100, 500), (1000, 250), (10_000, 25), (1_000_000, 10)])
def test_training_takes_about_2500_steps_and_10_to_500_passes(rows, epochs):
    assert table_defaults.epochs(rows, batch_size=100) == epochs


def test_few_rows_are_not_learned_by_heart():
    """New rows score about as the training rows do; 2,500 passes would lift them by 1 to 4 nats."""
    rows = np.random.default_rng(0).permutation(load_wine().data)
    fitted = VAEDetector().fit(rows[:80])
    known, new = (np.median(fitted.anomaly_scores(part)) for part in (rows[:80], rows[80:]))
    assert new - known < 2
