"""Factors and codes whose measures are known in closed form."""

import itertools

import numpy as np
import pytest


@pytest.fixture
def grid():
    """Return a function that gives all combinations of factors of these sizes, `copies` times, int [N, K]."""

    def make(*sizes, copies=1):
        return np.array(list(itertools.product(*map(range, sizes))) * copies)

    return make


@pytest.fixture
def rotated():
    """Return a function that turns two columns by an angle in degrees."""

    def turn(columns, degrees):
        c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
        return columns @ np.array([[c, -s], [s, c]])

    return turn


class ToyGroundTruth:
    """Independent factors of some sizes; the observations are the factors, times `scale`."""

    def __init__(self, *sizes, scale=1.0):
        self.sizes, self.scale = sizes, scale

    def sample_factors(self, num_samples, rng):
        return rng.integers(0, self.sizes, (num_samples, len(self.sizes)))

    def sample_observations(self, factors, rng):
        return factors * self.scale


@pytest.fixture
def toy():
    """Return the class of ground truths whose observations are the factors."""
    return ToyGroundTruth
