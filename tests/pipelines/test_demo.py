"""The demo with one epoch: every step runs and writes its files."""

import numpy as np
import pytest
from PIL import Image

import tfvae
from tfvae.pipelines import demo
from tfvae.pipelines.runs.run import Run


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    path = tmp_path_factory.mktemp("demo") / "run"
    demo.main(path, epochs=1)
    return Run.open(path)


@pytest.mark.slow
def test_the_demo_writes_a_run_with_all_files(finished):
    assert finished.finished
    assert finished.evaluation()["examples"] > 300
    page = (finished.path / "report.html").read_text(encoding="utf-8")
    for heading in ("Results", "Samples", "Latent traversals", "Anomaly scores", "Exports"):
        assert f"<h2>{heading}</h2>" in page
    for text in ("AUROC, photographs", "china.jpg", "upside-down digits", "LiteRT encoder"):
        assert text in page
    assert (finished.path / "serving" / "digits" / "1" / "saved_model.pb").is_file()
    assert (finished.path / "encoder.tflite").stat().st_size > 10_000
    with Image.open(finished.path / "overview.png") as picture:
        assert picture.width == 1200


@pytest.mark.slow
def test_the_scale_of_the_pixels_is_learned(finished):
    """A scale fixed at 1 would be wider than the whole range of the pixels."""
    weights = [weight.path for weight in finished.model().likelihood.trainable_weights]
    assert any("log_scale" in path for path in weights), weights


@pytest.mark.slow
def test_a_used_folder_is_rejected(finished):
    with pytest.raises(Exception, match="--run: expected a new or empty folder"):
        demo.main(finished.path, epochs=1)


def test_photographs_are_gray_patches_at_random_places_that_repeat_by_seed():
    patches = demo.photographs(200, 8, 6, seed=1)
    assert patches.shape == (200, 8, 6, 1)
    assert patches.dtype == np.float32
    assert patches.min() >= 0
    assert patches.max() <= 1
    assert patches.max() > 0.8
    np.testing.assert_array_equal(patches, demo.photographs(200, 8, 6, seed=1))
    assert (patches != demo.photographs(200, 8, 6, seed=2)).mean() > 0.9
    neighbors = np.abs(np.diff(patches, axis=1)).mean()
    shuffled = np.abs(patches - np.random.default_rng(0).permutation(patches)).mean()
    assert neighbors < 0.5 * shuffled, "neighboring pixels of a photograph are alike"


def test_the_demo_is_importable_without_a_run():
    assert tfvae.pipelines.demo.main.__doc__
