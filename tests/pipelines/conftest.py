"""Two small trained runs: one on images, one on a standardized table."""

import numpy as np
import pytest

from tfvae.pipelines.runs import train
from tfvae.pipelines.runs.training_options import TrainingOptions


@pytest.fixture(scope="session")
def table(tmp_path_factory):
    """A CSV table with columns far from 0 and of different spread."""
    x = np.random.default_rng(1).normal([100.0, -3.0, 0.0, 5.0], [20.0, 0.1, 1.0, 2.0], (300, 4))
    path = tmp_path_factory.mktemp("data") / "table.csv"
    np.savetxt(path, x, delimiter=",", header="a,b,c,d", comments="", fmt="%.4f")
    return path


@pytest.fixture(scope="session")
def image_run(tmp_path_factory):
    """A run on digits, two epochs."""
    path = tmp_path_factory.mktemp("runs") / "digits"
    return train.start(path, "vae", {"latent_dim": 2}, "sklearn:digits", TrainingOptions(epochs=2))


@pytest.fixture(scope="session")
def table_run(tmp_path_factory, table):
    """A run on the table, two epochs."""
    path = tmp_path_factory.mktemp("runs") / "table"
    options = TrainingOptions(epochs=2, batch_size=50, validation=0.2, steps_per_execution=3)
    return train.start(path, "beta_vae", {"latent_dim": 2, "beta": 0.5}, str(table), options)
