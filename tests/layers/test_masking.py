"""Hidden parts: their share and shape, when they act, and masks with values."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import tfvae
from tfvae import likelihoods
from tfvae.core.errors import InvalidInput
from tfvae.layers.masking import MaskBlock, MaskElements, MaskHalf, MaskOneOf

ONES = tf.ones((400, 6, 5, 2))


def _hidden(layer, x=ONES):
    seen = layer(x, training=True).numpy()
    assert set(np.unique(seen)) <= {0.0, 1.0}
    np.testing.assert_array_equal(seen[..., :1] == seen, True)  # all channels of a place together
    return seen[..., 0] == 0


def test_elements_are_hidden_at_their_rate():
    hidden = _hidden(MaskElements(0.3, seed=1))
    assert abs(hidden.mean() - 0.3) < 4 * np.sqrt(0.3 * 0.7 / hidden.size)
    assert abs(np.corrcoef(hidden[:, 0, 0], hidden[:, 0, 1])[0, 1]) < 4 / np.sqrt(400)


def test_a_block_is_a_rectangle_of_every_size_and_anywhere():
    hidden = _hidden(MaskBlock(0.3, 0.7, seed=1))
    rows, columns = hidden.any(axis=2), hidden.any(axis=1)
    np.testing.assert_array_equal(hidden, rows[:, :, np.newaxis] & columns[:, np.newaxis, :])
    for line in (rows, columns):
        assert (np.abs(np.diff(line.astype(int), axis=1)).sum(axis=1) <= 2).all()
        assert line.any(axis=0).all()  # no place is never hidden
    assert set(rows.sum(axis=1)) == {2, 3, 4}  # 1.8 to 4.2 of 6, rounded
    assert set(columns.sum(axis=1)) <= {1, 2, 3, 4}  # 1.5 to 3.5 of 5
    lengths = rows.sum(axis=1)
    for length in (2, 3, 4):  # all places as likely
        first = np.argmax(rows[lengths == length], axis=1)
        count, places = len(first), 6 - length + 1
        share = np.bincount(first, minlength=places) / count
        assert (np.abs(share - 1 / places) < 4 * np.sqrt((1 - 1 / places) / places / count)).all()


def test_a_half_is_one_of_four():
    hidden = _hidden(MaskHalf(seed=1))
    expected = np.zeros((4, 6, 5), bool)
    expected[0, :3] = expected[1, 3:] = expected[2, :, :3] = expected[3, :, 2:] = True
    same = (hidden[:, np.newaxis] == expected).all(axis=(2, 3))
    np.testing.assert_array_equal(same.sum(axis=1), 1)
    assert (np.abs(same.mean(axis=0) - 0.25) < 4 * np.sqrt(0.25 * 0.75 / 400)).all()


def test_one_of_several_ways_for_each_example():
    hidden = _hidden(MaskOneOf((MaskElements(1.0), MaskElements(0.0), MaskHalf()), seed=1))
    share = hidden.mean(axis=(1, 2))
    for chosen in (share == 1, share == 0):
        assert abs(chosen.mean() - 1 / 3) < 4 * np.sqrt(2 / 9 / 400)
    assert set(np.round(share, 3)) == {0.0, 0.5, 0.6, 1.0}


@pytest.mark.parametrize("layer", [MaskElements(0.5), MaskBlock(), MaskHalf(), MaskOneOf((MaskHalf(),))])
def test_nothing_is_hidden_outside_training_and_rows_work_as_well(layer):
    np.testing.assert_array_equal(layer(ONES), ONES)
    assert 0 < _hidden(layer, tf.ones((100, 8, 2))).mean() < 1
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(layer))
    assert again.get_config() == layer.get_config()


def test_values_and_mask_are_hidden_together(flat):
    """The encoder sees in training what it would see of x with missing values there; the loss is of all x."""
    seen = []

    class Looking(keras.layers.Layer):
        def call(self, inputs):
            seen.append(inputs)
            return tf.reshape(inputs, (-1, 128))

    likelihood = likelihoods.WithMissingMask(likelihoods.MissingAtRandom(likelihoods.Bernoulli((64,))))
    encoder = tfvae.networks.chain(MaskElements(0.5, seed=3), Looking())
    vae = tfvae.VAE(encoder, tfvae.networks.mlp((8,)), tfvae.posteriors.Normal(2), likelihood)
    x = flat[:16]
    record = vae(x, training=True)["record"]
    values, mask = seen[-1][..., 0].numpy(), seen[-1][..., 1].numpy()
    assert 0.3 < mask.mean() < 0.7
    np.testing.assert_array_equal(values, x * mask)
    incomplete = np.where(mask == 1, x, np.nan).astype("float32")
    np.testing.assert_array_equal(likelihood.encoder_input(incomplete), seen[-1])
    np.testing.assert_allclose(
        vae.trace(incomplete).record["posterior"]["loc"], record["posterior"]["loc"], rtol=1e-5
    )
    log_x = vae.assemble({"x": tf.constant(x)}, record).log_x
    plain = likelihoods.Bernoulli((64,)).distribution(record["likelihood"]).log_prob(x)
    np.testing.assert_allclose(log_x, plain, rtol=1e-6)


def test_marked_likelihoods_are_the_likelihood_with_another_encoder_input(flat):
    inner = likelihoods.MissingAtRandom(likelihoods.Bernoulli((64,)))
    marked = likelihoods.WithMissingMask(inner)
    features = tf.random.stateless_normal((4, 5), (1, 2))
    params = marked(features)
    x = np.where(np.arange(64) % 3 == 0, np.nan, flat[:4]).astype("float32")
    np.testing.assert_array_equal(
        marked.distribution(params).log_prob(x), inner.distribution(params).log_prob(x)
    )
    np.testing.assert_array_equal(marked.mean(params), inner.mean(params))
    np.testing.assert_array_equal(marked.missing_draw(params, (1, 2)), inner.missing_draw(params, (1, 2)))
    np.testing.assert_array_equal(marked.encoder_input(x)[..., 0], inner.encoder_input(x))
    np.testing.assert_array_equal(marked.encoder_input(x)[..., 1], ~np.isnan(x))


def test_bad_arguments_are_rejected():
    for make, argument in (
        (lambda: MaskElements(1.5), "rate"),
        (lambda: MaskBlock(0.5, 0.2), "largest"),
        (lambda: MaskOneOf(()), "ways"),
        (lambda: likelihoods.WithMissingMask(likelihoods.Bernoulli((3,))), "likelihood"),
        (
            lambda: likelihoods.WithMissingMask(
                likelihoods.MissingAtRandom(likelihoods.Categorical((3,), 2))
            ),
            "likelihood",
        ),
    ):
        with pytest.raises(InvalidInput, match=f"^{argument}"):
            make()
