"""Sprites: what each factor does to the image, and the samples of a source."""

import numpy as np
import pytest

import tfvae
from tfvae.core.errors import InvalidInput
from tfvae.data.sources.sprites import SpriteImages

SQUARE, ELLIPSE, HEART = range(3)


@pytest.fixture
def sprites():
    return tfvae.data.Sprites()


def centered(sprites, shape, scale=None, orientation=None):
    """Images in the middle of one shape, at all scales or all orientations if None."""
    scales = np.arange(6) if scale is None else [scale]
    orientations = np.arange(40) if orientation is None else [orientation]
    factors = [[shape, s, o, 16, 16] for s in scales for o in orientations]
    return sprites.images(factors).reshape(len(scales), len(orientations), 64, 64)


def test_the_grid_has_every_combination_once(sprites):
    assert sprites.factor_sizes == (3, 6, 40, 32, 32)
    assert len(sprites) == 3 * 6 * 40 * 32 * 32
    factors = sprites.factors(np.arange(len(sprites)))
    np.testing.assert_array_equal(factors @ [245760, 40960, 1024, 32, 1], np.arange(len(sprites)))
    assert factors.max(axis=0).tolist() == [2, 5, 39, 31, 31]


def test_pixels_are_zeros_and_ones_and_no_shape_is_cut_off(sprites):
    corners = [[shape, 5, o, x, y] for shape in range(3) for o in range(40) for x in (0, 31) for y in (0, 31)]
    images = sprites.images(corners)
    assert images.dtype == np.float32
    assert set(np.unique(images)) == {0, 1}
    area = images.sum(axis=(1, 2, 3)).reshape(-1, 4)
    np.testing.assert_array_equal(area, area[:, :1] * np.ones(4))
    assert not images[:, [0, 63]].any()
    assert not images[:, :, [0, 63]].any()


@pytest.mark.parametrize("shape", [SQUARE, ELLIPSE, HEART])
def test_x_and_y_shift_the_pixels(shape, sprites):
    x, y = (positions.ravel() for positions in np.mgrid[:32, :32])
    images = sprites.images(np.stack([0 * x + shape, 0 * x + 3, 0 * x + 7, x, y], axis=1))[..., 0]
    for image, columns, rows in zip(images, x, y, strict=True):
        np.testing.assert_array_equal(image, np.roll(images[0], (rows, columns), axis=(0, 1)))


@pytest.mark.parametrize("shape", [SQUARE, ELLIPSE, HEART])
def test_the_area_grows_with_the_square_of_the_scale(shape, sprites):
    area = centered(sprites, shape).sum(axis=(2, 3)).mean(axis=1)
    np.testing.assert_allclose(area, area[-1] * np.linspace(0.5, 1, 6) ** 2, rtol=0.03)


def test_the_area_is_that_of_the_square_and_the_ellipse(sprites):
    for shape, area in ((SQUARE, 21.2**2), (ELLIPSE, np.pi * 15.7 * 9.1)):
        assert centered(sprites, shape, scale=5).mean() * 64**2 == pytest.approx(area, rel=0.02)


@pytest.mark.parametrize("shape", [SQUARE, ELLIPSE, HEART])
def test_ten_steps_of_orientation_are_a_quarter_turn_counterclockwise(shape, sprites):
    images = centered(sprites, shape)[:, :, 15:50, 15:50]  # around the center, (32, 32)
    np.testing.assert_array_equal(np.roll(images, -10, axis=1), np.rot90(images, axes=(2, 3)))


@pytest.mark.parametrize(("shape", "distinct"), [(SQUARE, 10), (ELLIPSE, 20), (HEART, 40)])
def test_orientations_repeat_by_the_symmetry_of_the_shape_and_differ_otherwise(shape, distinct, sprites):
    images = centered(sprites, shape)
    np.testing.assert_array_equal(images, np.roll(images, distinct, axis=1))
    assert len(np.unique(images.reshape(240, -1), axis=0)) == 6 * distinct


