"""Likeness in the features of a trained network, beside another objective."""

from __future__ import annotations

import keras
import tensorflow as tf

from tfvae.core.checks import keras_layer
from tfvae.core.trace import Trace
from tfvae.core.types import DType, ObjectiveModel, Tensor
from tfvae.objectives.base import Objective
from tfvae.objectives.critic import folded, sample_mean
from tfvae.objectives.elbo import ELBO
from tfvae.objectives.penalties import Penalized
from tfvae.schedules import Schedule


class Perceptual(Penalized):
    """penalty = |f(x) - f(E[x|z])|^2, the squared error in the features f of a network that is not trained.

    The network is set to not trainable, and used as in inference. It is kept in the model's file.

    Args:
        features: network from x [B, *event] to features.
        weight: of the penalty, a number or a schedule.
        objective: what it is added to; None is `ELBO()`.

    Source: Hou et al. 2017 (deep feature consistent VAE).

    Example:
        >>> from tfvae import networks
        >>> Perceptual(networks.conv((8, 16)), weight=0.5).terms
        ('distortion', 'rate', 'elbo', 'penalty')
    """

    requires_complete_data = True

    def __init__(
        self,
        features: keras.Layer,
        weight: float | Schedule = 1.0,
        objective: Objective | None = None,
        *,
        name: str | None = None,
        dtype: DType = None,
    ):
        super().__init__(weight, ELBO() if objective is None else objective, name=name, dtype=dtype)
        self.features = keras_layer("features", features)
        self.features.trainable = False

    def prepare(self, model: ObjectiveModel) -> None:
        """Make the weights of the network, where it has none yet, and of the other objective."""
        super().prepare(model)
        self.features(keras.KerasTensor((None, *model.event_shape)))

    def penalty(self, trace: Trace, model: ObjectiveModel) -> Tensor:
        """Return the squared error in the features, the mean over the samples, [B]."""
        reconstruction = model.likelihood.mean(trace.record["likelihood"])
        received = tf.cast(self.features(folded(reconstruction)), tf.float32)
        expected = tf.cast(self.features(trace.x), tf.float32)
        tiles = tf.concat([tf.shape(trace.z)[:1], tf.ones(tf.rank(expected) - 1, tf.int32)], 0)
        squared = tf.math.squared_difference(tf.tile(expected, tiles), received)
        return sample_mean(tf.reduce_sum(squared, axis=tf.range(1, tf.rank(squared))), trace)
