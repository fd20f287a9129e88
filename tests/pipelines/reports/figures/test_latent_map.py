"""Latent locations in two dimensions: unchanged, or projected onto principal components."""

import numpy as np
import pytest

from tfvae.pipelines.reports.figures.latent_map import latent_map, projected


def test_two_latent_dimensions_are_shown_unchanged():
    latent = np.random.default_rng(0).normal(size=(10, 2))
    points, names, sentence = projected(latent)
    np.testing.assert_array_equal(points, latent)
    assert names == ("z[0]", "z[1]")
    assert "principal" not in sentence


def test_more_dimensions_are_projected_onto_the_directions_of_most_variance():
    generator = np.random.default_rng(0)
    rotation = np.linalg.qr(generator.normal(size=(4, 4)))[0]
    latent = generator.normal(size=(500, 4)) * [5, 3, 0.1, 0.1] @ rotation.T + 7
    points, _, sentence = projected(latent)
    covariance = np.cov(points.T)
    eigenvalues = np.sort(np.linalg.eigvalsh(np.cov(latent.T)))[::-1]
    np.testing.assert_allclose(covariance, np.diag(eigenvalues[:2]), atol=1e-8)
    assert "100% of the variance" in sentence


def test_a_projection_does_not_flip_with_the_order_of_the_rows():
    latent = np.random.default_rng(0).normal(size=(30, 6))
    points = projected(latent)[0]
    np.testing.assert_allclose(projected(latent[::-1])[0], points[::-1], atol=1e-9)


@pytest.mark.parametrize(
    "labels", [None, np.arange(12) % 3, np.arange(12) % 3 * 10, np.linspace(0, 1, 12), np.arange(12)]
)
@pytest.mark.parametrize("dimensions", [1, 2, 3])
def test_every_kind_of_label_is_drawn(labels, dimensions):
    panel = latent_map(np.random.default_rng(0).normal(size=(12, dimensions)), labels)
    assert panel.markup.startswith("<svg")
    assert ("labels" in panel.caption) == (labels is not None)
