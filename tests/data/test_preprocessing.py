"""Standardize against NumPy's own mean and deviation, as layer, as function, saved and loaded."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import tfvae
from tfvae.core.errors import InvalidInput
from tfvae.data import Arrays, Pipeline, Split, Standardize


@pytest.fixture
def x():
    generator = np.random.default_rng(0)
    return (generator.normal(size=(20_000, 4)) * [1, 1e-3, 1e4, 7] + [0, 5, 1e6, -3]).astype(np.float32)


def test_moments_are_those_of_the_whole_array(x):
    layer = Standardize.fit(Arrays(x))  # three chunks
    np.testing.assert_allclose(layer.offset, x.astype(np.float64).mean(axis=0), rtol=1e-6)
    np.testing.assert_allclose(layer.scale, x.astype(np.float64).std(axis=0), rtol=1e-6)


def test_only_the_marked_rows_count(x):
    split = Split(0.3, seed=1)
    layer = Standardize.fit(Arrays(x), split.train)
    np.testing.assert_allclose(
        layer.offset, x[split.train(0, len(x))].mean(axis=0, dtype=np.float64), rtol=1e-6
    )
    with pytest.raises(InvalidInput, match="split_mask"):
        Standardize.fit(Arrays(x), lambda first, count: np.zeros(count, bool))


def test_missing_constant_and_infinite_values(x):
    x[::3, 0] = np.nan
    x[:, 1] = 0.1
    x[:, 2] = np.nan
    layer = Standardize.fit(Arrays(x))
    np.testing.assert_allclose(layer.offset[0], np.nanmean(x[:, 0], dtype=np.float64), rtol=1e-5)
    np.testing.assert_allclose(layer.scale[0], np.nanstd(x[:, 0], dtype=np.float64), rtol=1e-5)
    assert layer.scale[1:3] == [1, 1]
    assert layer.offset[2] == 0
    assert np.isnan(layer.transform(x)[::3, 0]).all()
    np.testing.assert_allclose(layer.transform(x)[:, 1], 0, atol=1e-7)
    x[17, 3] = np.inf
    with pytest.raises(InvalidInput, match=r"column \[3\]"):
        Standardize.fit(Arrays(x))


@pytest.mark.parametrize("compiled", [False, True])
def test_layer_and_numpy_agree_to_the_last_bit(x, compiled):
    layer = Standardize.fit(Arrays(x))
    function = tf.function(layer) if compiled else layer
    np.testing.assert_array_equal(np.asarray(function(x)), layer.transform(x))


def test_inverse(x):
    layer = Standardize.fit(Arrays(x))
    z = layer(x)
    np.testing.assert_allclose(np.asarray(z).mean(axis=0), 0, atol=1e-3)
    np.testing.assert_allclose(np.asarray(z).std(axis=0), 1, rtol=1e-3)
    np.testing.assert_allclose(layer.inverse(z), x, rtol=1e-5, atol=1e-5)
    masked = np.ma.masked_array(np.asarray(z), np.asarray(z) > 2)
    np.testing.assert_array_equal(np.isnan(layer.inverse(masked)), masked.mask)
    inputs = keras.Input((4,))
    model = keras.Model(inputs, layer.inverse(inputs))
    np.testing.assert_array_equal(model(z), layer.inverse(z))


def test_it_computes_in_float32_in_any_policy(x):
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        layer = Standardize.fit(Arrays(x))
        model = keras.Sequential([keras.Input((4,)), layer])
    finally:
        keras.config.set_dtype_policy("float32")
    np.testing.assert_array_equal(model.predict(x, verbose=0), layer.transform(x))


def test_saved_and_loaded(x, tmp_path):
    model = keras.Sequential([keras.Input((4,)), Standardize.fit(Arrays(x), Split(0.5).train)])
    model.save(tmp_path / "m.keras")
    loaded = keras.saving.load_model(tmp_path / "m.keras")
    np.testing.assert_array_equal(loaded.predict(x, verbose=0), model.predict(x, verbose=0))
    config = model.layers[0].get_config()
    assert set(config) == {"offset", "scale", "limit", "name"}
    assert Standardize.from_config(config).scale == model.layers[0].scale


def test_images_in_a_pipeline():
    source = tfvae.data.source("sklearn:digits")
    layer = Standardize.fit(source)
    assert np.shape(layer.offset) == (8, 8, 1)
    pipeline = Pipeline(source, batch_size=1797, transform=layer.transform)
    batch = next(pipeline.batches())
    np.testing.assert_allclose(batch.mean(axis=0), 0, atol=1e-5)


def test_other_statistics_are_rejected():
    masked = np.ma.masked_array([1.0], [True])
    for offset, scale in (
        ([0.0], [0.0]),
        ([0.0], [1.0, 2.0]),
        ([np.nan], [1.0]),
        (masked, [1.0]),
        ([0.0], [np.inf]),
        ([0.0], masked),
    ):
        with pytest.raises(InvalidInput):
            Standardize(offset, scale)
    with pytest.raises(InvalidInput, match=r"source: expected a source, such as tfvae.data.Arrays\(x\)"):
        Standardize.fit(np.zeros((3, 2)))


def test_a_limit_clips_on_both_sides_and_keeps_nan():
    layer = Standardize([1.0], [2.0], limit=3.0)
    x = np.array([[1.0], [100.0], [-100.0], [np.nan]], np.float32)
    expected = np.array([[0.0], [3.0], [-3.0], [np.nan]])
    np.testing.assert_array_equal(layer(x), expected)
    np.testing.assert_array_equal(layer.transform(x), expected)
    assert Standardize.from_config(layer.get_config()).limit == 3.0
    with pytest.raises(InvalidInput, match="limit: expected a positive, finite number, or None, received 0"):
        Standardize([1.0], [2.0], limit=0)
