"""A warning while a model trains that ignores z."""

import numpy as np
import pytest

import tfvae
from tfvae.callbacks import PosteriorCollapse
from tfvae.evaluation import LatentUse


def _fit(beta, x, epochs, patience=3):
    messages = []
    watch = PosteriorCollapse(x[:200], patience=patience, warn=messages.append)
    vae = tfvae.zoo.beta_vae((64,), latent_dim=4, beta=beta, likelihood=tfvae.likelihoods.Bernoulli((64,)))
    vae.compile(tfvae.optimizers.Adam(3e-3))
    vae.fit(x, batch_size=64, epochs=epochs, verbose=0, callbacks=[watch])
    return watch, messages


def test_a_rate_that_costs_too_much_is_warned_of_once(flat):
    watch, messages = _fit(1000.0, flat, epochs=5)
    assert [verdict.use for verdict in watch.verdicts[1:]] == [LatentUse.COLLAPSED] * 4
    assert watch.verdicts[-1].rate < 0.01
    assert len(messages) == 1
    assert messages[0].startswith("posterior collapse since epoch ")
    assert "0 of 4 latent dimensions are active" in messages[0]
    assert "KL warm-up" in messages[0]


def test_a_model_that_uses_its_latent_space_is_not_warned_of(flat):
    watch, messages = _fit(0.1, flat, epochs=8, patience=8)
    assert watch.verdicts[-1].use is LatentUse.IN_USE
    assert messages == []


def test_a_short_training_is_warned_of_at_its_end(flat):
    with pytest.warns(UserWarning, match="posterior collapse since epoch 1: 0 of 2"):
        tfvae.zoo.vae((64,), latent_dim=2).fit(
            np.zeros((8, 64)), verbose=0, callbacks=[PosteriorCollapse(np.zeros((8, 64)))]
        )


def test_patience_is_at_least_one_epoch():
    with pytest.raises(tfvae.InvalidInput, match="patience"):
        PosteriorCollapse(np.zeros((8, 4)), patience=0)
