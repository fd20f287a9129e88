"""The mixture of Gaussians against scikit-learn's, integration and the moments of its draws."""

import keras
import numpy as np
import pytest
import scipy.stats
import tensorflow as tf
from sklearn.datasets import make_blobs
from sklearn.mixture import GaussianMixture

import tfvae
from tfvae.core.errors import InvalidInput
from tfvae.distributions import draw_categorical
from tfvae.posteriors import Normal
from tfvae.priors.mixture import Mixture


def _example(latent_dim=2, num_components=3):
    prior = Mixture(latent_dim, num_components)
    prior.logits.assign(np.linspace(-1.0, 0.5, num_components))
    prior.raw_scale.assign(tf.random.stateless_normal((num_components, latent_dim), (1, 2)))
    return prior


def _parameters(prior):
    weights = np.exp(prior.logits) / np.exp(prior.logits).sum()
    return weights, np.array(prior.loc), 1e-3 + np.log1p(np.exp(prior.raw_scale))


def test_a_new_one_has_even_weights_and_unit_scales():
    weights, _, scale = _parameters(Mixture(2, 4))
    np.testing.assert_allclose(weights, 0.25, rtol=1e-6)
    np.testing.assert_allclose(scale, 1.0, rtol=1e-6)


def test_log_density_is_that_of_its_parameters():
    prior = _example()
    z = np.random.default_rng(0).normal(size=(5, 7, 2))
    weights, loc, scale = _parameters(prior)
    each = scipy.stats.norm(loc, scale).logpdf(z[..., np.newaxis, :]).sum(-1)
    expected = scipy.special.logsumexp(each + np.log(weights), axis=-1)
    received = prior.distribution().log_prob(tf.constant(z, tf.float32))
    np.testing.assert_allclose(received, expected, rtol=1e-5, atol=1e-5)


def test_the_density_integrates_to_one():
    axis = np.linspace(-12, 12, 481, dtype="float32")
    grid = np.stack(np.meshgrid(axis, axis), -1)
    density = np.exp(_example().distribution().log_prob(grid)).astype("float64")
    np.testing.assert_allclose(density.sum() * (axis[1] - axis[0]) ** 2, 1.0, atol=1e-4)


def test_draws_have_the_mixtures_moments():
    prior, count = _example(), 40000
    noise = tf.random.stateless_normal((count, prior.noise_dim(Normal(2))), (3, 4))
    z = prior.transform(noise).numpy().astype("float64")
    weights, loc, scale = _parameters(prior)
    mean = weights @ loc
    covariance = np.einsum("k,ki,kj->ij", weights, loc, loc) - np.outer(mean, mean)
    covariance += np.diag(weights @ scale**2)
    assert np.abs((z.mean(0) - mean) / (z.std(0) / np.sqrt(count))).max() < 4
    products = (z - mean)[:, :, np.newaxis] * (z - mean)[:, np.newaxis]
    error = products.std(0) / np.sqrt(count)
    assert np.abs((products.mean(0) - covariance) / error).max() < 4


def test_components_are_chosen_with_their_weights_also_from_extreme_noise():
    probabilities, count = np.array([0.05, 0.0, 0.7, 0.25], "float32"), 40000
    noise = tf.random.stateless_normal((count,), (5, 6))
    chosen = draw_categorical(tf.math.log(tf.constant(probabilities)), noise).numpy()
    shares = np.bincount(chosen, minlength=4) / count
    error = np.sqrt(probabilities * (1 - probabilities) / count)
    assert (np.abs(shares - probabilities) <= 4 * error).all()
    assert draw_categorical(tf.zeros(5), tf.constant([-40.0, 40.0])).numpy().tolist() == [0, 4]
    assert draw_categorical(tf.zeros(1), tf.constant([-40.0, 40.0])).numpy().tolist() == [0, 0]


