"""What objectives share that compare the latent code with draws from the prior."""

from __future__ import annotations

import tensorflow as tf

from tfvae.core.trace import Trace
from tfvae.core.types import ObjectiveModel, Tensor
from tfvae.objectives.base import Objective

_STREAM = 7919  # folded into the seed of the step, so that these draws are not those of the posterior


class PriorDraws(Objective):
    """An objective that draws from p(z), one z for each example; abstract."""

    def prior_noise(self, trace: Trace, model: ObjectiveModel) -> Tensor:
        """Return the standard normal noise that the draws are made of, [B, model.prior_noise_dim]."""
        seed = tf.zeros(2, tf.int32) if trace.seed is None else trace.seed
        seed = tf.random.experimental.stateless_fold_in(seed, _STREAM)
        return tf.random.stateless_normal((tf.shape(trace.z)[1], model.prior_noise_dim), seed)

    def prior_draws(self, trace: Trace, model: ObjectiveModel) -> Tensor:
        """Return z ~ p(z), [B, latent_dim]."""
        return model.prior_draw(self.prior_noise(trace, model), trace.given)
