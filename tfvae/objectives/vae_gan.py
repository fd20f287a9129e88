"""The VAE/GAN: likeness measured in the features of a critic of images."""

from __future__ import annotations

import keras
import tensorflow as tf

from tfvae.core.trace import Trace
from tfvae.core.types import DType, ObjectiveModel, Tensor, Tensors
from tfvae.objectives.critic import Adversarial, apart, folded, folded_given, joined, sample_mean
from tfvae.objectives.prior_draws import PriorDraws
from tfvae.schedules import Schedule, as_schedule


class VAEGAN(Adversarial, PriorDraws):
    """loss = rate + weight A + feature_weight F + distortion_weight D; x' = E[x|z], x_p = E[x|z_p].

    A = softplus(-C(x')) + softplus(-C(x_p))    for the decoder alone, z ~ q(z|x), z_p ~ p(z)
    F = |f(x) - f(x')|^2 / 2                    error in the critic's features f
    D = -log p(x|z)                             weight 0 in the paper, where F stands in its place

    The critic's logit C, a linear function of f, tells data from reconstructions and from samples:

    critic_loss = softplus(-C(x)) + softplus(C(x')) + softplus(C(x_p))

    Neither F nor A trains the critic, and A does not reach the encoder. The critic is trained in the
    same step as the model (see `tfvae.objectives.critic`).

    Args:
        weight: of A, a number or a schedule.
        critic: network from x [B, *event] to the features f; None is a perceptron.
        feature_weight: of F.
        distortion_weight: of D.

    Source: Larsen et al. 2016, section 2, algorithm 1.

    Example:
        >>> VAEGAN(weight=0.1).terms[3:]
        ('feature_error', 'adversarial', 'critic_loss')
    """

    terms = ("distortion", "rate", "elbo", "feature_error", "adversarial", "critic_loss")
    needs = ("has_density", "reparameterized")
    requires_complete_data = True

    def __init__(
        self,
        weight: float | Schedule = 1.0,
        critic: keras.Layer | None = None,
        feature_weight: float | Schedule = 1.0,
        distortion_weight: float | Schedule = 0.0,
        *,
        name: str | None = None,
        dtype: DType = None,
    ):
        super().__init__(critic, name=name, dtype=dtype)
        self.weight = as_schedule("weight", weight)
        self.feature_weight = as_schedule("feature_weight", feature_weight)
        self.distortion_weight = as_schedule("distortion_weight", distortion_weight)

    def prepare(self, model: ObjectiveModel) -> None:
        """Make the weights of the critic of x."""
        self.make_critic(model.event_shape)

    def loss(self, trace: Trace, model: ObjectiveModel) -> Tensors:
        """Return the loss, the terms of the ELBO, the feature error and the adversarial losses, [B]."""
        feature_error = self._feature_error(trace, model)
        adversarial, critic_loss = self._game(trace, model)
        model_loss = (
            trace.rate
            + self.weight(model.step) * adversarial
            + self.feature_weight(model.step) * feature_error
            + self.distortion_weight(model.step) * trace.distortion
        )
        return {
            "loss": joined(model_loss, critic_loss),
            "distortion": trace.distortion,
            "rate": trace.rate,
            "elbo": trace.elbo,
            "feature_error": feature_error,
            "adversarial": adversarial,
            "critic_loss": critic_loss,
        }

    def _feature_error(self, trace: Trace, model: ObjectiveModel) -> Tensor:
        """Return |f(x) - f(x')|^2 / 2, [B], with its gradient to x' alone."""
        reconstruction = model.likelihood.mean(trace.record["likelihood"])
        target = self.critic_features(trace.x)
        target = tf.tile(target, (tf.shape(trace.z)[0], 1))

        def error(rows: Tensor) -> Tensor:
            return 0.5 * tf.reduce_sum(tf.math.squared_difference(target, self.critic_features(rows)), axis=1)

        return sample_mean(apart(error, folded(reconstruction))[0], trace)

    def _game(self, trace: Trace, model: ObjectiveModel) -> tuple[Tensor, Tensor]:
        """Return the decoder's adversarial loss and the critic's, each [B]."""
        reconstruction = model.decoded_mean(tf.stop_gradient(folded(trace.z)), folded_given(trace))
        sample = model.decoded_mean(tf.stop_gradient(self.prior_draws(trace, model)), trace.given)
        rebuilt, own_rebuilt = apart(self.logits, reconstruction)
        sampled, own_sampled = apart(self.logits, sample)
        adversarial = sample_mean(tf.nn.softplus(-rebuilt), trace) + tf.nn.softplus(-sampled)
        critic_loss = (
            tf.nn.softplus(-self.logits(trace.x))
            + sample_mean(tf.nn.softplus(own_rebuilt), trace)
            + tf.nn.softplus(own_sampled)
        )
        return adversarial, critic_loss
