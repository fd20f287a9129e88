"""Scales that are learned: one for all elements, or one for each."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy import stats

import tfvae
from tfvae import scales
from tfvae.core.errors import InvalidInput
from tfvae.likelihoods import Normal


def test_each_element_has_its_own_scale():
    likelihood = Normal((3,), scales.Learned(0.5, floor=0.1, shape=(3,)))
    likelihood.scale.log_scale.assign(np.log([0.1, 0.9, 1.9]))
    x = np.float32([[0.2, -1.0, 3.0], [0.0, 0.5, -2.0]])
    px = likelihood.distribution({"loc": tf.zeros((4, 2, 3))})
    expected = stats.norm.logpdf(x, scale=[0.2, 1.0, 2.0]).sum(-1)
    np.testing.assert_allclose(px.log_prob(x), np.tile(expected, (4, 1)), rtol=1e-5)


def test_the_likeliest_scales_are_the_deviations_of_the_columns():
    true = np.float32([0.3, 1.5])
    x = np.random.default_rng(0).normal(size=(4000, 2)).astype("float32") * true
    scale = scales.Learned(shape=(2,))
    likelihood, optimizer = Normal((2,), scale), keras.optimizers.Adam(0.05)
    for _ in range(150):
        with tf.GradientTape() as tape:
            px = likelihood.distribution({"loc": tf.zeros((1, 2))})
            loss = -tf.reduce_mean(px.log_prob(x))
        optimizer.apply(tape.gradient(loss, [scale.log_scale.value]), [scale.log_scale])
    np.testing.assert_allclose(scale.scale([]), np.sqrt(np.mean(x**2, axis=0)), rtol=1e-2)


@pytest.mark.parametrize("shape", [(), (2, 3)])
def test_configuration_makes_the_same_scale(shape):
    scale = scales.Learned(0.7, shape=shape)
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(scale))
    assert again.shape == shape
    np.testing.assert_allclose(again.scale([]), np.full(shape, 0.7), rtol=1e-6)


def test_a_scale_of_another_shape_is_rejected():
    with pytest.raises(InvalidInput, match=r"scale.*\(3,\).*\(2,\)"):
        Normal((3,), scales.Learned(shape=(2,)))(tf.zeros((1, 4)))
    with pytest.raises(InvalidInput, match="shape"):
        scales.Learned(shape=(0,))


class TestOptimal:
    def test_it_is_the_root_mean_square_of_the_errors_seen(self):
        scale = tfvae.scales.Optimal(decay=0.5)
        first, second = (np.random.default_rng(seed).normal(size=(20, 3)) ** 2 for seed in (0, 1))
        for errors in (first, second):
            scale.observe(tf.constant(errors, tf.float32), exponent=2.0)
        expected = np.sqrt(0.5 * first.mean() + 0.5 * second.mean())
        assert float(scale.scale([])) == pytest.approx(expected, rel=1e-6)

    def test_one_for_each_column_passes_over_missing_values(self):
        scale = tfvae.scales.Optimal(shape=(2,), decay=0.0)
        scale.observe(tf.constant([[[1.0, 4.0], [np.nan, 16.0]]]), exponent=1.0)
        np.testing.assert_allclose(scale.scale([]), [1.0, 10.0], rtol=1e-6)
        scale.observe(tf.fill((1, 2, 2), np.nan), exponent=1.0)
        np.testing.assert_allclose(scale.scale([]), [1.0, 10.0], rtol=1e-6)

    def test_it_stays_above_its_floor(self):
        scale = tfvae.scales.Optimal(floor=0.2)
        scale.observe(tf.zeros((4, 1)), exponent=2.0)
        assert float(scale.scale([])) == pytest.approx(0.2)

    def test_in_a_linear_vae_it_is_the_noise_of_probabilistic_pca(self):
        """Tipping and Bishop 1999, equation 8: the mean of the variances that the components leave out."""
        rng = np.random.default_rng(0)
        x = (rng.normal(size=(2000, 5)) @ rng.normal(size=(5, 5)) * 0.5).astype("float32")
        vae = tfvae.VAE(
            tfvae.networks.linear(),
            tfvae.networks.linear(),
            tfvae.posteriors.Normal(2),
            tfvae.likelihoods.Normal((5,), tfvae.scales.Optimal()),
            seed=0,
        )
        vae.compile(tfvae.optimizers.Adam(5e-3))
        vae.fit(x, epochs=150, batch_size=200, verbose=0)
        variances = np.sort(np.linalg.eigvalsh(np.cov(x.T)))
        assert float(vae.likelihood.scale.scale([])) ** 2 == pytest.approx(variances[:3].mean(), rel=0.05)

    def test_two_replicas_see_the_whole_batch(self, two_replicas, silent):
        x = np.random.default_rng(0).normal(size=(90, 4)).astype("float32")
        found = []
        for strategy in (tf.distribute.get_strategy(), two_replicas):
            keras.utils.set_random_seed(1)
            with strategy.scope():
                likelihood = tfvae.likelihoods.Normal((4,), tfvae.scales.Optimal())
                mlp = tfvae.networks.mlp
                vae = tfvae.VAE(mlp((8,)), mlp((8,)), silent(2), likelihood)
                vae.compile(keras.optimizers.SGD(1e-2))
            vae.fit(x, batch_size=30, epochs=2, shuffle=False, verbose=0)
            found.append(float(vae.likelihood.scale.scale([])))
        assert found[0] == pytest.approx(found[1], rel=1e-5)

    def test_a_density_without_a_best_scale_in_closed_form_is_rejected(self):
        with pytest.raises(InvalidInput, match="scale: expected another scale, as the best one of StudentT"):
            tfvae.likelihoods.StudentT((4,), tfvae.scales.Optimal())

    @pytest.mark.slow
    def test_the_recipe_needs_no_beta(self, digits):
        """A scale learned from 1 on leaves the latent space unused for long; this one uses it at once."""
        vae = tfvae.zoo.sigma_vae((8, 8, 1))
        vae.fit(digits, epochs=20, batch_size=64, verbose=0)
        error = np.sqrt(np.mean(np.square(digits - vae.decode(vae.encode(digits).sample(seed=0)).mean())))
        assert float(vae.likelihood.scale.scale([])) == pytest.approx(error, rel=0.1)
        assert tfvae.evaluation.active_units(vae, digits).sum() >= 12
