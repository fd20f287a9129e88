"""Critics: networks trained against the model inside one scalar loss.

The model and its critic are trained by the same optimizer in the same step, each with the gradient at
the weights that the step began with: simultaneous updates, where the papers alternate. Keras's own
training step then serves, and with it sample weights, callbacks, replicas and files. A critic sees its
input as in inference: dropout and batch statistics inside it have no effect.
"""

from __future__ import annotations

import abc
from collections.abc import Callable

import keras
import tensorflow as tf

from tfvae.core.checks import keras_layer
from tfvae.core.trace import Trace
from tfvae.core.training_mode import TRAINING
from tfvae.core.types import DType, ObjectiveModel, Tensor, Tensors
from tfvae.networks import mlp
from tfvae.objectives.base import Objective


def apart(function: Callable[[Tensor], Tensor], value: Tensor) -> tuple[Tensor, Tensor]:
    """Return function(value), [N], twice: for the model, and for the function's own weights.

    The first has a gradient to `value` alone, the second to the weights alone; both from one evaluation:

        first = sg(f(v)) + sum(sg(f'(v)) (v - sg(v))),  second = f(sg(v)),  sg: no gradient

    Args:
        function: from rows [N, ...] to one number for each row, [N]; no row may depend on another.
        value: rows [N, ...].

    Example:
        >>> value, weight = tf.Variable([[3.0]]), tf.Variable(2.0)
        >>> with tf.GradientTape(persistent=True) as tape:
        ...     first, second = apart(lambda rows: weight * rows[:, 0] ** 2, value)
        >>> print(first.numpy(), tape.gradient(first, value).numpy(), tape.gradient(first, weight))
        [18.] [[12.]] None
        >>> print(second.numpy(), tape.gradient(second, value), tape.gradient(second, weight).numpy())
        [18.] None 9.0
    """
    still = tf.stop_gradient(value)
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(still)
        result = function(still)
    slope = tf.stop_gradient(tape.gradient(result, still, unconnected_gradients="zero"))
    change = tf.reduce_sum(slope * (value - still), axis=tf.range(1, tf.rank(value)))
    return tf.stop_gradient(result) + change, result


def joined(model_loss: Tensor, critic_loss: Tensor) -> Tensor:
    """Return one loss with the value of the model's and the gradient of both.

    Example:
        >>> float(joined(tf.constant(2.0), tf.constant(0.7)))
        2.0
    """
    return model_loss + (critic_loss - tf.stop_gradient(critic_loss))


class Adversarial(Objective):
    """An objective with a critic; abstract.

    Attributes:
        critic: network from what is judged to features; one linear output on top of them makes the logit
            of "from the first of the two sources".
    """

    def __init__(self, critic: keras.Layer | None = None, *, name: str | None = None, dtype: DType = None):
        super().__init__(name=name, dtype=dtype)
        self.critic = mlp((256, 256), "leaky_relu") if critic is None else keras_layer("critic", critic)
        self.logit = keras.layers.Dense(1, name="logit", dtype=self.dtype_policy)

    @abc.abstractmethod
    def prepare(self, model: ObjectiveModel) -> None:
        """Make the weights of the critic, with `make_critic`."""

    def make_critic(self, shape: tuple[int, ...]) -> None:
        """Make the critic's weights for inputs of this shape."""
        features = keras.layers.Flatten()(self.critic(keras.KerasTensor((None, *shape))))
        self.num_features = features.shape[1]
        self.logit(features)

    def critic_features(self, judged: Tensor) -> Tensor:
        """Return the critic's features of [N, ...], flat, [N, n] in float32."""
        features = tf.cast(self.critic(judged, training=TRAINING.get()), tf.float32)
        return tf.reshape(features, (tf.shape(judged)[0], self.num_features))

    def logits(self, judged: Tensor) -> Tensor:
        """Return the critic's logits of [N, ...], [N] in float32."""
        return tf.cast(self.logit(self.critic_features(judged))[:, 0], tf.float32)


def folded(value: Tensor) -> Tensor:
    """Fold the samples of [S, B, ...] into the batch, [S B, ...], for a network."""
    return tf.reshape(value, tf.concat([[-1], tf.shape(value)[2:]], 0))


def folded_given(trace: Trace) -> Tensors:
    """Return what x is generated from, each [S B, ...], in the order of `folded`."""
    samples = tf.shape(trace.z)[0]
    return {
        name: folded(tf.repeat(value[tf.newaxis], samples, 0)) for name, value in (trace.given or {}).items()
    }


def sample_mean(value: Tensor, trace: Trace) -> Tensor:
    """Undo `folded` for one number a row: the mean over the samples, [B], of [S B]."""
    return tf.reduce_mean(tf.reshape(value, tf.shape(trace.z)[:2]), axis=0)
