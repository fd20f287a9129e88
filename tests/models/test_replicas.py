"""Two mirrored replicas against one device, and what they cannot do."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import tfvae
from tfvae.core.errors import InvalidInput
from tfvae.objectives import ELBO


def _train(strategy, make, data, optimizer):
    with strategy.scope():
        keras.utils.set_random_seed(3)
        vae = make()
        vae.compile(optimizer=optimizer())
    history = vae.fit(data, verbose=0).history
    return [np.array(weight) for weight in vae.trainable_weights], history


def _batches(x, size):
    return tf.data.Dataset.from_tensor_slices(x).batch(size).repeat().take(20)


@pytest.mark.parametrize(
    "optimizer", [lambda: keras.optimizers.SGD(1e-2), lambda: "adam", keras.optimizers.Adam]
)
@pytest.mark.parametrize("free_bits", [0.0, 0.1])
def test_twenty_steps_equal_one_devices(two_replicas, small_vae, silent, flat, optimizer, free_bits):
    def make():
        return small_vae(silent(4), ELBO(free_bits=free_bits))

    one = _train(tf.distribute.get_strategy(), make, _batches(flat, 64), optimizer)
    two = _train(two_replicas, make, _batches(flat, 64), optimizer)
    for expected, received in zip(one[0], two[0], strict=True):
        np.testing.assert_allclose(received, expected, atol=1e-6)
    for term, values in one[1].items():
        np.testing.assert_allclose(two[1][term], values, rtol=1e-5, err_msg=term)


@pytest.mark.parametrize(("rows", "size"), [(97, 33), (65, 64)])
def test_batches_that_do_not_split_evenly_are_exact_too(two_replicas, small_vae, silent, flat, rows, size):
    """With 65 rows the second batch has one example, and one replica none."""

    def make():
        return small_vae(silent(4))

    one = _train(tf.distribute.get_strategy(), make, _batches(flat[:rows], size), lambda: "adam")
    two = _train(two_replicas, make, _batches(flat[:rows], size), lambda: "adam")
    for expected, received in zip(one[0], two[0], strict=True):
        np.testing.assert_allclose(received, expected, atol=1e-6)
    for term in ("distortion", "rate", "elbo"):
        np.testing.assert_allclose(two[1][term], one[1][term], rtol=1e-5)


def test_replicas_draw_different_noise(two_replicas, small_vae, flat):
    with two_replicas.scope():
        vae = small_vae()
    x = tf.constant(flat[:3])  # the same examples on both
    z = two_replicas.experimental_local_results(
        two_replicas.run(lambda: vae(x, training=True)["record"]["z"])
    )
    params = vae.posterior(vae.encoder(x))
    first, second = ((value - params["loc"]) / params["scale"] for value in z)
    assert np.abs(first - second).min() > 1e-4


def test_a_run_with_noise_repeats_bit_for_bit(two_replicas, small_vae, flat):
    first, second = (_train(two_replicas, small_vae, _batches(flat, 64), lambda: "adam")[0] for _ in range(2))
    for expected, received in zip(first, second, strict=True):
        np.testing.assert_array_equal(received, expected)


def test_saved_on_two_it_loads_on_one(two_replicas, flat, tmp_path):
    with two_replicas.scope():
        vae = tfvae.zoo.vae((64,), latent_dim=2, likelihood=tfvae.likelihoods.Bernoulli((64,)))
        vae.compile()
    vae.fit(_batches(flat, 64), verbose=0)
    vae.save(tmp_path / "vae.keras")
    again = tfvae.models.load(tmp_path / "vae.keras")
    np.testing.assert_allclose(again.elbo(flat[:5]), vae.elbo(flat[:5]), rtol=1e-6)
    again.fit(flat[:64], verbose=0)


@pytest.mark.parametrize(
    ("options", "argument"),
    [
        (lambda: {"jit_compile": True}, "jit_compile: expected False with 2 replicas"),
        (lambda: {"steps_per_execution": 4}, "steps_per_execution: expected 1 with 2 replicas, or Mirrored"),
        (
            lambda: {"optimizer": keras.optimizers.Adam(gradient_accumulation_steps=2)},
            "gradient_accumulation_steps: expected None with 2 replicas; use larger batches",
        ),
        (
            lambda: {"optimizer": keras.optimizers.Adam(global_clipnorm=1.0)},
            "global_clipnorm: expected None with 2 replicas, .* use clipvalue",
        ),
    ],
)
def test_what_replicas_cannot_do_is_refused_with_a_way_out(two_replicas, small_vae, flat, options, argument):
    with two_replicas.scope():
        vae = small_vae()
        vae.compile(**options())
    with pytest.raises(InvalidInput, match=argument):
        vae.fit(flat[:64], verbose=0)


def test_data_parallel_is_refused(small_vae, flat):
    """Keras's own DataParallel is accepted on this backend and does nothing."""
    devices = ["cpu:0", "cpu:1"]
    keras.distribution.set_distribution(keras.distribution.DataParallel(devices=devices))
    try:
        with pytest.raises(InvalidInput, match=r"keras\.distribution: expected none, .*MirroredStrategy"):
            small_vae().fit(flat[:64], verbose=0)
    finally:
        keras.distribution.set_distribution(None)
