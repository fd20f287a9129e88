"""Parts of a user's own in a few lines: a flow posterior and an importance-weighted objective."""

import keras
import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp

import tfvae
from tfvae.objectives import Objective
from tfvae.posteriors import Normal

tfd, tfb = tfp.distributions, tfp.bijectors


class SinhArcsinh(Normal):
    """z = sinh((arcsinh(z0) + skew) tail) of a diagonal Gaussian z0, with trained skew and tail."""

    def __init__(self, latent_dim, *, name=None, dtype=None):
        super().__init__(latent_dim, name=name, dtype=dtype)
        self.skew = self.add_weight(name="skew", shape=(latent_dim,), initializer="zeros")
        self.raw_tail = self.add_weight(name="raw_tail", shape=(latent_dim,), initializer="zeros")

    def bijector(self):
        tail = tf.exp(0.1 * tf.convert_to_tensor(self.raw_tail))
        return tfb.SinhArcsinh(skewness=tf.convert_to_tensor(self.skew), tailweight=tail)

    def distribution(self, params):
        return tfd.TransformedDistribution(super().distribution(params), self.bijector())

    def transform(self, params, noise):
        z0, log_q = super().transform(params, noise)
        return self.bijector().forward(z0), log_q - self.bijector().forward_log_det_jacobian(z0, 1)


class NoNoise(SinhArcsinh):
    """The flow with its noise replaced by a fixed one."""

    def noise(self, shape, seed):
        return tf.fill((*shape, self.latent_dim), 0.5)


class ImportanceWeighted(Objective):
    """loss = -log((1/K) sum_k w_k)."""

    terms = ("elbo",)

    def __init__(self, num_samples, *, name=None, dtype=None):
        super().__init__(name=name, dtype=dtype)
        self.num_samples = num_samples

    def loss(self, trace, model):
        bound = tf.reduce_logsumexp(trace.log_weights, axis=0) - np.log(self.num_samples)
        return {"loss": -bound, "elbo": trace.elbo}


def test_the_flows_density_is_the_distributions(flat):
    posterior = SinhArcsinh(3)
    posterior.skew.assign([0.3, -0.2, 0.0])
    params = posterior(tf.constant(flat[:5]))
    z, log_q = posterior.transform(params, posterior.noise((4, 5), (1, 2)))
    np.testing.assert_allclose(log_q, posterior.distribution(params).log_prob(z), rtol=1e-4, atol=1e-4)


def test_they_train_save_and_export(small_vae, flat, tmp_path):
    vae = small_vae(SinhArcsinh(4), ImportanceWeighted(5))
    with tf.GradientTape() as tape:
        loss = vae.compute_loss(x=flat[:8], y_pred=vae(flat[:8], training=True))
    for weight, gradient in zip(
        vae.trainable_weights, tape.gradient(loss, vae.trainable_weights), strict=True
    ):
        assert gradient is not None, weight.path
        assert np.abs(gradient).max() > 0, weight.path
    vae.compile()
    history = vae.fit(flat, epochs=3, verbose=0).history
    assert history["loss"][-1] < history["loss"][0]
    vae.save(tmp_path / "vae.keras")
    again = keras.saving.load_model(tmp_path / "vae.keras")
    assert type(again.posterior) is SinhArcsinh
    np.testing.assert_array_equal(again.elbo(flat[:5]), vae.elbo(flat[:5]))
    export = tfvae.export.saved_model(vae, tmp_path / "servable")
    assert export.largest_difference["log_likelihood"] < 1e-3


def test_two_replicas_equal_one_device(two_replicas, small_vae, flat):
    ends = []
    for strategy in (tf.distribute.get_strategy(), two_replicas):
        with strategy.scope():
            keras.utils.set_random_seed(3)
            vae = small_vae(NoNoise(4), ImportanceWeighted(5))
            vae.compile()
        vae.fit(tf.data.Dataset.from_tensor_slices(flat).batch(64).repeat().take(20), verbose=0)
        ends.append([np.array(weight) for weight in vae.trainable_weights])
    for expected, received in zip(*ends, strict=True):
        np.testing.assert_allclose(received, expected, atol=1e-6)
