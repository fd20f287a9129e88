"""The variational mixture of posteriors: those of learned pseudo-inputs."""

from __future__ import annotations

import keras
import numpy as np
import tensorflow as tf
from tensorflow_probability import distributions as tfd

from tfvae.core.checks import integer
from tfvae.core.errors import InvalidInput
from tfvae.core.replicas import all_gather
from tfvae.core.trace import Trace
from tfvae.core.types import Array, DType, Shape, Tensor
from tfvae.distributions import draw_categorical
from tfvae.posteriors import Encoded, Posterior
from tfvae.priors.base import Encode, Prior


class VampPrior(Prior):
    """p(z) = 1/K sum_k q(z|u_k), with the model's own posterior at learned pseudo-inputs u_k.

    The pseudo-inputs start as training examples: those of the first batches, or some of those given to
    `initialize`. For bounded data, `low` and `high` bound the pseudo-inputs too.

    Args:
        latent_dim: number of latent dimensions.
        num_components: number of pseudo-inputs K.
        low: smallest value of a pseudo-input; None means no bound.
        high: largest value of a pseudo-input; None means no bound.

    Source: Tomczak and Welling 2018, equation 9.

    Example:
        >>> import tfvae
        >>> vae = tfvae.VAE(
        ...     encoder=tfvae.networks.mlp((8,)), decoder=tfvae.networks.mlp((8,)),
        ...     posterior=tfvae.posteriors.Normal(2), likelihood=tfvae.likelihoods.Bernoulli((4,)),
        ...     prior=VampPrior(2, num_components=3, low=0.0, high=1.0))
        >>> vae.prior.pseudo_inputs.shape
        TensorShape([3, 4])
    """

    needs_encoder = True

    def __init__(
        self,
        latent_dim: int,
        num_components: int,
        low: float | None = None,
        high: float | None = None,
        *,
        name: str | None = None,
        dtype: DType = None,
    ):
        super().__init__(name=name, dtype=dtype)
        if low is not None and high is not None and not low < high:
            raise InvalidInput("high", f"a number above low = {low}", high)
        self.latent_dim = integer("latent_dim", latent_dim)
        self.num_components = integer("num_components", num_components)
        self.low = low
        self.high = high
        self.filled = self.add_weight(  # number of pseudo-inputs that were set to an example
            name="filled",
            shape=(),
            dtype="int64",
            initializer="zeros",
            trainable=False,
            aggregation="only_first_replica",
        )

    def prepare(self, event_shape: Shape) -> None:
        """Make the pseudo-inputs, [num_components, *event_shape]."""
        self.pseudo_inputs = self.add_weight(
            name="pseudo_inputs",
            shape=(self.num_components, *event_shape),
            initializer=keras.initializers.RandomNormal(stddev=0.05),
            # Applied after each step, so that a value at a bound still has a gradient and can leave it.
            constraint=None if self.low is None and self.high is None else self._bounded,
            aggregation="only_first_replica",  # `observe` sets the same values on all of them
        )

    def attach(self, posterior: Posterior) -> None:
        """Check that the posterior's density can be computed at the draws of another one.

        Args:
            posterior: the posterior of the model.

        Raises:
            InvalidInput: for a posterior without such a density.
        """
        if not (posterior.has_density and posterior.explicit_density):
            expected = f"one whose density at any z follows from its parameters, for {type(self).__name__}"
            raise InvalidInput("posterior", expected, type(posterior).__name__)

    def noise_dim(self, posterior: Posterior) -> int:
        """One number chooses the pseudo-input, the others make a draw from its posterior."""
        return 1 + posterior.noise_dim

    def distribution(self, encode: Encode | None = None, condition: Tensor | None = None) -> tfd.Distribution:
        """Return MixtureSameFamily of q(z|u_k), batch shape []."""
        components = self._encode(self._inputs(), encode).distribution
        return tfd.MixtureSameFamily(
            tfd.Categorical(tf.zeros(self.num_components)), components, name="VampPrior"
        )

    def transform(
        self, noise: Tensor, encode: Encode | None = None, condition: Tensor | None = None
    ) -> Tensor:
        """Return a draw from q(z|u_k) of noise[1:], where the first number of the noise chooses k."""
        inputs = tf.gather(self._inputs(), draw_categorical(tf.zeros(self.num_components), noise[:, 0]))
        return self._encode(inputs, encode).draw(noise[:, 1:])

    def observe(self, trace: Trace) -> None:
        """Set the pseudo-inputs that are not yet set to examples of a training batch."""
        if tf.distribute.get_strategy().num_replicas_in_sync > 1:
            # Without `tf.cond`, which cannot contain communication between replicas.
            self._fill(all_gather(trace.x[: self.num_components]))
        else:
            tf.cond(
                tf.convert_to_tensor(self.filled) < self.num_components,
                lambda: self._fill(trace.x),
                lambda: tf.constant(0, tf.int64),
            )

    def initialize(self, x: Array, seed: int = 0) -> None:
        """Set every pseudo-input to a random example, without repetition.

        Args:
            x: data [n, *event], n at least `num_components`.
            seed: of the random choice.
        """
        x = np.asarray(x, np.float32)
        event_shape = tuple(self._prepared().shape[1:])
        if x.shape[1:] != event_shape or len(x) < self.num_components or not np.isfinite(x).all():
            sizes = ", ".join(map(str, ("n", *event_shape)))
            expected = f"at least {self.num_components} finite examples of shape ({sizes})"
            raise InvalidInput("x", expected, f"shape {x.shape}")
        chosen = np.random.default_rng(seed).choice(len(x), self.num_components, replace=False)
        self.pseudo_inputs.assign(self._bounded(x[chosen]))
        self.filled.assign(self.num_components)

    def _fill(self, x: Tensor) -> Tensor:
        filled, current = tf.convert_to_tensor(self.filled), tf.convert_to_tensor(self.pseudo_inputs)
        count = tf.shape(x, tf.int64)[0]
        row = tf.range(self.num_components, dtype=tf.int64) - filled  # of x, for each pseudo-input
        padded = tf.concat([tf.cast(x, tf.float32), tf.zeros_like(current[:1])], 0)
        candidates = tf.gather(padded, tf.where((row >= 0) & (row < count), row, count))
        new = tf.reshape((row >= 0) & (row < count), (-1,) + (1,) * (current.shape.rank - 1))
        # An entry that is missing in the example keeps its value.
        use = new & tf.math.is_finite(candidates)
        self.pseudo_inputs.assign(self._bounded(tf.where(use, candidates, current)))
        self.filled.assign(tf.minimum(filled + count, self.num_components))
        return count

    def _inputs(self) -> Tensor:
        return self._bounded(tf.convert_to_tensor(self._prepared()))

    def _bounded(self, values: Tensor) -> Tensor:
        values = tf.convert_to_tensor(values)
        if self.low is not None:
            values = tf.maximum(values, self.low)
        if self.high is not None:
            values = tf.minimum(values, self.high)
        return values

    def _prepared(self) -> keras.Variable:
        if not hasattr(self, "pseudo_inputs"):
            raise InvalidInput("prior", "prepare(event_shape) first, as models do", "none yet")
        return self.pseudo_inputs

    def _encode(self, inputs: Tensor, encode: Encode | None) -> Encoded:
        if encode is None:
            raise InvalidInput("encode", "the map from data to q(z|x)", None)
        encoded = encode(inputs)
        self.attach(encoded.posterior)
        return encoded
