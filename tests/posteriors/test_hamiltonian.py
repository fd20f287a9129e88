"""The Hamiltonian posterior: the map, the unbiased weights, and training through second derivatives."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from tensorflow_probability import distributions as tfd

import tfvae
from tfvae.core.errors import InvalidInput
from tfvae.posteriors.hamiltonian import Hamiltonian
from tfvae.priors import StandardNormal

LOADING = np.array([[1.0, 0.8], [0.9, 1.0], [-0.4, 0.5]], "float32")
NOISE = 0.5


def _posterior(latent_dim=2, **options):
    return Hamiltonian(latent_dim, hidden=(8,), context_dim=3, **options)


def _wavy(z):
    """A log joint with a force that is no linear function."""
    return -0.5 * tf.reduce_sum(z**2, -1) + 2 * tf.sin(3 * z[..., 0] + z[..., 1]) - z[..., 1] ** 4


def _linear(x):
    """The log joint of z ~ N(0, I), x ~ N(W z, 0.25 I)."""

    def log_joint(z):
        prior = tfd.MultivariateNormalDiag(tf.zeros(2), tf.ones(2))
        px = tfd.MultivariateNormalDiag(tf.linalg.matvec(LOADING, z), NOISE * tf.ones(3))
        return prior.log_prob(z) + px.log_prob(x)

    return log_joint


def _log_evidence(x):
    covariance = LOADING @ LOADING.T + NOISE**2 * np.eye(3)
    return tfd.MultivariateNormalFullCovariance(tf.zeros(3), tf.cast(covariance, tf.float32)).log_prob(x)


def _true_posterior(x):
    precision = np.eye(2) + LOADING.T @ LOADING / NOISE**2
    return np.linalg.solve(precision, LOADING.T @ np.array(x).T / NOISE**2).T, precision


@pytest.mark.parametrize("largest_force", [100.0, 1.5])
def test_the_steps_are_reversible(largest_force):
    posterior = _posterior(num_steps=4, initial_step=0.1, largest_force=largest_force)
    posterior.raw_mass.assign([0.3, -0.4])
    z, speed = tf.random.stateless_normal((2, 3, 6, 2), (1, 2))
    end, last = posterior.leapfrog((z, speed), _wavy)
    assert np.abs(end - z).max() > 0.1
    back, first = posterior.leapfrog((end, -last), _wavy)
    np.testing.assert_allclose(back, z, atol=1e-4)
    np.testing.assert_allclose(first, -speed, atol=1e-4)


@pytest.mark.parametrize("largest_force", [100.0, 1.5])
def test_the_steps_have_unit_jacobian(largest_force):
    posterior = _posterior(num_steps=3, initial_step=0.2, largest_force=largest_force)
    posterior.raw_mass.assign([0.3, -0.4])
    both = tf.random.stateless_normal((6, 4), (1, 2))
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(both)
        end = tf.concat(posterior.leapfrog(tuple(tf.split(both, 2, -1)), _wavy), -1)
    jacobian = tape.batch_jacobian(end, both, experimental_use_pfor=False).numpy().astype("float64")
    assert np.abs(jacobian - np.eye(4)).max() > 0.1
    np.testing.assert_allclose(np.linalg.det(jacobian), 1, atol=1e-4)


def test_small_steps_keep_the_energy():
    """The error of the leapfrog is of second order: a tenth of the step, a hundredth of the error."""
    point = tuple(tf.random.stateless_normal((2, 50, 1, 2), (1, 2)))
    errors = []
    for step, count in ((0.04, 5), (0.004, 50)):
        posterior = _posterior(num_steps=count, initial_step=step, largest_force=1e6)
        end = posterior.leapfrog(point, _wavy)
        energies = [_wavy(z) - 0.5 * tf.reduce_sum(speed**2, -1) for z, speed in (point, end)]
        errors.append(np.abs(energies[1] - energies[0]).max())
    assert errors[1] < errors[0] / 20  # float32 rounding stands in the way of a hundred
    assert errors[0] > 1e-3


def test_a_draw_is_the_start_led_by_the_steps():
    posterior = _posterior()
    params = posterior(tf.random.stateless_normal((6, 5), (1, 2)))
    noise = posterior.noise((7, 6), (3, 4))
    assert noise.shape == (7, 6, 4)
    start, log_start = posterior.transform(params, noise)
    speed = noise[..., 2:]  # of unit mass at the start of training
    end, last = posterior.leapfrog((start, speed), _wavy)
    z, log_q = posterior.draw(params, noise, _wavy)
    np.testing.assert_allclose(z, end, atol=1e-6)
    unit = tfd.MultivariateNormalDiag(tf.zeros(2), tf.ones(2))
    expected = log_start + unit.log_prob(speed) - posterior.reverse(params, z).log_prob(last)
    np.testing.assert_allclose(log_q, expected, atol=1e-5)
    np.testing.assert_allclose(log_start, posterior.distribution(params).log_prob(start), atol=1e-4)


def test_noise_shared_by_the_batch():
    posterior = _posterior()
    params = posterior(tf.random.stateless_normal((6, 5), (1, 2)))
    noise = posterior.noise((7, 1), (3, 4))
    shared = posterior.draw(params, noise, _wavy)
    repeated = posterior.draw(params, tf.repeat(noise, 6, axis=1), _wavy)
    for received, expected in zip(shared, repeated, strict=True):
        assert received.shape == expected.shape
        np.testing.assert_allclose(received, expected, atol=1e-5)


@pytest.mark.parametrize("largest_force", [100.0, 1.0])
def test_importance_weights_are_unbiased(largest_force):
    """The mean of exp(log p(x, z) - log_q) is p(x), for any parameters."""
    x = tf.constant([[0.5, -0.3, 0.2], [1.5, 1.0, -0.4]])
    mean, precision = _true_posterior(x)
    scale = 1.3 * np.sqrt(np.diag(np.linalg.inv(precision))).astype("float32")
    posterior = _posterior(num_steps=2, initial_step=0.12, largest_force=largest_force)
    posterior(tf.zeros((2, 5)))
    for number, weight in enumerate(posterior.reverse_network.weights[-2:]):
        weight.assign(0.1 * tf.random.stateless_normal(weight.shape, (number, 5)))
    params = {
        "loc": tf.constant(mean + 0.1, tf.float32),
        "scale": tf.constant(np.tile(scale, (2, 1))),
        "context": tf.random.stateless_normal((2, 3), (6, 7)),
    }
    count = 40000
    z, log_q = posterior.draw(params, posterior.noise((count, 2), (3, 4)), _linear(x))
    start, _ = posterior.transform(params, posterior.noise((count, 2), (3, 4)))
    assert np.abs(z - start).mean() > 0.05  # the steps do move
    weights = np.exp((_linear(x)(z) - log_q - _log_evidence(x)).numpy().astype("float64"))
    error = weights.std(0) / np.sqrt(count)
    assert np.max(error) < 0.03
    assert (np.abs(weights.mean(0) - 1) < 4 * error).all()


@pytest.mark.slow
def test_trained_it_is_tighter_than_any_diagonal_gaussian():
    """The best diagonal Gaussian has KL log(prod diag(precision) / det precision) / 2 below log p(x)."""
    x = tf.constant([[0.5, -0.3, 0.2]])
    _, precision = _true_posterior(x)
    gap = 0.5 * (np.log(np.diag(precision)).sum() - np.linalg.slogdet(precision)[1])
    posterior = _posterior(num_steps=3, initial_step=0.1)
    features, log_joint = tf.ones((1, 1)), _linear(x)
    posterior(features)
    optimizer = keras.optimizers.Adam(1e-2)
    optimizer.build(posterior.trainable_variables)

    @tf.function
    def bound(count, seed):
        z, log_q = posterior.draw(posterior(features), posterior.noise((count, 1), seed), log_joint)
        return log_joint(z) - log_q

    @tf.function
    def step(seed):
        with tf.GradientTape() as tape:
            loss = -tf.reduce_mean(bound(128, seed))
        gradients = tape.gradient(loss, posterior.trainable_variables)
        optimizer.apply_gradients(zip(gradients, posterior.trainable_variables, strict=True))

    for number in range(400):
        step(tf.constant([number, 1]))
    draws = bound(20000, tf.constant([9, 9])).numpy()
    received = float(_log_evidence(x)[0]) - draws.mean()
    error = draws.std() / np.sqrt(20000)
    assert received > -4 * error  # a lower bound it is
    assert received + 4 * error < gap


def test_no_closed_form_rate():
    posterior = _posterior()
    params = posterior(tf.ones((6, 5)))
    with pytest.raises(NotImplementedError):
        tfd.kl_divergence(posterior.distribution(params), StandardNormal(2).distribution())
    np.testing.assert_array_equal(posterior.location(params), params["loc"])
    assert not posterior.explicit_density


@pytest.mark.parametrize("size", [0.0, 1e3, -1e3])
def test_extreme_features_and_forces_stay_finite(size):
    posterior = _posterior()
    with tf.GradientTape() as tape:
        params = posterior(tf.fill((1, 5), size))
        z, log_q = posterior.draw(params, posterior.noise((2, 1), (1, 1)), lambda z: 1e3 * _wavy(z / 10))
        value = tf.reduce_sum(log_q) + tf.reduce_sum(z)
    gradients = tape.gradient(value, posterior.trainable_variables)
    assert all(np.isfinite(array).all() for array in (value, *gradients))


def _gaussian_vae(posterior):
    return tfvae.VAE(
        encoder=tfvae.networks.mlp((16,), "tanh"),
        decoder=tfvae.networks.mlp((16,), "tanh"),
        posterior=posterior,
        likelihood=tfvae.likelihoods.Normal((64,), scale=tfvae.scales.PerElement()),
    )


@pytest.mark.parametrize("policy", ["float32", "mixed_bfloat16"])
@pytest.mark.slow
def test_a_thousand_fast_steps_stay_finite(policy, flat):
    keras.config.set_dtype_policy(policy)
    vae = _gaussian_vae(_posterior(num_steps=2))
    vae.compile(optimizer=keras.optimizers.Adam(1e-2))
    data = tf.data.Dataset.from_tensor_slices(flat[:256]).batch(32).repeat()
    history = vae.fit(data, steps_per_epoch=250, epochs=4, verbose=0).history
    assert np.isfinite(history["loss"]).all()
    assert history["loss"][-1] < history["loss"][0]


@pytest.mark.slow
def test_it_trains_in_a_vae_and_loads_again(small_vae, flat, tmp_path):
    vae = small_vae(_posterior(3))
    with tf.GradientTape() as tape:
        loss = vae.compute_loss(x=flat[:64], y_pred=vae(flat[:64], training=True))
    for weight, gradient in zip(
        vae.trainable_weights, tape.gradient(loss, vae.trainable_weights), strict=True
    ):
        assert gradient is not None, weight.path
        assert np.isfinite(gradient).all(), weight.path
        assert np.abs(gradient).max() > 0, weight.path
    vae.compile()
    history = vae.fit(flat[:256], epochs=3, verbose=0).history
    assert history["loss"][-1] < history["loss"][0]
    assert np.isfinite(vae.log_likelihood(flat[:5], num_samples=20)).all()
    vae.save(tmp_path / "vae.keras")
    again = keras.saving.load_model(tmp_path / "vae.keras")
    np.testing.assert_array_equal(again.elbo(flat[:5]), vae.elbo(flat[:5]))


class Still(Hamiltonian):
    """Without noise, so that one device and two see the same."""

    def noise(self, shape, seed):
        return tf.fill((*shape, self.noise_dim), 0.3)


@pytest.mark.slow
def test_two_replicas_equal_one_device(two_replicas, small_vae, flat):
    ends = []
    for strategy in (tf.distribute.get_strategy(), two_replicas):
        with strategy.scope():
            keras.utils.set_random_seed(3)
            vae = small_vae(Still(3, num_steps=2, hidden=(8,), context_dim=3))
            vae.compile()
        vae.fit(tf.data.Dataset.from_tensor_slices(flat[:256]).batch(64).repeat().take(5), verbose=0)
        ends.append([np.array(weight) for weight in vae.trainable_weights])
    for expected, received in zip(*ends, strict=True):
        np.testing.assert_allclose(received, expected, atol=2e-6)


def test_configuration_makes_the_same_posterior_again():
    posterior = _posterior(num_steps=2, initial_step=0.1, largest_step=0.3, largest_force=5.0)
    params = posterior(tf.ones((6, 5)))
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(posterior))
    assert type(again) is Hamiltonian
    again.set_weights(posterior.get_weights())
    noise = posterior.noise((2, 6), (1, 2))
    for received, expected in zip(
        again.draw(again(tf.ones((6, 5))), noise, _wavy), posterior.draw(params, noise, _wavy), strict=True
    ):
        np.testing.assert_array_equal(received, expected)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"latent_dim": 0}, "latent_dim: expected an integer of at least 1, received 0"),
        ({"num_steps": 0}, "num_steps: expected an integer of at least 1, received 0"),
        ({"initial_step": 0.0}, "initial_step: expected a number between 0 and 0.5, received 0.0"),
        ({"initial_step": 0.6}, "initial_step"),
        ({"largest_step": -1.0}, "largest_step: expected a positive number, received -1.0"),
        ({"largest_force": float("inf")}, "largest_force: expected a positive number, received inf"),
        ({"hidden": ()}, "hidden"),
        ({"context_dim": 0}, "context_dim"),
    ],
)
def test_bad_arguments_are_rejected(options, message):
    with pytest.raises(InvalidInput, match=message):
        Hamiltonian(**{"latent_dim": 2, **options})
