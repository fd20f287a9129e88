"""Each kind of bad input gets one clear error, and nothing on disk is harmed."""

import json
import resource
import zipfile

import keras
import numpy as np
import pytest
import tensorflow as tf

import tfvae
from tfvae.core.errors import InvalidInput, UnreadableFile, UnwritableFile


@pytest.fixture(scope="module")
def vae():
    model = tfvae.zoo.vae((8, 8, 1), latent_dim=2)
    model.compile()
    return model


def _cases(x):
    with_nan, with_infinity = x.copy(), x.copy()
    with_nan[3, 0, 0, 0], with_infinity[5, 1, 1, 0] = np.nan, np.inf
    return {
        "rank": (x[..., 0], r"x: expected shape \(batch, 8, 8, 1\), received \(40, 8, 8\)"),
        "size": (x[:, :4], r"x: expected shape \(batch, 8, 8, 1\), received \(40, 4, 8, 1\)"),
        "text": (np.full(x.shape, "a"), "x: expected an array of numbers, received dtype <U1"),
        "object": (np.full(x.shape, None), "x: expected an array of numbers, received dtype object"),
        "ragged": ([[1.0], [1.0, 2.0]], "x: expected an array of numbers"),
        "NaN": (with_nan, "1 NaN or infinite values, the first in example 3"),
        "infinity": (with_infinity, "1 NaN or infinite values, the first in example 5"),
        "support": (x * 255, r"x: expected finite numbers in \[0, 1\] .*received values from 0 to 255"),
        "negative": (x - 0.5, r"received values from -0.5 to 0.5"),
        "empty": (x[:0], "x: expected at least one example"),
        "other name": (
            {"x": x, "image": x},
            r"inputs: expected no other names than \['x'\], received \['image'\]",
        ),
        "no x": ({"image": x}, "inputs: expected a dict with 'x'"),
        "nothing": (None, "x: expected an array"),
    }


@pytest.mark.parametrize("case", list(_cases(np.zeros((40, 8, 8, 1), "float32"))))
def test_arrays_are_refused_by_every_method(vae, digits, case):
    x, message = _cases(digits[:40])[case]
    weights = vae.get_weights()
    for method in (
        vae.fit,
        vae.evaluate,
        vae.predict,
        vae.elbo,
        vae.log_likelihood,
        vae.encode,
        vae.reconstruct,
    ):
        with pytest.raises(InvalidInput, match=message):
            method(x)
    for before, after in zip(weights, vae.get_weights(), strict=True):
        np.testing.assert_array_equal(before, after)


@pytest.mark.parametrize("case", ["NaN", "infinity", "support", "negative"])
@pytest.mark.parametrize("role", ["training", "validation"])
def test_values_in_a_data_set_are_refused_in_one_line(vae, digits, case, role):
    bad = tf.data.Dataset.from_tensor_slices(_cases(digits[:40])[case][0]).batch(20)
    train, held_out = (bad, None) if role == "training" else (digits[:40], bad)
    with pytest.raises(InvalidInput, match=r"expected finite numbers in \[0, 1\]") as error:
        vae.fit(train, validation_data=held_out, verbose=0)
    assert "\n" not in str(error.value)


def test_a_data_set_of_another_shape_or_type_is_refused_before_it_is_read(vae, digits):
    with pytest.raises(InvalidInput, match=r"x: expected shape"):
        vae.fit(tf.data.Dataset.from_tensor_slices(digits[..., 0]).batch(4))
    with pytest.raises(InvalidInput, match=r"x: expected numbers, received dtype string"):
        vae.fit(tf.data.Dataset.from_tensor_slices(np.full((4, 8, 8, 1), "a")).batch(4))


def test_a_single_example_trains_and_is_evaluated(vae, digits):
    vae.fit(digits[:1], verbose=0)
    assert np.isfinite(vae.elbo(digits[:1])).all()
    assert vae.reconstruct(digits[:1]).shape == (1, 8, 8, 1)


def test_integers_and_booleans_are_numbers(vae):
    binary = np.random.default_rng(0).integers(0, 2, (16, 8, 8, 1))
    expected = vae.elbo(binary.astype("float32"))
    for dtype in ("int64", "uint8", "bool", "float64", "float16"):
        np.testing.assert_array_equal(vae.elbo(binary.astype(dtype)), expected)


def test_the_objective_is_the_only_loss(vae):
    with pytest.raises(InvalidInput, match="loss: expected none"):
        vae.compile(loss="mse")


def test_priors_and_posteriors_of_other_sizes_are_refused():
    with pytest.raises(InvalidInput, match="prior: expected the posterior's latent_dim 2, received 3"):
        tfvae.VAE(
            tfvae.networks.mlp(),
            tfvae.networks.mlp(),
            tfvae.posteriors.Normal(2),
            tfvae.likelihoods.Bernoulli((4,)),
            tfvae.priors.StandardNormal(3),
        )


def test_damaged_and_foreign_model_files_are_refused(vae, tmp_path):
    good = tmp_path / "good.keras"
    vae.save(good)
    cut = tmp_path / "cut.keras"
    cut.write_bytes(good.read_bytes()[:-500])
    flipped = tmp_path / "flipped.keras"
    data = bytearray(good.read_bytes())
    data[len(data) // 2] ^= 0xFF
    flipped.write_bytes(bytes(data))
    text = tmp_path / "text.keras"
    text.write_text("no model")
    other = tmp_path / "other.keras"
    keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)]).save(other)
    unknown = tmp_path / "unknown.keras"
    with zipfile.ZipFile(unknown, "w") as archive:
        config = {
            "module": "nowhere",
            "class_name": "Nothing",
            "config": {},
            "registered_name": "nowhere>Nothing",
        }
        archive.writestr("config.json", json.dumps(config))
        archive.writestr("metadata.json", "{}")
    for path in (cut, flipped, text, other, unknown, tmp_path / "missing.keras"):
        with pytest.raises(UnreadableFile, match="expected a .keras file of a tfvae model, but") as error:
            tfvae.models.load(path)
        assert str(path) in str(error.value)
        assert "\n" not in str(error.value)


def test_a_full_disk_leaves_the_saved_model_as_it_was(vae, digits, tmp_path):
    """A limit on file size stands in for the full disk: the write fails half way in the same manner."""
    path = tmp_path / "vae.keras"
    vae.save(path)
    before = path.read_bytes()
    vae.fit(digits[:64], verbose=0)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) // 2, hard))
    try:
        with pytest.raises(UnwritableFile, match=r"vae\.keras: it cannot be written \(File too large\)"):
            vae.save(path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert path.read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["vae.keras"]
    tfvae.models.load(path)


def test_save_refuses_other_suffixes_and_unwanted_overwriting(vae, tmp_path):
    with pytest.raises(InvalidInput, match="filepath: expected a name that ends in .keras"):
        vae.save(tmp_path / "vae.h5")
    vae.save(tmp_path / "vae.keras")
    with pytest.raises(FileExistsError, match=r"vae\.keras"):
        vae.save(tmp_path / "vae.keras", overwrite=False)
