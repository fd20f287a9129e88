"""`tfvae sample`: pictures and arrays."""

import numpy as np
import pytest
from PIL import Image

from tfvae.pipelines.cli.app import main
from tfvae.pipelines.runs.sample import picture


def _run(*arguments):
    assert main([str(argument) for argument in arguments]) == 0


def test_samples_are_a_picture(image_run, capsys):
    _run("sample", image_run.path, "-n", 5)
    with Image.open(image_run.path / "samples.png") as image:
        assert image.size == (3 * 96 + 2, 2 * 96 + 1)
    assert "samples.png" in capsys.readouterr().out


def test_arrays_are_the_models_samples(image_run, tmp_path):
    _run("sample", image_run.path, "-n", 5, "--seed", 4, "-o", tmp_path / "x.npy")
    np.testing.assert_array_equal(np.load(tmp_path / "x.npy"), image_run.model().sample(5, seed=4))


def test_samples_of_tables_have_the_units_of_the_data(table_run, tmp_path):
    _run("sample", table_run.path, "-n", 200, "-o", tmp_path / "x.npy")
    x = np.load(tmp_path / "x.npy")
    np.testing.assert_allclose(x.mean(axis=0), [100, -3, 0, 5], atol=10)
    assert main(["sample", str(table_run.path), "-o", str(tmp_path / "x.png")]) == 2


@pytest.mark.parametrize("channels", [1, 2, 3])
def test_each_image_is_at_its_position(channels):
    x = np.zeros((4, 100, 100, channels))
    x[2] = 1.0
    pixels = np.asarray(picture(x))
    assert pixels.shape == (201, 201, 3)
    assert (pixels[101:, :100] == 255).all()
    assert (pixels[:100, :100] == 0).all()
