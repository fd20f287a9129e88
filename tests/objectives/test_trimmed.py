"""The trimmed objective: what is left out, on one device and on two."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import tfvae
from tfvae.core.errors import InvalidInput
from tfvae.objectives import ELBO, Trimmed
from tfvae.objectives.trimmed import trimmed


@pytest.mark.parametrize("share", [0.0, 0.1, 0.25, 0.5, 0.9])
@pytest.mark.parametrize("count", [1, 7, 20])
def test_its_mean_is_that_of_the_smallest_losses(share, count):
    loss = np.random.default_rng(count).normal(size=count).astype("float32")
    left = count - int(np.floor(share * count + 1e-4))
    expected = np.sort(loss)[:left].mean()
    assert float(tf.reduce_mean(trimmed(tf.constant(loss), share))) == pytest.approx(expected, rel=1e-5)


def test_equal_losses_are_all_kept():
    np.testing.assert_allclose(trimmed(tf.ones(10), 0.3), np.ones(10))


def test_no_gradient_comes_from_what_is_left_out():
    loss = tf.Variable([1.0, 5.0, 2.0, 3.0])
    with tf.GradientTape() as tape:
        total = tf.reduce_mean(trimmed(loss, 0.25))
    np.testing.assert_allclose(tape.gradient(total, loss), [1 / 3, 0, 1 / 3, 1 / 3], rtol=1e-6)


def test_without_a_share_it_is_the_other_objective(small_vae, flat):
    keras.utils.set_random_seed(1)
    plain = small_vae(objective=ELBO(beta=2.0), seed=0).evaluate(flat[:64], return_dict=True, verbose=0)
    keras.utils.set_random_seed(1)
    same = small_vae(objective=Trimmed(ELBO(beta=2.0), 0.0), seed=0)
    again = same.evaluate(flat[:64], return_dict=True, verbose=0)
    assert again == pytest.approx(plain, rel=1e-6)


def test_two_replicas_leave_out_what_one_device_does(two_replicas, small_vae, silent, flat):
    def train(strategy):
        with strategy.scope():
            keras.utils.set_random_seed(3)
            vae = small_vae(silent(4), Trimmed(ELBO(), 0.3))
            vae.compile()
        vae.fit(tf.data.Dataset.from_tensor_slices(flat[:97]).batch(33).repeat().take(9), verbose=0)
        return [np.array(weight) for weight in vae.trainable_weights]

    one, two = train(tf.distribute.get_strategy()), train(two_replicas)
    for expected, received in zip(one, two, strict=True):
        np.testing.assert_allclose(received, expected, atol=2e-6)


def test_it_goes_into_a_file(small_vae, flat, tmp_path):
    vae = small_vae(objective=Trimmed(ELBO(), 0.1))
    vae.save(tmp_path / "vae.keras")
    again = tfvae.models.load(tmp_path / "vae.keras")
    assert again.objective.share == 0.1
    np.testing.assert_array_equal(again.elbo(flat[:5]), vae.elbo(flat[:5]))


@pytest.mark.parametrize("share", [-0.1, 1.0, 2.0])
def test_impossible_shares_are_refused(share):
    with pytest.raises(InvalidInput, match="share: expected a number of at least 0"):
        Trimmed(ELBO(), share)
    with pytest.raises(InvalidInput, match=r"objective: expected one of tfvae.objectives"):
        Trimmed("elbo", 0.1)
