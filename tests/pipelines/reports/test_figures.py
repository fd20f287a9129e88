"""Figures: tiles keep their order and values, projections and scores mean what the captions say."""

import re

import numpy as np
import pytest
from PIL import Image

from tfvae.pipelines.reports import figures, figures_latent, figures_overview, figures_scores, figures_tables
from tfvae.pipelines.reports.figures_training import curves


def test_tiles_are_in_reading_order_with_transparent_gaps():
    images = np.arange(6).reshape(6, 1, 1, 1) * np.full((6, 8, 8, 1), 0.2)
    grid = np.asarray(figures.tiles(images, columns=3))
    assert grid.shape == (100, 152, 4)
    centers = grid[24::52, 24::52]
    np.testing.assert_array_equal(centers[..., 0], [[0, 51, 102], [153, 204, 255]])
    assert (centers[..., 3] == 255).all()
    assert (grid[48:52] == 0).all()
    assert (grid[:, 100:104] == 0).all()


def test_small_pictures_are_enlarged_without_blur():
    image = np.random.default_rng(0).integers(0, 256, (1, 8, 8, 3)) / 255
    tile = np.asarray(figures.tiles(image, columns=1))[..., :3]
    np.testing.assert_array_equal(tile, np.round(image[0] * 255).astype("uint8").repeat(6, 0).repeat(6, 1))


def test_large_pictures_are_reduced():
    assert figures.tiles(np.zeros((2, 300, 150, 3)), columns=2).size == (32 * 2 + 4, 64)


def test_values_outside_the_range_are_cut_off():
    tile = np.asarray(figures.tiles(np.array([-3.0, 7.0, np.nan]).reshape(3, 1, 1, 1), columns=3))
    assert [int(tile[0, column, 0]) for column in (0, 60, 110)] == [0, 255, 0]


def test_two_latent_dimensions_are_shown_as_they_are():
    latent = np.random.default_rng(0).normal(size=(10, 2))
    points, names, sentence = figures_latent.projected(latent)
    np.testing.assert_array_equal(points, latent)
    assert names == ("z[0]", "z[1]")
    assert "principal" not in sentence


def test_more_dimensions_are_projected_onto_the_directions_of_most_variance():
    generator = np.random.default_rng(0)
    rotation = np.linalg.qr(generator.normal(size=(4, 4)))[0]
    latent = generator.normal(size=(500, 4)) * [5, 3, 0.1, 0.1] @ rotation.T + 7
    points, _, sentence = figures_latent.projected(latent)
    covariance = np.cov(points.T)
    eigenvalues = np.sort(np.linalg.eigvalsh(np.cov(latent.T)))[::-1]
    np.testing.assert_allclose(covariance, np.diag(eigenvalues[:2]), atol=1e-8)
    assert "100% of the variance" in sentence


def test_a_projection_does_not_flip_with_the_order_of_the_rows():
    latent = np.random.default_rng(0).normal(size=(30, 6))
    points = figures_latent.projected(latent)[0]
    np.testing.assert_allclose(figures_latent.projected(latent[::-1])[0], points[::-1], atol=1e-9)


@pytest.mark.parametrize(
    "labels", [None, np.arange(12) % 3, np.arange(12) % 3 * 10, np.linspace(0, 1, 12), np.arange(12)]
)
@pytest.mark.parametrize("dimensions", [1, 2, 3])
def test_every_kind_of_label_is_drawn(labels, dimensions):
    panel = figures_latent.latent_map(np.random.default_rng(0).normal(size=(12, dimensions)), labels)
    assert panel.markup.startswith("<svg")
    assert ("labels" in panel.caption) == (labels is not None)


def test_auroc_is_the_share_of_pairs_in_the_right_order():
    generator = np.random.default_rng(0)
    inside, outside = generator.integers(0, 9, 40), generator.integers(3, 12, 30)
    pairs = np.sign(outside[:, None] - inside[None])
    assert figures_scores.auroc(inside, outside) == pytest.approx(0.5 + 0.5 * pairs.mean(), abs=1e-12)


def test_far_outliers_leave_room_for_the_examples_and_are_said_to_lie_beyond():
    inside = np.random.default_rng(0).normal(size=400)
    near = figures_scores.histograms("rows", inside, {})
    far = figures_scores.histograms("rows", inside, {"far": inside + 1e6})
    assert "beyond" not in near.caption
    assert "beyond" in far.caption
    assert re.search(r"rows -?0\.\d, far (1000000|999999)\.\d nats", far.caption)
    edges = figures_scores._edges([inside, inside + 1e6])
    assert ((edges > inside.min()) & (edges < np.quantile(inside, 0.99))).sum() >= 6


def test_equal_scores_can_be_drawn():
    assert figures_scores.histograms("rows", np.ones(5), {"same": np.ones(3)}).markup.startswith("<svg")


def test_missing_values_have_no_say():
    generator = np.random.default_rng(0)
    original = generator.normal(size=(60, 3))
    rebuilt = original + 0.3 * generator.normal(size=original.shape)
    whole = figures_tables.explained_variance(original[:40], rebuilt[:40])
    holes = original.copy()
    holes[40:, :2] = np.nan
    holes[:, 2] = np.nan
    np.testing.assert_allclose(figures_tables.explained_variance(holes, rebuilt)[:2], whole[:2], rtol=1e-12)
    captions = " ".join(panel.caption for panel in figures_tables.scatters(holes, rebuilt))
    assert captions.count("40 of 60 values observed") == 2
    assert "Column 2: no value observed" in captions


def test_explained_variance_by_column():
    generator = np.random.default_rng(0)
    original = generator.normal(size=(1000, 3))
    original[:, 2] = 4.0
    mean = np.broadcast_to(original.mean(0), original.shape)
    np.testing.assert_allclose(figures_tables.explained_variance(original, original), [1, 1, np.nan])
    np.testing.assert_allclose(figures_tables.explained_variance(original, mean), [0, 0, np.nan], atol=1e-12)


def test_of_many_columns_the_best_and_the_worst_are_shown():
    generator = np.random.default_rng(0)
    original = generator.normal(size=(2000, 20))
    noise = np.linspace(0.1, 0.9, 20)
    panels = figures_tables.scatters(original, original + noise * generator.normal(size=original.shape))
    assert len(panels) == 6
    assert panels[0].caption.startswith("Column 0: 99%")
    assert panels[-1].caption.startswith("Column 19:")


def test_curves_show_what_was_recorded_and_skip_what_is_not_finite():
    lines = [{"epoch": 1, "loss": 3.0}, {"epoch": 2, "loss": float("nan")}, {"epoch": 3, "loss": 1.0}]
    (panel,) = curves(lines)
    assert panel.caption.endswith("At the end training 1.00.")
    assert "validation" not in panel.markup


def test_drawing_leaves_matplotlibs_settings_alone(full):
    import matplotlib as mpl

    before = dict(mpl.rcParams)
    curves(list(full.metrics))
    assert dict(mpl.rcParams) == before


def test_the_overview_is_a_picture_1200_pixels_wide(full, tmp_path):
    figures_overview.overview(full, tmp_path / "overview.png")
    with Image.open(tmp_path / "overview.png") as picture:
        assert picture.width == 1200
        assert 400 < picture.height < 700
        assert len(np.unique(picture.convert("L"))) > 100
