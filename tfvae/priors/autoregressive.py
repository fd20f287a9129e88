"""The prior over codes that gives each one its probability given those before it."""

from __future__ import annotations

import keras
import tensorflow as tf
from tensorflow_probability import distributions as tfd

from tfvae.core.checks import integer
from tfvae.core.errors import InvalidInput
from tfvae.core.part import Configured
from tfvae.core.replicas import sum_over_replicas
from tfvae.distributions.base import BaseDistribution
from tfvae.distributions.discrete import choose, each_size, one_size, within
from tfvae.posteriors import Posterior
from tfvae.priors.base import Encode, Prior


class AutoregressiveCodes(Prior):
    """p(c_1, ..., c_n) = prod_i p(c_i | c_1, ..., c_i-1), the probabilities from a recurrent network.

    p(c_i | c_<i) = softmax(W s_i + b),  s_i = GRU(s_i-1, embedding(c_i-1) + position_i)

    It is fitted to the codes of a trained model, for which `CodesModel(prior)` is a Keras model. As the
    prior of a model it stands for the vectors of these codes: the z of p(z) are code vectors laid one after
    the other, and any other z counts as the nearest of them.

    Args:
        num_codes: vectors that each position chooses from; a tuple of one for each position where these
            differ, as those of two codebooks do.
        code_dim: length of each.
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

    space = "codes"

    def __init__(
        self,
        num_codes: int | tuple[int, ...],
        code_dim: int,
        num_positions: int = 1,
        units: int = 128,
        *,
        name: str | None = None,
        dtype: object = None,
    ):
        super().__init__(name=name, dtype=dtype)
        self.code_dim = integer("code_dim", code_dim)
        self.num_positions = integer("num_positions", num_positions)
        self._sizes = each_size(num_codes, num_positions)
        self.num_codes = one_size(self._sizes)
        self._start = most = max(self._sizes)
        self.units = integer("units", units)
        self.latent_dim = num_positions * code_dim
        policy = self.dtype_policy
        # One more than there are codes: what stands before the first.
        self.embedding = keras.layers.Embedding(most + 1, units, name="embedding", dtype=policy)
        self.positions = self.add_weight(
            name="positions",
            shape=(num_positions, units),
            initializer=keras.initializers.RandomNormal(stddev=0.05),
        )
        self.recurrent = keras.layers.GRU(units, return_sequences=True, name="recurrent", dtype=policy)
        self.dense = keras.layers.Dense(most, name="dense", dtype=policy)
        self.embedding.build()
        self.recurrent.build((None, num_positions, units))
        self.dense.build((None, units))

    def attach(self, posterior: Posterior) -> None:
        """Take the codebook, or codebooks, of the posterior, whose codes must be as many."""
        ours = (self.num_codes, self.code_dim, self.num_positions)
        theirs = tuple(getattr(posterior, name, None) for name in ("num_codes", "code_dim", "num_positions"))
        if theirs != ours:
            expected = f"(num_codes, code_dim, num_positions) = {theirs} of {type(posterior).__name__}"
            raise InvalidInput("prior", expected, ours)
        # As functions: as an attribute the posterior's weights would be this part's own as well.
        self._vectors_of, self._codes_of = posterior.embed, posterior.nearest

    def noise_dim(self, posterior: Posterior) -> int:
        """One number for each code."""
        return self.num_positions

    def distribution(
        self, encode: Encode | None = None, condition: tf.Tensor | None = None
    ) -> tfd.Distribution:
        """Return the distribution of the codes' vectors, batch shape []."""
        return _CodeVectors(self)

    def transform(
        self, noise: tf.Tensor, encode: Encode | None = None, condition: tf.Tensor | None = None
    ) -> tf.Tensor:
        """Return the vectors of drawn codes, [B, latent_dim]."""
        return self.vectors(self.draw(noise))

    def vectors(self, codes: tf.Tensor) -> tf.Tensor:
        """Return z [..., latent_dim] of codes [..., num_positions], in the codebook of the posterior."""
        self._check_attached()
        return self._vectors_of(codes)

    def nearest(self, z: tf.Tensor) -> tf.Tensor:
        """Return the codes int32 [..., num_positions] whose vectors are nearest to z [..., latent_dim]."""
        self._check_attached()
        return self._codes_of(z)

    def log_prob(self, codes: tf.Tensor) -> tf.Tensor:
        """Return log p(c), [...] in nats, for codes [..., num_positions], integers below num_codes."""
        codes = tf.convert_to_tensor(codes)
        flat = tf.reshape(tf.cast(codes, tf.int32), (-1, self.num_positions))
        before = tf.concat([tf.fill((tf.shape(flat)[0], 1), self._start), flat[:, :-1]], axis=1)
        features = self.recurrent(self._embed(before, tf.convert_to_tensor(self.positions)))
        terms = tf.nn.sparse_softmax_cross_entropy_with_logits(
            labels=flat, logits=self._logits(features) + within(self._sizes)
        )
        return tf.reshape(-tf.reduce_sum(terms, axis=1), tf.shape(codes)[:-1])

    def draw(self, noise: tf.Tensor) -> tf.Tensor:
        """Return codes c ~ p(c), int32 [B, num_positions], made of standard normal noise of that shape."""
        batch = tf.shape(noise)[0]

        def step(before: tuple, now: tuple) -> tuple:
            code, state = before
            number, position, possible, last = now
            _, (state,) = self.recurrent.cell(self._embed(code, position), [state])
            # At most the last code, past which a rounded sum of probabilities can lead.
            return tf.minimum(choose(self._logits(state) + possible, number), last), state

        start = tf.fill((batch,), self._start), tf.zeros((batch, self.units), self.compute_dtype)
        positions, last = tf.convert_to_tensor(self.positions), tf.constant(self._sizes) - 1
        each = tf.transpose(noise), positions, within(self._sizes), last
        codes, _ = tf.scan(step, each, start)
        return tf.transpose(codes)

    def _check_attached(self) -> None:
        if not hasattr(self, "_codes_of"):
            raise InvalidInput("prior", "attach(posterior) first, as models do", "no codebook")

    def _embed(self, codes: tf.Tensor, positions: tf.Tensor) -> tf.Tensor:
        embedded = self.embedding(codes)
        return embedded + tf.cast(positions, embedded.dtype)

    def _logits(self, features: tf.Tensor) -> tf.Tensor:
        return tf.cast(self.dense(features), tf.float32)


