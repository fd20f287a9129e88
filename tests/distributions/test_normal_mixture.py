"""Mixtures of diagonal Gaussians against SciPy."""

import numpy as np
import tensorflow as tf
from scipy import special, stats

from tfvae.distributions import component_log_joint, normal_mixture

RNG = np.random.default_rng(0)
LOGITS = RNG.normal(size=(5, 3)).astype("float32")
LOC = RNG.normal(size=(5, 3, 2)).astype("float32")
SCALE = RNG.uniform(0.1, 2, (5, 3, 2)).astype("float32")
Z = RNG.normal(size=(7, 5, 2)).astype("float32")


def _log_joint():
    densities = stats.norm.logpdf(Z[:, :, np.newaxis].astype("float64"), LOC, SCALE).sum(-1)
    return special.log_softmax(LOGITS.astype("float64"), axis=-1) + densities


def test_the_density_is_the_weighted_sum():
    received = normal_mixture(LOGITS, LOC, SCALE).log_prob(Z)
    np.testing.assert_allclose(received, special.logsumexp(_log_joint(), axis=-1), rtol=1e-4)


def test_the_log_joint_is_that_of_each_component():
    received = component_log_joint(tf.constant(LOGITS), tf.constant(LOC), tf.constant(SCALE), tf.constant(Z))
    np.testing.assert_allclose(received, _log_joint(), rtol=1e-4)
