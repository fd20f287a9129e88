"""Models that the pages show."""

import pytest

import tfvae


@pytest.fixture(scope="package")
def image_vae():
    return tfvae.zoo.cvae((8, 8, 1), condition_dim=10, latent_dim=3)


@pytest.fixture(scope="package")
def table_vae():
    return tfvae.zoo.hi_vae((3,), latent_dim=2, columns=("real", "count", "category:3"))
