"""Data and models that many tests use."""

import gc

import keras
import numpy as np
import pytest
import tensorflow as tf
from sklearn.datasets import load_digits

import tfvae


def pytest_collectstart(collector):
    """Models that a module makes for its parameters draw the same seeds in every run."""
    if isinstance(collector, pytest.Module):
        keras.utils.set_random_seed(7)


@pytest.fixture(autouse=True, scope="module")
def _old_objects_are_not_searched_again():
    """TensorFlow keeps every graph; without this the garbage collector takes a fifth of the tests' time."""
    yield
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def _same_start():
    """Every test starts from the same random state and in float32, and so do fixtures of a module."""
    keras.utils.set_random_seed(7)
    keras.config.set_dtype_policy("float32")
    yield
    keras.config.set_dtype_policy("float32")


@pytest.fixture(scope="session")
def digits():
    """1,797 digits [n, 8, 8, 1] in [0, 1]."""
    return (load_digits().images[..., np.newaxis] / 16).astype("float32")


@pytest.fixture(scope="session")
def flat(digits):
    """The digits as vectors [n, 64]."""
    return digits.reshape(len(digits), -1)


@pytest.fixture(scope="session")
def two_replicas():
    """One strategy for all tests: a second one would reuse the first one's collective keys."""
    return tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])


class Silent(tfvae.posteriors.Normal):
    """A normal posterior whose noise is switched off."""

    def noise(self, shape, seed):
        return tf.zeros((*shape, self.latent_dim))


@pytest.fixture
def small_vae():
    """Return a function that makes a small VAE for vectors of 64 numbers in [0, 1]."""

    def make(posterior=None, objective=None, size=64, seed=None):
        return tfvae.VAE(
            encoder=tfvae.networks.mlp((32,), "tanh"),
            decoder=tfvae.networks.mlp((32,), "tanh"),
            posterior=posterior or tfvae.posteriors.Normal(4),
            likelihood=tfvae.likelihoods.Bernoulli((size,)),
            objective=objective,
            seed=seed,
        )

    return make


@pytest.fixture
def silent():
    """Return the class of posteriors without noise."""
    return Silent


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
