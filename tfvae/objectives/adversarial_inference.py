"""Adversarially learned inference: a critic of data and code together."""

from __future__ import annotations

import functools
import math

import keras
import tensorflow as tf

from tfvae.core.checks import keras_layer
from tfvae.core.trace import Trace
from tfvae.core.training_mode import TRAINING
from tfvae.core.types import DType, ObjectiveModel, Tensor, Tensors
from tfvae.objectives.critic import Adversarial, apart, folded, joined, sample_mean
from tfvae.objectives.prior_draws import PriorDraws
from tfvae.schedules import Schedule, as_schedule


class AdversariallyLearnedInference(Adversarial, PriorDraws):
    """loss = softplus(C(x, z)) + softplus(-C(x', z')) + weight distortion,  x' = E[x|z'], z' ~ p(z).

    The critic's logit C tells pairs of the encoder (x of the data, z ~ q(z|x)) from pairs of the decoder
    (x', z'), and each of the two networks is trained to have its pairs taken for the other's.

    critic_loss = softplus(-C(x, z)) + softplus(C(x', z'))

    With weight 0 nothing but the critic ties x to its code, and the spread of the likelihood is not
    trained; a small weight on the distortion is ALICE. The critic is trained in the same step as the
    model (see `tfvae.objectives.critic`), which leaves the prior's own weights alone.

    Args:
        critic: network from pairs, [B, features of x + latent_dim], to features; None is a perceptron.
        features: network from x [B, *event] to what the critic sees of it; None flattens x.
        weight: of the distortion, a number or a schedule.

    Source: Dumoulin et al. 2017, algorithm 1; Donahue et al. 2017 (BiGAN); Li et al. 2017 (ALICE).

    Example:
        >>> AdversariallyLearnedInference().terms
        ('distortion', 'adversarial', 'critic_loss')
    """

    terms = ("distortion", "adversarial", "critic_loss")
    needs = ("reparameterized",)
    requires_complete_data = True

    def __init__(
        self,
        critic: keras.Layer | None = None,
        features: keras.Layer | None = None,
        weight: float | Schedule = 0.0,
        *,
        name: str | None = None,
        dtype: DType = None,
    ):
        super().__init__(critic, name=name, dtype=dtype)
        self.features = keras.layers.Flatten() if features is None else keras_layer("features", features)
        self.weight = as_schedule("weight", weight)

    def prepare(self, model: ObjectiveModel) -> None:
        """Make the weights of the critic of pairs."""
        x = keras.KerasTensor((None, *model.event_shape))
        size = keras.layers.Flatten()(self.features(x)).shape[1]
        self.make_critic((size + model.latent_dim,))

    def loss(self, trace: Trace, model: ObjectiveModel) -> Tensors:
        """Return the loss, the distortion, the adversarial loss of the two networks and the critic's, [B]."""
        logits = functools.partial(self._logits, model)
        z = tf.stop_gradient(self.prior_draws(trace, model))
        encoded, own_encoded = apart(logits, _pairs(trace.x, trace.z))
        decoded, own_decoded = apart(logits, _pairs(model.decoded_mean(z, trace.given), z[tf.newaxis]))
        adversarial = sample_mean(tf.nn.softplus(encoded), trace) + tf.nn.softplus(-decoded)
        critic_loss = sample_mean(tf.nn.softplus(-own_encoded), trace) + tf.nn.softplus(own_decoded)
        model_loss = adversarial + self.weight(model.step) * trace.distortion
        return {
            "loss": joined(model_loss, critic_loss),
            "distortion": trace.distortion,
            "adversarial": adversarial,
            "critic_loss": critic_loss,
        }

    def _logits(self, model: ObjectiveModel, pairs: Tensor) -> Tensor:
        """Return the logits of rows that hold x and z one after the other."""
        x = tf.reshape(pairs[:, : -model.latent_dim], (-1, *model.event_shape))
        features = tf.reshape(
            tf.cast(self.features(x, training=TRAINING.get()), tf.float32), (tf.shape(pairs)[0], -1)
        )
        return self.logits(tf.concat([features, pairs[:, -model.latent_dim :]], axis=1))


def _pairs(x: Tensor, z: Tensor) -> Tensor:
    """Return x [B, *event], flat, beside each of its z [S, B, D]: rows [S B, size of x + D]."""
    flat = tf.reshape(x, (tf.shape(x)[0], math.prod(x.shape[1:])))
    flat = tf.broadcast_to(flat, tf.concat([tf.shape(z)[:2], tf.shape(flat)[1:]], 0))
    return folded(tf.concat([flat, z], axis=2))