def test_the_orientation_is_the_angle_of_the_ellipse(sprites):
    """The long axis from the second moments of the pixels, at angles below the half turn."""
    up, right = 32 - np.mgrid[:64, :64][0], np.mgrid[:64, :64][1] - 32
    images = centered(sprites, ELLIPSE, scale=5)[0, :20]
    moments = [(images * m).sum(axis=(1, 2)) for m in (right * right, right * up, up * up)]
    angle = np.degrees(0.5 * np.arctan2(2 * moments[1], moments[0] - moments[2])) % 180
    np.testing.assert_allclose((angle - 9 * np.arange(20) + 90) % 180, 90, atol=1)


def test_the_heart_stands_on_its_tip(sprites):
    heart = centered(sprites, HEART, scale=5, orientation=0)[0, 0]
    np.testing.assert_array_equal(heart[:, 1:], heart[:, :0:-1])
    rows = np.flatnonzero(heart.any(axis=1))
    assert heart[rows[-1]].sum() < 5 < heart[rows[0]].sum()


def test_the_sampled_factors_are_uniform_and_a_function_of_the_seed(sprites):
    factors = sprites.sample_factors(20000, np.random.default_rng(1))
    for values, size in zip(factors.T, sprites.factor_sizes, strict=True):
        counts = np.bincount(values, minlength=size)
        chi_square = ((counts - 20000 / size) ** 2).sum() * size / 20000
        assert chi_square < size - 1 + 5 * np.sqrt(2 * (size - 1))
    again = sprites.sample_factors(20000, np.random.default_rng(1))
    np.testing.assert_array_equal(factors, again)
    seen = sprites.sample_observations(factors[:9], np.random.default_rng(2))
    np.testing.assert_array_equal(seen, sprites.images(factors[:9]))


@pytest.mark.parametrize(
    "factors",
    [[[3, 0, 0, 0, 0]], [[0, 0, 40, 0, 0]], [[0, 0, 0, 0, -1]], [[0, 0, 0, 0]], [0] * 5, [[0.0] * 5]],
)
def test_factors_off_the_grid_are_rejected(factors, sprites):
    with pytest.raises(InvalidInput, match=r"factors: expected integers \[N, 5\]"):
        sprites.images(factors)


@pytest.mark.parametrize("rows", [[737280], [-1], [0.5], 3])
def test_rows_off_the_grid_are_rejected(rows, sprites):
    with pytest.raises(InvalidInput, match=r"rows: expected integers \[N\] from 0 to 737279"):
        sprites.factors(rows)


def test_a_source_is_a_sample_without_replacement_labeled_by_shape(everything_of, sprites):
    source = tfvae.data.source("sprites:500")
    assert (source.shape, source.size, source.is_image) == ((64, 64, 1), 500, True)
    x, label = everything_of(source, rows=77)
    np.testing.assert_array_equal(x, sprites.images(source.factors))
    np.testing.assert_array_equal(label, source.factors[:, 0])
    assert len(np.unique(source.factors, axis=0)) == 500
    np.testing.assert_array_equal(SpriteImages("300").factors, source.factors[:300])


def test_the_source_without_a_number_is_the_whole_grid(sprites):
    source = tfvae.data.source("sprites:")
    assert source.size == len(source.factors) == len(sprites)
    assert len(np.unique(np.ravel_multi_index(source.factors.T, sprites.factor_sizes))) == len(sprites)


def test_shuffled_rows_come_once_with_their_labels_and_obey_the_split():
    source = SpriteImages("200")
    split = tfvae.data.Split(0.25)
    batches = list(source.shuffled(split.train, np.random.default_rng(3), batch=32, capacity=50))
    x = np.concatenate([batch["x"] for batch in batches])
    label = np.concatenate([batch["label"] for batch in batches])
    rows = np.flatnonzero(split.train(0, 200))
    expected = tfvae.data.Sprites().images(source.factors[rows])
    order = [int(np.flatnonzero((expected == image).all(axis=(1, 2, 3)))[0]) for image in x]
    assert sorted(order) == list(range(len(rows)))
    assert order != sorted(order)
    np.testing.assert_array_equal(label, source.factors[rows[order], 0])


@pytest.mark.parametrize("count", ["0", "737281", "-1", "1e3", "many", "٣", "9" * 5000])
def test_other_counts_are_rejected(count, error_message):
    assert "sprites:N with N from 1 to 737280" in error_message(f"sprites:{count}")
