"""The autoregressive prior over codes."""

from __future__ import annotations

import keras
import tensorflow as tf
from tensorflow_probability import distributions as tfd

from tfvae.core.checks import integer
from tfvae.core.types import DType, Tensor
from tfvae.distributions import CodeVectors, draw_categorical
from tfvae.distributions.codebook_sizes import uniform_logits
from tfvae.priors.base import Encode
from tfvae.priors.codes_prior import CodesPrior


class AutoregressiveCodes(CodesPrior):
    """p(c_1, ..., c_n) = prod_i p(c_i | c_1, ..., c_i-1), the probabilities from a recurrent network.

    p(c_i | c_<i) = softmax(W s_i + b),  s_i = GRU(s_i-1, embedding(c_i-1) + position_i)

    It is fitted to the codes of a trained model, for which `CodesModel(prior)` is a Keras model. As the
    prior of a model it is a distribution over the vectors of these codes: the z of p(z) are concatenated code
    vectors, and any other z counts as the nearest of them.

    Args:
        num_codes: number of vectors that each position chooses from; a tuple of one for each position where
            these differ, as those of two codebooks do.
        code_dim: length of each vector.
        num_positions: number n of codes for one example; z has n code_dim entries.
        units: size of the network's state and embeddings.

    Source: van den Oord et al. 2017, section 3.3, with a recurrent network (Cho et al. 2014) for the
    PixelCNN.

    Example:
        >>> prior = AutoregressiveCodes(num_codes=4, code_dim=2, num_positions=3, units=8)
        >>> prior.log_prob(tf.zeros([5, 3], tf.int32)).shape
        TensorShape([5])
        >>> prior.draw(tf.random.stateless_normal([5, 3], seed=(1, 2))).shape
        TensorShape([5, 3])
    """

    def __init__(
        self,
        num_codes: int | tuple[int, ...],
        code_dim: int,
        num_positions: int = 1,
        units: int = 128,
        *,
        name: str | None = None,
        dtype: DType = None,
    ):
        super().__init__(num_codes, code_dim, num_positions, name=name, dtype=dtype)
        self._start = most = max(self._sizes)
        self.units = integer("units", units)
        policy = self.dtype_policy
        # One more than there are codes: for the position before the first.
        self.embedding = keras.layers.Embedding(most + 1, self.units, name="embedding", dtype=policy)
        self.positions = self.add_weight(
            name="positions",
            shape=(num_positions, self.units),
            initializer=keras.initializers.RandomNormal(stddev=0.05),
        )
        self.recurrent = keras.layers.GRU(self.units, return_sequences=True, name="recurrent", dtype=policy)
        self.dense = keras.layers.Dense(most, name="dense", dtype=policy)
        self.embedding.build()
        self.recurrent.build((None, num_positions, self.units))
        self.dense.build((None, self.units))

    def distribution(self, encode: Encode | None = None, condition: Tensor | None = None) -> tfd.Distribution:
        """Return the distribution of the codes' vectors, batch shape []."""
        return CodeVectors(
            lambda z: self.log_prob(self.nearest(z)), self.transform, self.num_positions, self.latent_dim
        )

    def transform(
        self, noise: Tensor, encode: Encode | None = None, condition: Tensor | None = None
    ) -> Tensor:
        """Return the vectors of drawn codes, [B, latent_dim]."""
        return self.vectors(self.draw(noise))

    def log_prob(self, codes: Tensor) -> Tensor:
        """Return log p(c), [...] in nats, for codes [..., num_positions], integers below num_codes."""
        codes = tf.convert_to_tensor(codes)
        flat = tf.reshape(tf.cast(codes, tf.int32), (-1, self.num_positions))
        before = tf.concat([tf.fill((tf.shape(flat)[0], 1), self._start), flat[:, :-1]], axis=1)
        features = self.recurrent(self._features(before, tf.convert_to_tensor(self.positions)))
        terms = tf.nn.sparse_softmax_cross_entropy_with_logits(
            labels=flat, logits=self._logits(features) + uniform_logits(self._sizes)
        )
        return tf.reshape(-tf.reduce_sum(terms, axis=1), tf.shape(codes)[:-1])

    def draw(self, noise: Tensor) -> Tensor:
        """Return codes c ~ p(c), int32 [B, num_positions], for standard normal noise of that shape."""
        batch = tf.shape(noise)[0]

        def step(before: tuple[Tensor, ...], now: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
            code, state = before
            number, position, possible, last = now
            _, (state,) = self.recurrent.cell(self._features(code, position), [state])
            # At most the last code, past which a rounded sum of probabilities can lead.
            return tf.minimum(draw_categorical(self._logits(state) + possible, number), last), state

        start = tf.fill((batch,), self._start), tf.zeros((batch, self.units), self.compute_dtype)
        positions, last = tf.convert_to_tensor(self.positions), tf.constant(self._sizes) - 1
        each = tf.transpose(noise), positions, uniform_logits(self._sizes), last
        codes, _ = tf.scan(step, each, start)
        return tf.transpose(codes)

    def _features(self, codes: Tensor, positions: Tensor) -> Tensor:
        embedded = self.embedding(codes)
        return embedded + tf.cast(positions, embedded.dtype)

    def _logits(self, features: Tensor) -> Tensor:
        return tf.cast(self.dense(features), tf.float32)
