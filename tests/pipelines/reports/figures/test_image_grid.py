"""Grids of images keep the order and the values."""

import numpy as np

from tfvae.pipelines.reports.figures.image_grid import tiles


def test_tiles_are_in_reading_order_with_transparent_gaps():
    images = np.arange(6).reshape(6, 1, 1, 1) * np.full((6, 8, 8, 1), 0.2)
    grid = np.asarray(tiles(images, columns=3))
    assert grid.shape == (100, 152, 4)
    centers = grid[24::52, 24::52]
    np.testing.assert_array_equal(centers[..., 0], [[0, 51, 102], [153, 204, 255]])
    assert (centers[..., 3] == 255).all()
    assert (grid[48:52] == 0).all()
    assert (grid[:, 100:104] == 0).all()


def test_small_images_are_enlarged_without_blur():
    image = np.random.default_rng(0).integers(0, 256, (1, 8, 8, 3)) / 255
    tile = np.asarray(tiles(image, columns=1))[..., :3]
    np.testing.assert_array_equal(tile, np.round(image[0] * 255).astype("uint8").repeat(6, 0).repeat(6, 1))


def test_large_images_are_reduced():
    assert tiles(np.zeros((2, 300, 150, 3)), columns=2).size == (32 * 2 + 4, 64)


def test_values_outside_the_range_are_clipped():
    tile = np.asarray(tiles(np.array([-3.0, 7.0, np.nan]).reshape(3, 1, 1, 1), columns=3))
    assert [int(tile[0, column, 0]) for column in (0, 60, 110)] == [0, 255, 0]
