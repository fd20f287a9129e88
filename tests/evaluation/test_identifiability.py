"""The mean correlation coefficient by hand, and its invariances."""

import itertools

import numpy as np
import pytest

import tfvae
from tfvae.core.errors import InvalidInput
from tfvae.evaluation import mean_correlation_coefficient, rank_correlation_coefficient


@pytest.fixture
def sources():
    return np.random.default_rng(0).laplace(size=(500, 4))


def test_by_hand():
    s = np.array([[1.0, 1.0], [1.0, -1.0], [-1.0, 1.0], [-1.0, -1.0]])  # orthogonal, of variance 1
    mixed = np.stack([0.6 * s[:, 0] + 0.8 * s[:, 1], s[:, 0]], axis=1)
    # Correlations: 0.6 and 0.8 with the first, 1 and 0 with the second: (0.8 + 1) / 2 beats (0.6 + 0) / 2.
    assert mean_correlation_coefficient(s, mixed) == pytest.approx(0.9)
    assert mean_correlation_coefficient(s[:, :1], mixed[:, :1]) == pytest.approx(0.6)


def test_it_is_the_best_of_all_assignments(sources):
    latent = sources @ np.random.default_rng(1).normal(size=(4, 4))
    correlation = np.abs(np.corrcoef(sources.T, latent.T)[:4, 4:])
    best = max(correlation[range(4), order].mean() for order in itertools.permutations(range(4)))
    assert mean_correlation_coefficient(sources, latent) == pytest.approx(best)
    assert best < 0.99


def test_order_sign_offset_and_scale_make_no_difference(sources):
    latent = sources @ np.random.default_rng(1).normal(size=(4, 4))
    value = mean_correlation_coefficient(sources, latent)
    moved = latent[:, [2, 0, 3, 1]] * [-1, 3, 0.01, -100] + [0, 5, -1, 1e3]
    assert mean_correlation_coefficient(sources, moved) == pytest.approx(value)
    assert mean_correlation_coefficient(sources, -sources[:, ::-1] * 7 + 2) == pytest.approx(1)
    assert rank_correlation_coefficient(sources, -np.sinh(sources[:, ::-1])) == pytest.approx(1)
    assert mean_correlation_coefficient(sources, np.sinh(3 * sources)) < 0.9


def test_more_latent_dimensions_than_sources_and_constant_ones(sources):
    rng = np.random.default_rng(2)
    latent = np.concatenate([rng.normal(size=(500, 2)), sources, np.ones((500, 1))], axis=1)
    assert mean_correlation_coefficient(sources, latent) == pytest.approx(1)
    assert mean_correlation_coefficient(sources, np.ones((500, 4))) == 0
    assert mean_correlation_coefficient(sources, rng.normal(size=(500, 4))) < 0.2


@pytest.mark.parametrize(
    ("sources", "latent", "text"),
    [
        (np.zeros((5, 2)), np.zeros((4, 2)), "latent: expected 5 rows"),
        (np.zeros((5, 2)), np.zeros((5, 1)), "at least 2 dimensions"),
        (np.zeros(5), np.zeros((5, 1)), "sources: expected finite numbers"),
        (np.zeros((5, 1)), np.full((5, 1), np.nan), "latent: expected finite numbers"),
    ],
)
def test_shapes_and_numbers_are_checked(sources, latent, text):
    with pytest.raises(InvalidInput, match=text):
        mean_correlation_coefficient(sources, latent)


def test_the_identifiable_vae_finds_scaled_sources_where_the_plain_one_cannot():
    """N(0, I) is invariant to rotations; scales that differ by segment are not."""
    rng = np.random.default_rng(4)
    segment = np.repeat(np.arange(10), 300)
    s = rng.normal(size=(3000, 2)) * rng.uniform(0.1, 3, (10, 2))[segment]
    s /= s.std(axis=0)
    angle = np.pi / 4
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    x = (s @ turn + 0.05 * rng.normal(size=s.shape)).astype("float32")
    model = tfvae.zoo.ivae((2,), 10, 2, layers=(32,))
    model.compile(tfvae.optimizers.Adam(5e-3))
    inputs = {"x": x, "condition": np.eye(10, dtype="float32")[segment]}
    model.fit(inputs, batch_size=200, epochs=60, verbose=0)
    found = model.predict(inputs, verbose=0)["latent"]
    assert mean_correlation_coefficient(s, x) < 0.8
    assert mean_correlation_coefficient(s, found) > 0.95