class _CodeVectors(BaseDistribution):
    """The vectors of codes, with the probabilities of the codes."""

    def __init__(self, prior: AutoregressiveCodes, name: str = "CodeVectors"):
        parameters = dict(locals())
        self._log_density = lambda z: prior.log_prob(prior.nearest(z))
        self._made_of = prior.transform
        self._sizes = prior.num_positions, prior.latent_dim
        super().__init__(parameters, name=name)

    def _batch_shape(self) -> tf.TensorShape:
        return tf.TensorShape([])

    def _batch_shape_tensor(self) -> tf.Tensor:
        return tf.constant([], tf.int32)

    def _event_shape(self) -> tf.TensorShape:
        return tf.TensorShape([self._sizes[1]])

    def _event_shape_tensor(self) -> tf.Tensor:
        return tf.constant([self._sizes[1]])

    def _log_prob(self, z: tf.Tensor) -> tf.Tensor:
        return self._log_density(z)

    def _sample_n(self, n: tf.Tensor, seed: object = None) -> tf.Tensor:
        return self._made_of(tfd.Normal(tf.zeros(self._sizes[0]), 1.0).sample(n, seed=seed))


class CodesModel(Configured, keras.Model):
    """A Keras model that fits a prior over codes to codes, by maximum likelihood.

    loss = -mean log p(c), nats per example

    Args:
        prior: the prior; it is trained in place.

    Example:
        >>> model = CodesModel(AutoregressiveCodes(4, code_dim=2, num_positions=3, units=8))
        >>> model.compile(optimizer="adam")
        >>> history = model.fit(tf.zeros([32, 3], tf.int32), epochs=2, verbose=0)
        >>> model.predict(tf.zeros([5, 3], tf.int32), verbose=0).shape
        (5,)
    """

    def __init__(self, prior: AutoregressiveCodes, *, name: str | None = None, dtype: object = None):
        super().__init__(name=name, dtype=dtype, autocast=False)
        self.prior = prior
        self.build((None, prior.num_positions))

    def build(self, input_shape: tuple) -> None:
        """Nothing is left to make: the prior made its weights itself."""
        self.built = True

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """Return log p(c), [B], for codes [B, num_positions]."""
        return self.prior.log_prob(inputs)

    def compute_loss(
        self,
        x: tf.Tensor | None = None,
        y: None = None,
        y_pred: tf.Tensor | None = None,
        sample_weight: tf.Tensor | None = None,
        training: bool = True,
    ) -> tf.Tensor:
        """Return -sum(weight log p) / batch size, where the batch is that of all replicas together."""
        loss = -y_pred
        if sample_weight is not None:
            loss *= tf.cast(sample_weight, loss.dtype)
        count = sum_over_replicas(tf.cast(tf.shape(loss)[0], loss.dtype))
        return tf.reduce_sum(loss) / tf.maximum(count, 1)
