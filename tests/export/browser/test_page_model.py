"""The facts about a model on its page: kinds, ranges and units of its inputs."""

import numpy as np
import pytest

import tfvae
from tfvae.core.errors import InvalidInput
from tfvae.export.browser.page_model import WebModel


def test_a_table_has_a_range_for_each_column(table_vae):
    about = WebModel.of(table_vae, None, 1).description(table_vae, ("a", "b", "c"), {})["inputs"]["x"]
    assert about["kind"] == "numbers"
    assert about["names"] == ["a", "b", "c"]
    ranges = [(each["low"], each["high"], each["integer"]) for each in about["supports"]]
    assert ranges == [(None, None, False), (0, None, True), (0, 2, True)]
    assert all(each["missing"] for each in about["supports"])


def test_images_of_bytes_have_the_range_of_pixels():
    vae = tfvae.zoo.vae((8, 8, 1), latent_dim=2)
    web_model = WebModel.of(vae, tfvae.export.Pixels((8, 8, 1)), 1)
    (about,) = web_model.description(vae, (), {})["inputs"].values()
    assert (about["kind"], about["dtype"]) == ("image", "uint8")
    assert about["supports"] == [{"low": 0, "high": 255, "integer": True, "missing": False}]


def test_files_as_raw_inputs_are_rejected(tmp_path):
    vae = tfvae.zoo.vae((8, 8, 1), latent_dim=2)
    with pytest.raises(InvalidInput, match=r"preprocessing: expected raw inputs of float32.* of string"):
        tfvae.export.web(vae, tmp_path / "page", preprocessing=tfvae.export.EncodedPixels((8, 8, 1)))
    assert not list(tmp_path.iterdir())


def test_raw_features_have_their_own_units():
    vae = tfvae.zoo.linear_vae((64,), latent_dim=2)
    layer = tfvae.data.Standardize(np.full(64, 5.0), np.full(64, 2.0))
    web_model = WebModel.of(vae, layer, 1)
    plain = WebModel.of(vae, None, 1)
    np.testing.assert_allclose(web_model.start["x"], 5 + 2 * plain.start["x"], rtol=1e-5)
    np.testing.assert_allclose(
        web_model.expected["encode/out/location"], plain.expected["encode/out/location"], atol=1e-4
    )


def test_modalities_may_be_missing():
    pair = tfvae.zoo.multimodal_vae({"image": (8, 8, 1), "label": (3,)}, latent_dim=2)
    inputs = WebModel.of(pair, None, 1).description(pair, (), {})["inputs"]
    assert [(name, each["kind"]) for name, each in inputs.items()] == [
        ("image", "image"),
        ("label", "numbers"),
    ]
    for each in inputs.values():
        assert each["optional"]
        assert None not in each["start"]
        assert not each["supports"][0]["missing"]  # a single number may not


def test_latent_ranges_are_those_of_the_prior():
    """99 % of 512 draws from a standard normal prior; 0 to 1 for a one-hot code, which is constant there."""
    m2 = tfvae.zoo.semi_supervised_vae((6,), num_classes=3, latent_dim=2)
    low, high = WebModel.of(m2, None, 1).ranges
    np.testing.assert_allclose(low[:2], -2.58, atol=0.6)
    np.testing.assert_allclose(high[:2], 2.58, atol=0.6)
    np.testing.assert_array_equal(low[2:], 0)
    np.testing.assert_array_equal(high[2:], 1)
