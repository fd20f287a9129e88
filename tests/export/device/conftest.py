"""A LiteRT file whose facts and code are tested."""

import pytest

import tfvae
from tfvae.data import Standardize


@pytest.fixture(scope="package")
def export(tmp_path_factory):
    """Two endpoints of a model of a table, with its preprocessing."""
    return tfvae.export.litert(
        tfvae.zoo.vae((3,), latent_dim=2),
        tmp_path_factory.mktemp("device") / "pump_2.tflite",
        ["encode", "score"],
        preprocessing=Standardize(offset=[1.0, -50.0, 1000.0], scale=[0.1, 5.0, 200.0]),
        label="a pump's sensors",
        threshold=12.5,
    )
