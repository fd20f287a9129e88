"""A model of images in one picture."""

import dataclasses

import numpy as np
import pytest
from PIL import Image

from tfvae.core.errors import InvalidInput
from tfvae.pipelines.reports.figures.overview import overview


def test_the_overview_is_a_picture_1200_pixels_wide(full, tmp_path):
    overview(full, tmp_path / "overview.png")
    with Image.open(tmp_path / "overview.png") as picture:
        assert picture.width == 1200
        assert 400 < picture.height < 700
        assert len(np.unique(picture.convert("L"))) > 100


@pytest.mark.parametrize("missing", ["originals", "reconstructions", "samples", "latent"])
def test_contents_without_images_are_rejected(full, tmp_path, missing):
    with pytest.raises(InvalidInput, match="contents: expected images"):
        overview(dataclasses.replace(full, **{missing: None}), tmp_path / "overview.png")
    assert not list(tmp_path.iterdir())
