"""Recipes with KL warm-up: the weight of the rate rises linearly to 1 over the first steps."""

import pytest

import tfvae

NAMES = ["annealed_vae", "mixture_vae", "vamp_vae", "flow_prior_vae", "discrete_vae", "hi_vae"]


@pytest.mark.parametrize("name", NAMES)
def test_the_weight_rises_over_the_warm_up_steps(name):
    sizes = {} if name == "discrete_vae" else {"latent_dim": 2}
    model = getattr(tfvae.zoo, name)((4,), **sizes, warmup_steps=8)
    assert [float(model.objective.beta(step)) for step in (0.0, 2.0, 8.0, 9.0)] == [0.0, 0.25, 1.0, 1.0]


@pytest.mark.parametrize("name", ["mixture_vae", "vamp_vae", "flow_prior_vae"])
def test_learned_priors_have_no_warm_up_by_default(name):
    assert float(getattr(tfvae.zoo, name)((4,), latent_dim=2).objective.beta(0.0)) == 1.0


@pytest.mark.parametrize("name", ["discrete_vae", "hi_vae"])
def test_recipes_that_collapse_without_it_have_a_warm_up_by_default(name):
    assert float(getattr(tfvae.zoo, name)((4,)).objective.beta(0.0)) == 0.0
