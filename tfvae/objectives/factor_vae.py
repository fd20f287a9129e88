"""FactorVAE: total correlation by the density-ratio trick."""

from __future__ import annotations

import keras
import tensorflow as tf

from tfvae.core.replicas import all_gather, replica_offset
from tfvae.core.trace import Trace
from tfvae.core.types import DType, ObjectiveModel, Tensor, Tensors
from tfvae.objectives.critic import Adversarial, apart, folded, joined, sample_mean
from tfvae.schedules import Schedule, as_schedule


class FactorVAE(Adversarial):
    """loss = distortion + rate + gamma TC,  TC = E_q(z) log(q(z) / prod_j q(z_j)) ~ mean of C(z), in nats.

    The critic's logit C tells draws of q(z) from draws whose dimensions come from different examples:
    dimension j of row i is that of row i + j + 1 of the whole batch, counted round. In a batch with more
    rows than z has dimensions no two dimensions then share an example.

    critic_loss = (softplus(-C(z)) + softplus(C(permuted z))) / 2

    The critic is trained in the same step as the model (see `tfvae.objectives.critic`).

    Args:
        gamma: weight of the total correlation, a number or a schedule.
        critic: network from z [B, latent_dim] to features; None is a perceptron.

    Source: Kim and Mnih 2018, equations 2 and 3, algorithm 2.

    Example:
        >>> FactorVAE(gamma=10.0).terms[3:]
        ('total_correlation', 'critic_loss')
    """

    terms = ("distortion", "rate", "elbo", "total_correlation", "critic_loss")
    needs = ("has_density", "reparameterized")

    def __init__(
        self,
        gamma: float | Schedule = 10.0,
        critic: keras.Layer | None = None,
        *,
        name: str | None = None,
        dtype: DType = None,
    ):
        super().__init__(critic, name=name, dtype=dtype)
        self.gamma = as_schedule("gamma", gamma)

    def prepare(self, model: ObjectiveModel) -> None:
        """Make the weights of the critic of z."""
        self.make_critic((model.latent_dim,))

    def loss(self, trace: Trace, model: ObjectiveModel) -> Tensors:
        """Return the loss, the terms of the ELBO, the total correlation and the critic's loss, [B]."""
        logits, own = apart(self.logits, folded(trace.z))
        critic_loss = 0.5 * (tf.nn.softplus(-own) + tf.nn.softplus(self.logits(folded(permuted(trace.z)))))
        total_correlation, critic_loss = sample_mean(logits, trace), sample_mean(critic_loss, trace)
        model_loss = trace.distortion + trace.rate + self.gamma(model.step) * total_correlation
        return {
            "loss": joined(model_loss, critic_loss),
            "distortion": trace.distortion,
            "rate": trace.rate,
            "elbo": trace.elbo,
            "total_correlation": total_correlation,
            "critic_loss": critic_loss,
        }


def permuted(z: Tensor) -> Tensor:
    """Return z [S, B, D] with dimension j of row i taken from row i + j + 1 of the whole batch.

    No gradient goes through it.

    Example:
        >>> permuted(tf.reshape(tf.range(8.0), (1, 4, 2)))[0].numpy()
        array([[2., 5.], [4., 7.], [6., 1.], [0., 3.]], dtype=float32)
    """
    rows = tf.transpose(tf.stop_gradient(z), (1, 0, 2))
    everywhere = all_gather(rows)
    count, total, dims = tf.shape(rows)[0], tf.shape(everywhere)[0], z.shape[2]
    source = tf.range(count)[:, tf.newaxis] + replica_offset(count) + tf.range(1, dims + 1)[tf.newaxis]
    by_dimension = tf.transpose(everywhere, (2, 0, 1))  # [D, M, S]
    source = tf.transpose(tf.math.floormod(source, tf.maximum(total, 1)))  # [D, B]
    return tf.transpose(tf.gather(by_dimension, source, batch_dims=1), (2, 1, 0))
