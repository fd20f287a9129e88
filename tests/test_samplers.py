"""Latent points: their distribution and position, and that they are decoded as by the model."""

import numpy as np
import pytest

import tfvae
from tfvae import samplers


@pytest.fixture(scope="module")
def vae():
    return tfvae.zoo.vae((8, 8, 1), latent_dim=5)


def test_draws_from_the_prior_follow_from_the_seed(vae):
    first = samplers.prior(vae, 50, seed=3)
    np.testing.assert_array_equal(first, samplers.prior(vae, 50, seed=3))
    assert not np.isclose(first, samplers.prior(vae, 50, seed=4)).any()


def test_draws_from_the_prior_have_its_moments(vae):
    z = samplers.prior(vae, 20_000, seed=0)
    standard_error = 1 / np.sqrt(len(z))
    np.testing.assert_allclose(z.mean(0), 0, atol=5 * standard_error)
    np.testing.assert_allclose(np.cov(z.T), np.eye(5), atol=8 * standard_error)


def test_draws_are_transformed_by_the_prior(vae, monkeypatch):
    before = samplers.prior(vae, 4, seed=0)
    monkeypatch.setattr(vae.prior, "transform", lambda noise, *others: 2 * noise + 1)
    np.testing.assert_allclose(samplers.prior(vae, 4, seed=0), 2 * before + 1, rtol=1e-6)


def test_decoded_draws_are_the_models_samples(vae):
    decoded = samplers.decode(vae, samplers.prior(vae, 6, seed=2))
    np.testing.assert_allclose(decoded, vae.sample(6, seed=2), atol=1e-6)


def test_a_traversal_changes_one_dimension_only(vae):
    z0 = samplers.prior(vae, 1, seed=1)[0]
    points = samplers.traversals(vae, z0, dimensions=[4, 1], span=2.5, steps=7)
    assert points.shape == (2, 7, 5)
    for row, dimension in zip(points, (4, 1), strict=True):
        others = [other for other in range(5) if other != dimension]
        np.testing.assert_array_equal(row[:, others], np.tile(z0[others], (7, 1)))
        np.testing.assert_allclose(row[:, dimension], np.linspace(-2.5, 2.5, 7), rtol=1e-6)


def test_a_walk_does_not_change_its_point(vae):
    z = np.zeros(5, "float32")
    samplers.walk(vae, z, 2, [1.0, 2.0])
    assert not z.any()


def test_decode_keeps_the_order_of_leading_axes(vae):
    points = samplers.prior(vae, 6, seed=0).reshape(2, 3, 5)
    decoded = samplers.decode(vae, points)
    assert decoded.shape == (2, 3, 8, 8, 1)
    np.testing.assert_allclose(decoded[1, 2], samplers.decode(vae, points[1, 2]), atol=1e-6)


def test_decoding_in_parts_makes_no_difference(vae, monkeypatch):
    points = samplers.prior(vae, 7, seed=0)
    whole = samplers.decode(vae, points)
    monkeypatch.setattr(samplers, "_DECODED_AT_ONCE", 3)
    np.testing.assert_allclose(samplers.decode(vae, points), whole, atol=1e-6)


def test_grid_covers_the_prior_evenly(vae):
    grid = samplers.grid2d(vae, side=9, dimensions=(3, 0), coverage=0.8)
    assert grid.shape == (9, 9, 5)
    assert not grid[..., [1, 2, 4]].any()
    columns, rows = grid[0, :, 3], grid[:, 0, 0]
    assert (np.diff(columns) > 0).all()
    assert (np.diff(rows) < 0).all()
    draws = samplers.prior(vae, 100_000, seed=0)[:, 3]
    shares = np.histogram(draws, columns)[0] / len(draws)
    np.testing.assert_allclose(shares, 0.1, atol=0.005)


@pytest.mark.parametrize(
    ("call", "argument"),
    [
        (lambda vae: samplers.prior(vae, 0), "n"),
        (lambda vae: samplers.walk(vae, np.zeros(5), 5, [0.0]), "dimension"),
        (lambda vae: samplers.walk(vae, np.zeros(5), -1, [0.0]), "dimension"),
        (lambda vae: samplers.walk(vae, np.zeros(4), 0, [0.0]), "z"),
        (lambda vae: samplers.walk(vae, np.zeros(5), 0, []), "values"),
        (lambda vae: samplers.traversals(vae, np.zeros(5), []), "dimensions"),
        (lambda vae: samplers.traversals(vae, np.zeros(5), [0], span=0), "span"),
        (lambda vae: samplers.traversals(vae, np.zeros(5), [0], steps=1), "steps"),
        (lambda vae: samplers.grid2d(vae, coverage=1.0), "coverage"),
        (lambda vae: samplers.grid2d(vae, dimensions=(0, 7)), "dimension"),
        (lambda vae: samplers.decode(vae, np.zeros((2, 4))), "z"),
    ],
)
def test_errors_name_the_argument(vae, call, argument):
    with pytest.raises(tfvae.InvalidInput, match=f"^{argument}: expected"):
        call(vae)
