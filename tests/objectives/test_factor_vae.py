"""The permutation, and the critic of known Gaussians against the exact total correlation."""

import keras
import numpy as np
import tensorflow as tf

from tfvae.networks import mlp
from tfvae.objectives.factor_vae import FactorVAE, permuted


class Model:
    """What the objective asks of a model before it is trained."""

    latent_dim = 2


def test_dimensions_of_a_permuted_row_are_of_different_examples():
    z = tf.reshape(tf.range(2.0 * 7 * 3), (2, 7, 3))
    mixed = permuted(z).numpy()
    for j in range(3):
        np.testing.assert_array_equal(mixed[:, :, j], np.roll(z[:, :, j], -(j + 1), axis=1))
    example = (mixed - mixed.min(axis=(0, 1))) // 3 % 7
    assert all(len(set(row)) == 3 for row in example.reshape(-1, 3))


def test_a_trained_critic_is_the_log_density_ratio():
    """For z ~ N(0, [[1, c], [c, 1]]) the ratio to the product of its marginals is known."""
    c, rng = 0.7, np.random.default_rng(2)
    z = rng.multivariate_normal([0, 0], [[1, c], [c, 1]], 8192).astype("float32")
    objective, optimizer = FactorVAE(1.0, mlp((64, 64), "swish")), keras.optimizers.Adam(3e-3)
    objective.prepare(Model)
    weights = objective.trainable_variables

    @tf.function
    def step(rows):
        with tf.GradientTape() as tape:
            other = objective.logits(permuted(rows[tf.newaxis])[0])
            loss = tf.reduce_mean(tf.nn.softplus(-objective.logits(rows)) + tf.nn.softplus(other))
        optimizer.apply(tape.gradient(loss, weights), weights)

    for start in range(400):
        step(tf.constant(np.roll(z, 131 * start, axis=0)[:1024]))
    fresh = rng.multivariate_normal([0, 0], [[1, c], [c, 1]], 4096).astype("float32")
    x, y = fresh.T.astype("float64")
    ratio = -0.5 * np.log1p(-(c**2)) - (c**2 * (x**2 + y**2) - 2 * c * x * y) / (2 * (1 - c**2))
    logits = objective.logits(fresh).numpy()
    assert np.corrcoef(logits, ratio)[0, 1] > 0.97
    assert abs(logits.mean() - -0.5 * np.log1p(-(c**2))) < 0.1 * -0.5 * np.log1p(-(c**2))


def test_loss_is_the_negative_elbo_and_the_mean_logit(small_vae, flat):
    vae = small_vae(objective=FactorVAE(3.0, mlp((8,))))
    trace = vae.trace(flat[:20], num_samples=4)
    terms = vae.objective.loss(trace, vae)
    logits = tf.stack([vae.objective.logits(z) for z in trace.z])
    mixed = tf.stack([vae.objective.logits(z) for z in permuted(trace.z)])
    critic = 0.5 * (tf.nn.softplus(-logits) + tf.nn.softplus(mixed))
    np.testing.assert_allclose(terms["total_correlation"], tf.reduce_mean(logits, 0), rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(terms["critic_loss"], tf.reduce_mean(critic, 0), rtol=1e-5)
    np.testing.assert_allclose(terms["loss"], 3.0 * terms["total_correlation"] - trace.elbo, rtol=1e-5)
