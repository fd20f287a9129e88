"""The posterior over one-hot codes, with score-function gradients."""

from __future__ import annotations

import tensorflow as tf
from tensorflow_probability import distributions as tfd

from tfvae.core.checks import integer
from tfvae.core.heads import Head
from tfvae.core.numerics import bounded
from tfvae.core.trace import Trace
from tfvae.core.types import DType, InputShape, Tensor, Tensors
from tfvae.distributions import OneHotRows, draw_categorical, score_function_loss
from tfvae.networks import flatten, num_features
from tfvae.posteriors.base import Posterior

_BOUND = 10.0  # of the logits: no category becomes impossible, and no score infinite


class Categorical(Posterior):
    """q(z|x) = prod_v Cat(z_v; softmax(logits_v(x))), z_v one-hot, concatenated to z.

    A discrete draw carries no gradient. The loss gets it from the score function,
    (loss - baseline) d log q(z|x), with the mean loss of the other examples as the baseline; it holds for
    objectives whose loss of an example depends on that example's draws alone.

    Args:
        num_variables: number V of variables.
        num_categories: number K of values of each; z has V K entries.

    Source: Williams 1992, REINFORCE; Mnih and Gregor 2014, section 2.

    Example:
        >>> posterior = Categorical(3, 4)
        >>> z, log_q = posterior.transform(posterior(tf.ones([5, 2])), tf.zeros([7, 5, 3]))
        >>> z.shape, log_q.shape
        (TensorShape([7, 5, 12]), TensorShape([7, 5]))
    """

    space = "one-hot"
    reparameterized = False

    def __init__(
        self, num_variables: int, num_categories: int, *, name: str | None = None, dtype: DType = None
    ):
        super().__init__(name=name, dtype=dtype)
        self.num_variables = integer("num_variables", num_variables)
        self.num_categories = integer("num_categories", num_categories, 2)
        self.latent_dim = num_variables * num_categories

    @property
    def noise_dim(self) -> int:
        """One number for each variable."""
        return self.num_variables

    def build(self, input_shape: InputShape) -> None:
        """Make the projection from flat features."""
        self.head = Head((self.num_variables, self.num_categories), 1, name="head", dtype=self.dtype_policy)
        self.head.build((input_shape[0], num_features(input_shape)))

    def call(self, inputs: Tensor) -> Tensors:
        """Return {"logits"}, [B, V, K], within 10 of 0."""
        raw = self.head(flatten(inputs))
        return {"logits": bounded(raw[..., 0], _BOUND)}

    def distribution(self, params: Tensors) -> tfd.Distribution:
        """Return the independent one-hot variables, an event of V K numbers."""
        return OneHotRows(params["logits"])

    def location(self, params: Tensors) -> Tensor:
        """Return the most probable code."""
        return self._code(tf.argmax(params["logits"], axis=-1))

    def summary(self, params: Tensors) -> Tensors:
        """Return {"location" [B, V K], "probabilities" [B, V, K]}."""
        return {"location": self.location(params), "probabilities": tf.nn.softmax(params["logits"])}

    def transform(self, params: Tensors, noise: Tensor) -> tuple[Tensor, Tensor]:
        """Return one-hot codes and their log probability."""
        z = self._code(draw_categorical(tf.stop_gradient(params["logits"]), noise))
        return z, self.distribution(params).log_prob(z)

    def estimate(self, loss: Tensor, trace: Trace) -> Tensor:
        """Return the loss with the score function's gradient for the logits."""
        return score_function_loss(loss, trace.log_q)

    def _code(self, choice: Tensor) -> Tensor:
        rows = tf.one_hot(choice, self.num_categories)
        return tf.reshape(rows, tf.concat([tf.shape(rows)[:-2], [self.latent_dim]], axis=0))
