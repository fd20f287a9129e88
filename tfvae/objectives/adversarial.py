"""The adversarial autoencoder: a critic matches the latent code with the prior."""

from __future__ import annotations

import keras
import tensorflow as tf

from tfvae.core.trace import Trace
from tfvae.core.types import DType, ObjectiveModel, Tensors
from tfvae.objectives.critic import Adversarial, apart, folded, joined, sample_mean
from tfvae.objectives.prior_draws import PriorDraws
from tfvae.schedules import Schedule, as_schedule


class AdversarialAutoencoder(Adversarial, PriorDraws):
    """loss = distortion + weight softplus(-C(z)),  z ~ q(z|x).

    The critic's logit C tells draws of the prior (positive) from codes; the encoder is trained to have
    its codes taken for draws of the prior (the generator's non-saturating loss).

    critic_loss = softplus(-C(z')) + softplus(C(z)),  z' ~ p(z)

    The critic is trained in the same step as the model (see `tfvae.objectives.critic`), which leaves the
    prior's own weights alone. The code may be a point or a distribution, with or without a density.

    Args:
        weight: of the adversarial loss, a number or a schedule.
        critic: network from z [B, latent_dim] to features; None is a perceptron.

    Source: Makhzani et al. 2016, section 2.

    Example:
        >>> AdversarialAutoencoder(weight=2.0).terms
        ('distortion', 'adversarial', 'critic_loss')
    """

    terms = ("distortion", "adversarial", "critic_loss")
    needs = ("reparameterized",)

    def __init__(
        self,
        weight: float | Schedule = 1.0,
        critic: keras.Layer | None = None,
        *,
        name: str | None = None,
        dtype: DType = None,
    ):
        super().__init__(critic, name=name, dtype=dtype)
        self.weight = as_schedule("weight", weight)

    def prepare(self, model: ObjectiveModel) -> None:
        """Make the weights of the critic of z."""
        self.make_critic((model.latent_dim,))

    def loss(self, trace: Trace, model: ObjectiveModel) -> Tensors:
        """Return the loss, the distortion, the encoder's adversarial loss and the critic's, [B]."""
        logits, own = apart(self.logits, folded(trace.z))
        drawn = self.logits(tf.stop_gradient(self.prior_draws(trace, model)))
        adversarial = sample_mean(tf.nn.softplus(-logits), trace)
        critic_loss = tf.nn.softplus(-drawn) + sample_mean(tf.nn.softplus(own), trace)
        model_loss = trace.distortion + self.weight(model.step) * adversarial
        return {
            "loss": joined(model_loss, critic_loss),
            "distortion": trace.distortion,
            "adversarial": adversarial,
            "critic_loss": critic_loss,
        }
