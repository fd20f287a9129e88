"""The MMD against its closed form for Gaussians, and what it makes of InfoVAE and the WAE."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfvae.core.errors import InvalidInput
from tfvae.objectives.kernels import RBF, InverseMultiquadric
from tfvae.objectives.mmd import InfoVAE, WassersteinMMD, mmd_shares
from tfvae.posteriors.point import Point


def _expected_rbf(bandwidth, difference, variances):
    """E k(x, y) for independent Gaussians with this difference of means and sum of variances."""
    total = bandwidth**2 + variances
    return np.prod(np.sqrt(bandwidth**2 / total) * np.exp(-(difference**2) / (2 * total)))


@pytest.mark.parametrize("bandwidth", [0.7, 2.0])
def test_estimate_is_unbiased_for_two_gaussians(bandwidth):
    mean, scale = np.array([0.5, -0.3]), np.array([0.6, 1.5])
    exact = (
        _expected_rbf(bandwidth, 0 * mean, 2 * scale**2)
        + _expected_rbf(bandwidth, 0 * mean, 2 * np.ones(2))
        - 2 * _expected_rbf(bandwidth, mean, scale**2 + 1)
    )
    z = mean + scale * np.random.default_rng(0).normal(size=(300, 24, 2))
    draws = np.random.default_rng(1).normal(size=(300, 24, 2))
    z, draws = (value.astype("float32") for value in (z, draws))
    estimates = tf.reduce_mean(mmd_shares(z, draws, RBF(bandwidth)), axis=1).numpy()
    assert abs(estimates.mean() - exact) < 4 * estimates.std(ddof=1) / np.sqrt(300)
    assert exact > 10 * estimates.std(ddof=1) / np.sqrt(300)  # told from 0


def test_two_samples_of_one_distribution_differ_by_nothing():
    z, draws = np.random.default_rng(3).normal(size=(2, 300, 24, 3)).astype("float32")
    estimates = tf.reduce_mean(mmd_shares(z, draws, InverseMultiquadric()), axis=1).numpy()
    assert abs(estimates.mean()) < 4 * estimates.std(ddof=1) / np.sqrt(300)


def test_mean_of_the_shares_is_the_estimate_with_two_sums():
    z, draws = np.random.default_rng(3).normal(size=(2, 1, 6, 3)).astype("float32")
    kernel = InverseMultiquadric((0.5, 3.0))
    squared = ((z[0][:, None] - z[0]) ** 2).sum(-1)
    by_hand = sum(6 * s / (6 * s + squared) for s in (0.5, 3.0))
    np.testing.assert_allclose(kernel(tf.constant(z[0]), tf.constant(z[0])), by_hand, rtol=1e-5)
    within = sum(
        (np.sum(kernel(tf.constant(v), tf.constant(v))) - 6 * 2) / 30 for v in (z[0], draws[0])
    )  # the kernel of a point with itself is 1 for each scale
    between = np.mean(kernel(tf.constant(z[0]), tf.constant(draws[0])))
    shares = mmd_shares(tf.constant(z), tf.constant(draws), kernel)
    assert np.mean(shares) == pytest.approx(within - 2 * between, rel=1e-4)


def test_info_vae_lies_between_the_elbo_and_the_autoencoder(small_vae, flat):
    for alpha, lambda_, rate, mmd in ((0.0, 1.0, 1.0, 0.0), (1.0, 0.0, 0.0, 0.0), (0.5, 8.0, 0.5, 7.5)):
        vae = small_vae(objective=InfoVAE(alpha, lambda_))
        trace = vae.trace(flat[:20])
        terms = vae.objective.loss(trace, vae)
        expected = trace.distortion + rate * trace.rate + mmd * terms["mmd"]
        np.testing.assert_allclose(terms["loss"], expected, rtol=1e-5)


def test_the_wae_brings_the_code_to_the_prior(small_vae, flat):
    vae = small_vae(Point(4), WassersteinMMD(100.0))
    draws = tf.constant(np.random.default_rng(0).normal(size=(1, 512, 4)), tf.float32)

    def discrepancy():
        codes = vae.predict(flat[512:1024], verbose=0)["latent"]
        return np.mean(mmd_shares(tf.constant(codes[None]), draws, InverseMultiquadric()))

    before = discrepancy()
    vae.compile(keras.optimizers.Adam(1e-2), run_eagerly=True)
    vae.fit(flat[:512], epochs=8, batch_size=128, verbose=0)
    assert 0 < discrepancy() < before / 5


@pytest.mark.parametrize("kernel", [RBF(0.7), InverseMultiquadric((1.0, 2.0))])
def test_kernels_survive_their_configuration(kernel):
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(kernel))
    x, y = np.random.default_rng(0).normal(size=(2, 5, 3)).astype("float32")
    np.testing.assert_array_equal(
        again(tf.constant(x), tf.constant(y)), kernel(tf.constant(x), tf.constant(y))
    )


@pytest.mark.parametrize(
    ("make", "argument"),
    [(lambda: RBF(0.0), "bandwidth"), (lambda: InverseMultiquadric(()), "scales"),
     (lambda: InverseMultiquadric((1.0, -1.0)), "scales")],
)  # fmt: skip
def test_impossible_kernels_are_refused(make, argument):
    with pytest.raises(InvalidInput, match=f"^{argument}: expected"):
        make()
