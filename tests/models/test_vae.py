"""The VAE in a user's script: shapes, training, saving, seeds."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import tfvae


@pytest.fixture
def conv_vae():
    return lambda: tfvae.zoo.vae((8, 8, 1), latent_dim=4)


def _weights(model):
    return [np.array(weight) for weight in model.weights]


def _equal(first, second):
    return all(np.array_equal(a, b) for a, b in zip(_weights(first), _weights(second), strict=True))


def test_results_have_the_stated_shapes(conv_vae, digits):
    vae, x = conv_vae(), digits[:7]
    assert vae.encode(x).batch_shape == (7,)
    assert vae.encode(x).event_shape == (4,)
    assert vae.decode(np.zeros((3, 4))).batch_shape == (3,)
    assert vae.decode(np.zeros((2, 3, 4))).batch_shape == (2, 3)
    assert vae.decode(np.zeros((3, 4))).event_shape == (8, 8, 1)
    assert vae.sample(5).shape == (5, 8, 8, 1)
    assert vae.reconstruct(x).shape == (7, 8, 8, 1)
    assert vae.elbo(x).shape == vae.log_likelihood(x, num_samples=3).shape == (7,)
    assert {name: value.shape for name, value in vae.predict(x, verbose=0).items()} == {
        "latent": (7, 4),
        "reconstruction": (7, 8, 8, 1),
    }
    trace = vae.trace(x, num_samples=3)
    assert trace.z.shape == (3, 7, 4)
    assert trace.log_p.shape == trace.log_q.shape == trace.log_x.shape == trace.log_weights.shape == (3, 7)


def test_fit_shows_the_terms_and_lowers_the_loss(conv_vae, digits):
    vae = conv_vae()
    vae.compile(optimizer="adam")
    history = vae.fit(digits, validation_split=0.2, epochs=3, batch_size=64, verbose=0).history
    for term in ("loss", "distortion", "rate", "elbo"):
        assert {term, f"val_{term}"} <= set(history)
    assert history["loss"][-1] < history["loss"][0]
    assert history["val_loss"][-1] < history["val_loss"][0]


def test_every_trainable_variable_gets_a_gradient(conv_vae, digits):
    vae = conv_vae()
    with tf.GradientTape() as tape:
        loss = vae.compute_loss(x=digits[:8], y_pred=vae(digits[:8], training=True))
    for variable, gradient in zip(
        vae.trainable_weights, tape.gradient(loss, vae.trainable_weights), strict=True
    ):
        assert gradient is not None, variable.path
        assert np.isfinite(gradient).all(), variable.path
        assert np.abs(gradient).max() > 0, variable.path


@pytest.mark.parametrize("kind", ["array", "dict", "dataset", "dataset of dicts", "dataset with labels"])
def test_the_kinds_of_input_train_alike(small_vae, flat, kind):
    x = flat[:128]
    batches = tf.data.Dataset.from_tensor_slices
    data = {
        "array": lambda: x,
        "dict": lambda: {"x": x},
        "dataset": lambda: batches(x).batch(32),
        "dataset of dicts": lambda: batches({"x": x}).batch(32),
        "dataset with labels": lambda: batches((x, np.zeros(128))).batch(32),
    }[kind]()
    reference, vae = small_vae(seed=3), small_vae(seed=3)
    vae.set_weights(reference.get_weights())
    for model, inputs in ((reference, x), (vae, data)):
        model.compile()
        array = not isinstance(inputs, tf.data.Dataset)
        model.fit(inputs, batch_size=32 if array else None, shuffle=False, verbose=0)
    assert _equal(reference, vae)


def test_sample_weights_are_used_with_and_without_y(small_vae, flat):
    """A weight of 0 leaves an example out; half the batch at weight 0 halves the loss."""
    x, weight = flat[:64], np.repeat([1.0, 0.0], 32).astype("float32")
    vae = small_vae(seed=1)
    vae.compile()
    kept = vae.evaluate(x[:32], verbose=0, return_dict=True, batch_size=64)
    weighted = vae.evaluate(x, sample_weight=weight, verbose=0, return_dict=True, batch_size=64)
    assert weighted["distortion"] == pytest.approx(kept["distortion"], rel=1e-2)  # other noise
    assert weighted["loss"] == pytest.approx(weighted["distortion"] / 2 + weighted["rate"] / 2, rel=1e-5)
    data = tf.data.Dataset.from_tensor_slices((x, np.zeros(64), weight)).batch(64)
    assert vae.evaluate(data, verbose=0, return_dict=True) == pytest.approx(weighted)


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
def test_mixed_precision_trains_with_float32_densities(digits, policy, tmp_path):
    keras.config.set_dtype_policy(policy)
    vae = tfvae.zoo.vae((8, 8, 1), latent_dim=4)
    vae.compile()
    history = vae.fit(digits, epochs=2, batch_size=64, verbose=0).history
    assert history["loss"][1] < history["loss"][0]
    record = vae(digits[:2])["record"]
    assert record.pop("seed").dtype == tf.int32
    assert {tensor.dtype for tensor in tf.nest.flatten(record)} == {tf.float32}
    assert vae.encoder.layers[0].compute_dtype != "float32"
    vae.save(tmp_path / "vae.keras")
    keras.config.set_dtype_policy("float32")
    again = tfvae.models.load(tmp_path / "vae.keras")
    np.testing.assert_array_equal(again.elbo(digits[:9]), vae.elbo(digits[:9]))


def test_compiled_ways_of_training_agree(small_vae, flat, silent):
    """Graph, eager, XLA and several steps an execution differ by rounding when no noise is drawn."""
    start, ends = small_vae(silent(4)), {}
    for name, options in {
        "graph": {},
        "eager": {"run_eagerly": True},
        "xla": {"jit_compile": True},
        "executions": {"steps_per_execution": 3},
    }.items():
        vae = small_vae(silent(4))
        vae.set_weights(start.get_weights())
        vae.compile(optimizer=keras.optimizers.SGD(1e-2), **options)
        vae.fit(flat[:256], batch_size=32, shuffle=False, verbose=0)
        ends[name] = vae.trainable_weights
    for name in ("eager", "xla", "executions"):
        for expected, received in zip(ends["graph"], ends[name], strict=True):
            np.testing.assert_allclose(received, expected, atol=2e-6, err_msg=name)


def test_saved_and_loaded_it_trains_on_bit_for_bit(conv_vae, digits, tmp_path):
    """Weights, optimizer and the state of the noise are all in the file."""
    vae = conv_vae()
    vae.compile()
    vae.fit(digits[:256], epochs=2, shuffle=False, verbose=0)
    vae.save(tmp_path / "vae.keras")
    again = keras.saving.load_model(tmp_path / "vae.keras")
    assert _equal(vae, again)
    np.testing.assert_array_equal(vae.log_likelihood(digits[:9]), again.log_likelihood(digits[:9]))
    for model in (vae, again):
        model.fit(digits[:256], epochs=2, shuffle=False, verbose=0)
    assert _equal(vae, again)
    assert int(vae.optimizer.iterations) == int(again.optimizer.iterations) == 32


def test_configuration_round_trips(conv_vae, digits):
    vae = tfvae.VAE(
        tfvae.networks.mlp((8,)),
        tfvae.networks.mlp((8,)),
        tfvae.posteriors.Normal(2, floor=0.01),
        tfvae.likelihoods.Normal((64,), tfvae.scales.PerElement(0.2)),
        objective=tfvae.objectives.ELBO(
            tfvae.schedules.Cyclical(0.0, 1.0, 10, 0.3), free_bits=0.1, num_samples=2
        ),
        seed=5,
    )
    again = tfvae.VAE.from_config(vae.get_config())
    assert again.get_config() == vae.get_config()
    again.set_weights(vae.get_weights())
    x = digits[:4].reshape(4, 64)
    np.testing.assert_array_equal(vae.elbo(x), again.elbo(x))


def test_seeds_repeat_and_differ(conv_vae, digits):
    vae, x = conv_vae(), digits[:6]
    for method in (vae.elbo, vae.log_likelihood):
        np.testing.assert_array_equal(method(x, num_samples=2, seed=1), method(x, num_samples=2, seed=1))
        assert not np.array_equal(method(x, num_samples=2, seed=1), method(x, num_samples=2, seed=2))
    np.testing.assert_array_equal(vae.sample(3, seed=1), vae.sample(3, seed=1))
    assert not np.array_equal(vae.sample(3, seed=1), vae.sample(3, seed=2))


def test_the_same_seed_trains_the_same_model(digits):
    runs = []
    for _ in range(2):
        keras.utils.set_random_seed(11)
        vae = tfvae.zoo.vae((8, 8, 1), latent_dim=4)
        vae.compile()
        vae.fit(digits[:256], verbose=0)
        runs.append(vae)
    assert _equal(*runs)


def test_evaluation_repeats_and_leaves_training_noise_alone(conv_vae, digits):
    vae = conv_vae()
    vae.compile()
    before = np.array(vae.training_noise.state)
    first = vae.evaluate(digits[:100], verbose=0)
    vae.elbo(digits[:5])
    vae.log_likelihood(digits[:5], num_samples=2)
    assert vae.evaluate(digits[:100], verbose=0) == first
    np.testing.assert_array_equal(vae.training_noise.state, before)


def test_training_noise_is_new_at_every_step(small_vae, flat):
    vae = small_vae()
    first, second = (vae(flat[:3], training=True)["record"]["z"] for _ in range(2))
    assert np.abs(first - second).max() > 0.01


def test_user_networks_of_any_kind(flat):
    class Net(keras.layers.Layer):
        def __init__(self):
            super().__init__()
            self.dense = keras.layers.Dense(16, activation="tanh")

        def call(self, inputs):
            return self.dense(inputs)

    inputs = keras.Input((64,))
    functional = keras.Model(inputs, keras.layers.Dense(16)(inputs))
    vae = tfvae.VAE(functional, Net(), tfvae.posteriors.Normal(2), tfvae.likelihoods.Bernoulli((64,)))
    vae.compile()
    vae.fit(flat[:64], verbose=0)
    assert vae.elbo(flat[:3]).shape == (3,)
    assert len(vae.trainable_weights) == 2 + 2 + 2 + 2


def test_summary_names_the_parts(conv_vae):
    lines = []
    conv_vae().summary(print_fn=lambda line, **_: lines.append(line))
    text = "\n".join(lines)
    assert all(name in text for name in ("elbo", "normal", "bernoulli", "standard_normal"))


def test_callbacks_of_keras_work(conv_vae, digits):
    vae = conv_vae()
    vae.compile()
    stop = keras.callbacks.EarlyStopping("val_elbo", mode="max", patience=0, min_delta=1e9)
    history = vae.fit(digits[:128], validation_data=digits[128:192], epochs=9, callbacks=[stop], verbose=0)
    assert len(history.epoch) == 2
