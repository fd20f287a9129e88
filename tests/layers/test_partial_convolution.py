"""Partial convolutions against Keras's and against a loop over windows."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import tfvae
from tfvae import likelihoods
from tfvae.core.errors import InvalidInput
from tfvae.layers.partial_convolution import PartialConv2D, PartialConvEncoder

RNG = np.random.default_rng(0)


def _layer(options):
    layer = PartialConv2D(4, **options)
    layer.build(((None, 7, 6, 2),) * 2)
    layer.bias.assign(RNG.normal(size=4))
    return layer


OPTIONS = [{}, {"strides": 2}, {"padding": "valid"}, {"kernel_size": 4, "strides": 3}, {"kernel_size": 1}]


def _picture(share):
    x = RNG.normal(size=(3, 7, 6, 2)).astype("float32")
    mask = (RNG.random(x.shape) < share).astype("float32")
    mask[1, :4], mask[2, 5, 5] = 0.0, 1.0
    return x, mask


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_with_nothing_hidden_it_is_keras_convolution(options):
    layer = _layer(options)
    plain = keras.layers.Conv2D(4, layer.kernel_size, layer.strides, layer.padding)
    plain.build((None, 7, 6, 2))
    plain.set_weights(layer.get_weights())
    x, _ = _picture(1.0)
    values, mask = layer((x, np.ones_like(x)))
    np.testing.assert_allclose(values, plain(x), rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(mask, np.ones(values.shape))


def _by_hand(x, mask, layer):
    """Equations 1 and 2 window by window; the windows lie as TensorFlow lays them."""
    size, stride = layer.kernel_size, layer.strides
    kernel, bias = np.array(layer.kernel), np.array(layer.bias)
    starts = []
    for length in x.shape[1:3]:
        if layer.padding == "same":
            windows = -(-length // stride)
            before = max((windows - 1) * stride + size - length, 0) // 2
        else:
            windows, before = (length - size) // stride + 1, 0
        starts.append([index * stride - before for index in range(windows)])
    values = np.zeros((len(x), len(starts[0]), len(starts[1]), len(bias)))
    found = np.zeros_like(values)
    for b, i, j in np.ndindex(values.shape[:3]):
        total, seen, count = np.zeros(len(bias)), 0, 0
        for u, v in np.ndindex(size, size):
            row, column = starts[0][i] + u, starts[1][j] + v
            if 0 <= row < x.shape[1] and 0 <= column < x.shape[2]:
                total += (x[b, row, column] * mask[b, row, column]) @ kernel[u, v]
                seen, count = seen + mask[b, row, column].sum(), count + mask.shape[-1]
        if seen:
            values[b, i, j], found[b, i, j] = total * count / seen + bias, 1
    return values, found


@pytest.mark.parametrize("share", [0.1, 0.6])
@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_with_holes_it_is_the_papers_equations(options, share):
    layer = _layer(options)
    x, mask = _picture(share)
    values, found = _by_hand(x, mask, layer)
    received = layer((x, mask))
    np.testing.assert_allclose(received[0], values, rtol=1e-4, atol=1e-5)
    np.testing.assert_array_equal(received[1], found)
    assert 0 < found.mean() < 1 or share > 0.5 or layer.kernel_size > 3


def test_hidden_values_have_no_influence_and_no_gradient():
    layer = _layer({})
    x, mask = _picture(0.5)
    other = np.where(mask == 1, x, 1e3).astype("float32")
    np.testing.assert_allclose(layer((other, mask))[0], layer((x, mask))[0], rtol=1e-6)
    x = tf.constant(x)
    with tf.GradientTape() as tape:
        tape.watch(x)
        total = tf.reduce_sum(tf.square(layer((x, mask))[0]))
    gradient = tape.gradient(total, x).numpy()
    assert (gradient[mask == 0] == 0).all()
    assert (gradient[mask == 1] != 0).all()


def _inpainting():
    return tfvae.VAE(
        encoder=tfvae.networks.chain(tfvae.layers.MaskHalf(seed=1), PartialConvEncoder((8, 8))),
        decoder=tfvae.networks.deconv((8, 8, 1), (8, 8)),
        posterior=tfvae.posteriors.Normal(4),
        likelihood=likelihoods.WithMissingMask(likelihoods.MissingAtRandom(likelihoods.Bernoulli((8, 8, 1)))),
    )


def test_a_model_with_them_learns_is_saved_and_loaded(digits, tmp_path):
    vae = _inpainting()
    history = vae.fit(digits[:256], epochs=3, verbose=0).history
    assert history["loss"][-1] < history["loss"][0]
    half = digits[:5].copy()
    half[:, :4] = np.nan
    vae.save(tmp_path / "vae.keras")
    again = keras.saving.load_model(tmp_path / "vae.keras")
    for measure in ("elbo", "reconstruct"):
        ours, theirs = (getattr(model, measure)(half) for model in (vae, again))
        np.testing.assert_array_equal(ours, theirs)
    filled = tfvae.evaluation.impute(again, half, num_samples=20)
    np.testing.assert_array_equal(filled[:, 4:], half[:, 4:])
    assert ((filled >= 0) & (filled <= 1)).all()


def test_bad_arguments_are_rejected():
    with pytest.raises(InvalidInput, match="^filters"):
        PartialConv2D(0)
    with pytest.raises(InvalidInput, match="^padding"):
        PartialConv2D(2, padding="full")
    with pytest.raises(InvalidInput, match="^mask"):
        PartialConv2D(2).build(((None, 4, 4, 2), (None, 4, 4, 1)))
    with pytest.raises(InvalidInput, match="^inputs: expected .*as many of the mask"):
        PartialConvEncoder().build((None, 4, 4, 3))