def test_initialized_it_is_scikit_learns_mixture():
    z, _ = make_blobs(300, n_features=3, centers=4, cluster_std=[0.3, 0.5, 0.7, 1.0], random_state=3)
    prior = Mixture(3, 4)
    prior.initialize(z)
    fitted = GaussianMixture(4, covariance_type="diag", max_iter=300, reg_covar=1e-6, random_state=0).fit(z)
    points = np.random.default_rng(1).normal(scale=5, size=(200, 3))
    np.testing.assert_allclose(
        prior.distribution().log_prob(points.astype("float32")),
        fitted.score_samples(points),
        rtol=1e-4,
        atol=1e-3,
    )
    responsibilities = np.exp(prior.log_responsibilities(points))
    np.testing.assert_allclose(responsibilities, fitted.predict_proba(points), atol=1e-3)
    received = prior.predict_cluster(points[:, np.newaxis])
    assert received.shape == (200, 1)
    np.testing.assert_array_equal(received[:, 0], fitted.predict(points))


def test_a_cluster_without_width_keeps_the_density_finite():
    prior = Mixture(2, 2)
    prior.initialize(np.repeat([[0.0, 0.0], [1.0, 1.0]], 10, axis=0))
    log_density = prior.distribution().log_prob(tf.constant([[0.0, 0.0], [0.5, 0.5]]))
    assert np.isfinite(log_density).all()
    assert log_density[0] > 10


def test_bad_arguments_are_rejected():
    with pytest.raises(InvalidInput, match="latent_dim: expected an integer of at least 1, received 0"):
        Mixture(0, 3)
    with pytest.raises(InvalidInput, match="num_components: expected an integer"):
        Mixture(2, 0)
    for shape in ((10, 3), (2, 2), (10,)):
        with pytest.raises(InvalidInput, match="z: expected at least 3 points of shape"):
            Mixture(2, 3).initialize(np.zeros(shape))


def test_the_configuration_makes_it_again():
    prior = _example()
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(prior))
    assert (type(again), again.latent_dim, again.num_components) == (Mixture, 2, 3)


def _vae():
    return tfvae.VAE(
        encoder=tfvae.networks.mlp((16,), "tanh"),
        decoder=tfvae.networks.mlp((16,), "tanh"),
        posterior=Normal(3),
        likelihood=tfvae.likelihoods.Bernoulli((64,)),
        prior=Mixture(3, 4),
    )


@pytest.mark.slow
def test_it_trains_saves_and_exports(flat, tmp_path):
    vae, x = _vae(), flat[:256]
    with tf.GradientTape() as tape:
        loss = vae.compute_loss(x=x, y_pred=vae(x, training=True))
    for weight, gradient in zip(
        vae.trainable_weights, tape.gradient(loss, vae.trainable_weights), strict=True
    ):
        assert np.isfinite(gradient).all(), weight.path
        assert np.abs(gradient).max() > 0, weight.path
    vae.compile()
    history = vae.fit(x, epochs=3, verbose=0).history["loss"]
    assert history[-1] < history[0]
    vae.save(tmp_path / "vae.keras")
    again = keras.saving.load_model(tmp_path / "vae.keras")
    np.testing.assert_array_equal(again.elbo(x[:5]), vae.elbo(x[:5]))
    clusters = again.prior.predict_cluster(again.encode(x).mean())
    assert clusters.shape == (256,)
    export = tfvae.export.litert(vae, tmp_path / "sample.tflite", endpoint="sample")
    assert export.largest_difference["sample"] < 1e-4


@pytest.mark.parametrize("policy", ["float32", "mixed_bfloat16"])
def test_a_thousand_large_steps_stay_finite(flat, policy):
    keras.config.set_dtype_policy(policy)
    vae = _vae()
    vae.compile(optimizer=keras.optimizers.Adam(1e-2))
    vae.fit(tf.data.Dataset.from_tensors(flat[:64]).repeat(1000), verbose=0)
    assert np.isfinite(vae.elbo(flat[:64])).all()
    assert np.isfinite(vae.prior.log_responsibilities(vae.encode(flat[:64]).mean())).all()
