"""The autoregressive likelihood of texts: each token given z and the tokens before it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf
from tensorflow_probability import distributions as tfd

from tfvae import distributions
from tfvae.core.checks import integer, real_number
from tfvae.core.errors import InvalidInput
from tfvae.core.heads import Head
from tfvae.core.noise import SeedStream
from tfvae.core.scan import scan
from tfvae.core.support import Support
from tfvae.core.types import DType, InputShape, Tensor, Tensors
from tfvae.likelihoods.base import Likelihood
from tfvae.likelihoods.sequence_support import SequenceSupport, present, with_presence


class AutoregressiveCategorical(Likelihood):
    """p(x|z) = prod over the tokens of p(x_t|x_1, ..., x_(t-1), z); categorical, by a GRU.

    h_1 = tanh(f(z)),  h_(t+1) = GRU([embedding(x_(t-1)), f(z)], h_t),  p(x_t|...) = softmax(W h_(t+1) + b)

    x holds token numbers 0, 1, ..., K - 1, and NaN after the last token. The encoder sees one-hot codes and
    a 1, [T, K + 1], with zeros after the last token, which `networks.recurrent` skips.

    In training each token that the GRU is given is hidden with probability `dropout`, so that z is needed to
    predict what comes next. Distortion and loss are then those of the decoder with hidden tokens; evaluation
    hides none.

    Drawing, and `mean`, run the network once for each token, one after the other.

    Args:
        event_shape: (T,).
        num_categories: K.
        units: of the GRU.
        embedding_dim: length of a token's embedding.
        dropout: share of the tokens, in [0, 1], that are hidden from the decoder in training.
        seed: start of the random numbers that choose them; None takes it from Python's.

    Source: Bowman et al. 2016, sections 3 and 3.1 (word dropout).

    Example:
        >>> likelihood = AutoregressiveCategorical((4,), num_categories=3, units=5)
        >>> px = likelihood.distribution(likelihood(tf.ones([2, 6])))
        >>> px.log_prob(px.sample(seed=(1, 2))).shape
        TensorShape([2])
    """

    def __init__(
        self,
        event_shape: tuple[int],
        num_categories: int,
        units: int = 64,
        embedding_dim: int = 32,
        dropout: float = 0.0,
        seed: int | None = None,
        *,
        name: str | None = None,
        dtype: DType = None,
    ):
        super().__init__(event_shape, name=name, dtype=dtype)
        if len(self.event_shape) != 1:
            raise InvalidInput("event_shape", "(steps,)", self.event_shape)
        self.units = integer("units", units)
        self.embedding_dim = integer("embedding_dim", embedding_dim)
        self.num_categories = integer("num_categories", num_categories, 2)
        self.dropout = real_number("dropout", dropout, 0, 1)
        self.seed = seed
        self.support = SequenceSupport.from_support(Support(0.0, num_categories - 1.0, integer=True))
        self.stream = SeedStream(seed, name="stream")

    def build(self, input_shape: InputShape) -> None:
        """Make the projection of features, the embedding, the GRU and the projection to logits."""
        self.head = Head((self.units,), 1, name="head", dtype=self.dtype_policy)
        self.head.build(input_shape)
        self.embedding = self.add_weight(
            name="embedding", shape=(self.num_categories + 1, self.embedding_dim), initializer="uniform"
        )  # the last one is for what is hidden, and for what is before the first token
        options = {"dtype": self.dtype_policy, "seed": 0}  # of dropout, which is not used
        self.gru = keras.layers.GRU(self.units, return_sequences=True, name="gru", **options)
        self.gru.build((None, None, self.embedding_dim + self.units))
        self.out = Head((self.num_categories,), 1, name="out", dtype=self.dtype_policy)
        self.out.build((None, self.units))

    def call(self, inputs: Tensor, training: bool = False) -> Tensors:
        """Return {"features", "shown"}: what z adds, [B, units], and 1 for each token not hidden, [B, T]."""
        features = self.head(inputs)[..., 0]
        shape = (tf.shape(features)[0], self.event_shape[0])
        shown = tf.ones(shape)
        if training and self.dropout:
            uniform = tf.random.stateless_uniform(shape, self.stream.next())
            shown = tf.cast(uniform >= self.dropout, tf.float32)
        return {"features": features, "shown": shown}

    def distribution(self, params: Tensors) -> tfd.Distribution:
        """Return the distribution of a text; it reads the network's weights at each use."""
        return distributions.AutoregressiveCategorical(
            params["features"], params["shown"], self.logits, self.generate
        )

    def encoder_input(self, x: Tensor) -> Tensor:
        """Return one-hot codes and a 1, [B, T, K + 1]; zeros after the last token."""
        there = present(x)
        distance = tf.abs(tf.where(there, x, 0.0)[..., tf.newaxis] - tf.range(float(self.num_categories)))
        return with_presence(tf.nn.relu(1.0 - distance), there)

    def mean(self, params: Tensors) -> Tensor:
        """Return the text made of the most probable token at each step, given those so far, [..., T]."""
        tokens = self.generate(params["features"], 1, lambda step, logits: logits)
        return tf.reshape(tokens, tf.shape(params["shown"]))

    def logits(self, x: Tensor, features: Tensor, shown: Tensor) -> Tensor:
        """Return the logits of all tokens, each given the tokens of x before it, [..., T, K].

        Args:
            x: texts [..., T] without NaN; the leading axes of all arguments are broadcast.
            features: what z adds, [..., units].
            shown: 1 for each token that the GRU sees, 0 for one that is hidden, [..., T].
        """
        steps = self.event_shape[0]
        leading = tf.broadcast_dynamic_shape(tf.shape(x)[:-1], tf.shape(shown)[:-1])
        texts = tf.concat([leading, [steps]], 0)
        x, shown = tf.broadcast_to(x, texts), tf.broadcast_to(shown, texts)
        features = tf.broadcast_to(features, tf.concat([leading, [self.units]], 0))
        features = tf.reshape(features, (-1, self.units))
        numbers = tf.reshape(tf.where(shown > 0, x, float(self.num_categories)), (-1, steps))
        before = tf.pad(numbers[:, :-1], [[0, 0], [1, 0]], constant_values=float(self.num_categories))
        given = self._gru_inputs(before, tf.repeat(features[:, tf.newaxis], steps, axis=1))
        hidden = self.gru(given, initial_state=tf.tanh(features))
        logits = self.out(tf.reshape(hidden, (-1, self.units)))
        return tf.reshape(logits, tf.concat([texts, [self.num_categories]], 0))

    def generate(
        self, features: Tensor, repeats: int | Tensor, score: Callable[[Tensor, Tensor], Tensor]
    ) -> Tensor:
        """Return texts generated token by token: at each step the token of the highest score.

        Args:
            features: what z adds, [..., units]; N of them.
            repeats: number of texts for each.
            score: function of a step and its logits [repeats N, K], given the tokens so far, to scores.

        Returns:
            Texts [repeats N, T].
        """
        features = tf.tile(tf.reshape(features, (-1, self.units)), (repeats, 1))

        def move(state: Any, step: Any) -> tuple[tuple[Tensor, Tensor], Tensor]:
            before, memory = state
            hidden, (memory,) = self.gru.cell(self._gru_inputs(before, features), [memory])
            token = tf.cast(tf.argmax(score(step, self.out(hidden)[..., 0]), axis=-1), tf.float32)
            return (token, memory), token

        nothing = tf.fill(tf.shape(features)[:1], float(self.num_categories))
        state = (nothing, tf.cast(tf.tanh(features), self.compute_dtype))
        return tf.transpose(scan(move, state, tf.range(self.event_shape[0])))

    def _gru_inputs(self, before: Tensor, features: Tensor) -> Tensor:
        """Return what the GRU gets: the embedding of the token before, and the features."""
        # A product with one-hot codes: its gradient is dense, and summed in one order.
        codes = tf.one_hot(tf.cast(before, tf.int32), self.num_categories + 1)
        embedded = tf.tensordot(codes, tf.convert_to_tensor(self.embedding), axes=1)
        return tf.cast(tf.concat([embedded, features], axis=-1), self.compute_dtype)
