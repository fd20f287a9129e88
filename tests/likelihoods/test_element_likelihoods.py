"""What every likelihood of single numbers does: shapes, files, training, replicas."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from tensorflow_probability import distributions as tfd

import tfvae
from tfvae import scales
from tfvae.likelihoods.categorical import Categorical
from tfvae.likelihoods.continuous_bernoulli import ContinuousBernoulli
from tfvae.likelihoods.inner_product import InnerProduct
from tfvae.likelihoods.laplace import Laplace
from tfvae.likelihoods.low_rank_normal import LowRankNormal
from tfvae.likelihoods.multinomial import Multinomial
from tfvae.likelihoods.negative_binomial import NegativeBinomial
from tfvae.likelihoods.poisson import Poisson
from tfvae.likelihoods.student_t import StudentT
from tfvae.likelihoods.zero_inflated import ZeroInflated

MAKE = {
    "continuous bernoulli": lambda: ContinuousBernoulli((6,)),
    "laplace": lambda: Laplace((6,), scales.Learned(0.7, shape=(6,))),
    "student t": lambda: StudentT((6,), scales.PerElement(), scales.Learned(5.0, floor=2.0)),
    "low rank normal": lambda: LowRankNormal((2, 3), 2),
    "poisson": lambda: Poisson((6,)),
    "negative binomial": lambda: NegativeBinomial((6,)),
    "zero-inflated poisson": lambda: ZeroInflated(Poisson((6,))),
    "zero-inflated negative binomial": lambda: ZeroInflated(NegativeBinomial((6,))),
    "multinomial": lambda: Multinomial((6,)),
    "categorical": lambda: Categorical((2, 3), 5),
    "inner product": lambda: InnerProduct(6),
}


@pytest.fixture(params=MAKE)
def kind(request):
    return request.param


def _data(kind, flat):
    gray = flat[:256, 18:24]
    if kind == "inner product":
        return (gray[:, :, np.newaxis] * gray[:, np.newaxis] > 0.2).astype("float32")
    if MAKE[kind]().support.integer:
        gray = np.floor(gray * (4 if kind == "categorical" else 16))
    return gray.reshape(-1, *MAKE[kind]().event_shape)


def _vae(kind, seed=None, posterior=None):
    decoder = tfvae.networks.mlp((16,), "tanh")
    if kind == "inner product":
        decoder = keras.Sequential([decoder, keras.layers.Dense(24), keras.layers.Reshape((6, 4))])
    return tfvae.VAE(
        encoder=tfvae.networks.mlp((16,), "tanh"),
        decoder=decoder,
        posterior=posterior or tfvae.posteriors.Normal(2),
        likelihood=MAKE[kind](),
        seed=seed,
    )


def _features(kind, batch):
    shape = (batch, 6, 4) if kind == "inner product" else (batch, 16)
    return tf.random.stateless_normal(shape, (1, 2))


def test_data_meet_parameters_with_leading_samples(kind, flat):
    likelihood, x = MAKE[kind](), _data(kind, flat)[:4]
    assert likelihood.support.contains(x)
    params = likelihood(_features(kind, 12))
    assert all(value.dtype == tf.float32 for value in params.values())
    params = {name: tf.reshape(value, (3, 4, *value.shape[1:])) for name, value in params.items()}
    px = likelihood.distribution(params)
    assert px.batch_shape == (3, 4)
    assert px.event_shape == likelihood.event_shape
    # What wrappers of single elements, for missing values and the like, look for.
    assert isinstance(px, tfd.Independent) is (kind not in ("low rank normal", "multinomial"))
    log_prob = px.log_prob(x)
    assert log_prob.shape == (3, 4)
    for index in np.ndindex(3, 4):
        one = likelihood.distribution({name: value[index][tf.newaxis] for name, value in params.items()})
        np.testing.assert_allclose(one.log_prob(x[index[1]][np.newaxis])[0], log_prob[index], rtol=1e-4)
    draws = px.sample(2, seed=(1, 2))
    assert draws.shape == (2, 3, 4, *likelihood.event_shape)
    assert px.log_prob(draws).shape == (2, 3, 4)
    assert likelihood.mean(params).shape == (3, 4, *likelihood.event_shape)


def test_configuration_makes_it_again(kind):
    likelihood = MAKE[kind]()
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(likelihood))
    assert type(again) is type(likelihood)
    assert again.get_config() == likelihood.get_config()
    features = _features(kind, 3)
    for part in (likelihood, again):
        part(features)
    again.set_weights(likelihood.get_weights())
    for name, value in likelihood(features).items():
        np.testing.assert_array_equal(again(features)[name], value)


def test_it_trains_saves_and_loads(kind, flat, tmp_path):
    x, vae = _data(kind, flat), _vae(kind)
    with tf.GradientTape() as tape:
        loss = vae.compute_loss(x=x, y_pred=vae(x, training=True))
    weights = vae.trainable_weights
    for weight, gradient in zip(weights, tape.gradient(loss, weights), strict=True):
        assert gradient is not None, weight.path
        assert np.isfinite(gradient).all(), weight.path
        assert np.abs(gradient).max() > 0, weight.path
    vae.compile(optimizer=keras.optimizers.Adam(1e-2))
    history = vae.fit(x, epochs=3, verbose=0).history["loss"]
    assert history[-1] < history[0]
    vae.save(tmp_path / "vae.keras")
    again = keras.saving.load_model(tmp_path / "vae.keras")
    np.testing.assert_array_equal(again.elbo(x[:5]), vae.elbo(x[:5]))


def test_density_is_stored_as_a_saved_model_for_any_batch(kind, flat, tmp_path):
    likelihood, x = MAKE[kind](), _data(kind, flat)
    features = _features(kind, 7)
    likelihood(features)

    def density(features, x):
        return likelihood.distribution(likelihood(features)).log_prob(x)

    module = tf.Module()
    module.weights = [weight.value for weight in likelihood.weights]
    module.density = tf.function(
        density,
        input_signature=[tf.TensorSpec((None, *shape[1:])) for shape in (features.shape, x.shape)],
    )
    tf.saved_model.save(module, str(tmp_path))
    loaded = tf.saved_model.load(str(tmp_path))
    for batch in (1, 7):
        args = (features[:batch], tf.constant(x[:batch]))
        np.testing.assert_allclose(loaded.density(*args), density(*args), rtol=1e-5)


def test_mixed_precision_gives_float32_parameters(kind):
    keras.config.set_dtype_policy("mixed_bfloat16")
    likelihood = MAKE[kind]()
    params = likelihood(tf.cast(_features(kind, 3), tf.bfloat16))
    assert {value.dtype for value in params.values()} == {tf.float32}
    assert all(weight.dtype == "float32" for weight in likelihood.weights)


@pytest.mark.slow
def test_xla_gives_the_same_density_and_gradient(kind, flat):
    """On a GPU, training is compiled by default."""
    likelihood, x, features = MAKE[kind](), _data(kind, flat)[:7], _features(kind, 7)
    likelihood(features)

    def density(features):
        with tf.GradientTape() as tape:
            tape.watch(features)
            value = likelihood.distribution(likelihood(features)).log_prob(x)
        return value, tape.gradient(value, features)

    for received, expected in zip(
        tf.function(density, jit_compile=True)(features), density(features), strict=True
    ):
        np.testing.assert_allclose(received, expected, rtol=1e-4, atol=1e-4)


@pytest.mark.slow
@pytest.mark.parametrize("policy", ["float32", "mixed_bfloat16"])
def test_a_thousand_fast_steps_stay_finite(kind, policy, flat):
    keras.config.set_dtype_policy(policy)
    x, vae = _data(kind, flat), _vae(kind, seed=1)
    vae.compile(optimizer=keras.optimizers.Adam(1e-2))
    history = vae.fit(x, batch_size=32, epochs=125, verbose=0).history["loss"]
    assert np.isfinite(history).all()
    assert all(np.isfinite(weight).all() for weight in vae.get_weights())
    assert history[-1] < history[0]


def test_two_replicas_equal_one_device(two_replicas, silent, flat):
    """With weights made in `__init__`, and a part within a part."""
    kind = "zero-inflated negative binomial"
    x, ends = _data(kind, flat), []
    for strategy in (tf.distribute.get_strategy(), two_replicas):
        with strategy.scope():
            keras.utils.set_random_seed(3)
            vae = _vae(kind, posterior=silent(2))
            vae.compile(optimizer=keras.optimizers.SGD(1e-3))
        vae.fit(tf.data.Dataset.from_tensor_slices(x).batch(64).repeat().take(10), verbose=0)
        ends.append(vae.get_weights())
    for expected, received in zip(*ends, strict=True):
        np.testing.assert_allclose(received, expected, atol=1e-6)
