"""Recipes with a learned prior, whose rate can be raised slowly."""

import pytest

import tfvae


@pytest.mark.parametrize("name", ["annealed_vae", "mixture_vae", "vamp_vae", "flow_prior_vae"])
def test_the_rate_is_raised_over_the_steps_asked_for(name):
    model = getattr(tfvae.zoo, name)((4,), latent_dim=2, warmup_steps=8)
    assert [float(model.objective.beta(step)) for step in (0.0, 2.0, 8.0, 9.0)] == [0.0, 0.25, 1.0, 1.0]


@pytest.mark.parametrize("name", ["mixture_vae", "vamp_vae", "flow_prior_vae"])
def test_without_being_asked_it_is_not(name):
    assert float(getattr(tfvae.zoo, name)((4,), latent_dim=2).objective.beta(0.0)) == 1.0
