"""Two small trained runs: one on images, one on a standardised table."""

import numpy as np
import pytest

import tfvae
from tfvae.pipelines import train
from tfvae.pipelines.usage import TrainingOptions


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


@pytest.fixture
def same_model():
    """Return a function that asserts that two models are equal, bit for bit."""

    def compare(first, second):
        assert isinstance(first, tfvae.LatentModel)
        state = [*first.weights, *first.optimizer.variables]
        other = [*second.weights, *second.optimizer.variables]
        assert len(state) == len(other)
        for one, two in zip(state, other, strict=True):
            # The noise of evaluation starts anew at each use, so where it stopped means nothing.
            if "evaluation_noise" not in one.path:
                assert np.array(one).tobytes() == np.array(two).tobytes(), one.path

    return compare
