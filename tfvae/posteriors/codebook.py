"""The posterior of a vector-quantized autoencoder: the nearest vectors of a codebook."""

from __future__ import annotations

import abc

import keras
import tensorflow as tf

from tfvae.core.checks import integer, is_number
from tfvae.core.errors import InvalidInput
from tfvae.core.heads import Head
from tfvae.core.replicas import all_gather, batch_mean, sum_over_replicas
from tfvae.core.trace import Trace
from tfvae.core.types import DType, InputShape, Tensor, Tensors
from tfvae.networks import num_features
from tfvae.posteriors.code_posterior import CodePosterior

_SMALLEST = 1e-12  # of a mean square


class Codebook(CodePosterior, abc.ABC):
    """q(z|x) with all its mass on one code: each position's nearest vector of the codebook; abstract.

    k_i = argmin_k |features_i - e_k|,  z = the vectors e_k_i, concatenated

    Gradients for z go to the features unchanged (straight-through). Inputs [B, H, W, C] or [B, P, C]
    with H W = P = num_positions are projected position by position, others all together.

    Two things keep the codebook from collapsing to a few codes. The projected features are centered by their
    mean over the first batch, for each position and entry, and normalized to a mean square of 1, with the
    gradient through it: so they start apart, and can neither shrink to one point nor grow away from the
    codes. And a dead code, whose share of all uses, averaged over batches, falls below
    `restart` / num_codes, is moved to a feature of the batch. Before the first batch no code has been used,
    so the codebook starts on features. A code that was moved counts as used twice as much as a dead one:
    where the features move on, as they do at first, it soon follows (with a full share it would wait for
    log(restart) / log(decay) batches, 350 by default, most of a short training). A share of 0 never moves a
    code, and leaves the codebook's random start.

    Args:
        num_codes: number K of vectors in the codebook.
        code_dim: length of each vector.
        num_positions: number P of codes for one example; z has P code_dim entries.
        decay: of the running averages over batches.
        restart: share of a uniform use below which a code is dead and moved, in [0, 1).

    Attributes:
        codebook: the vectors, a weight [num_codes, code_dim].
        usage: uses of each code in a batch, averaged over batches, a weight [num_codes].
    """

    num_codes: int
    _has_gradient: bool  # whether the codebook is moved by the optimizer

    def __init__(
        self,
        num_codes: int,
        code_dim: int,
        num_positions: int = 1,
        decay: float = 0.99,
        restart: float = 0.03,
        *,
        name: str | None = None,
        dtype: DType = None,
    ):
        super().__init__(name=name, dtype=dtype)
        for argument, value in (("decay", decay), ("restart", restart)):
            if not is_number(value) or not 0 <= value < 1:
                raise InvalidInput(argument, "a share in [0, 1)", value)
        self.num_codes = integer("num_codes", num_codes, 2)
        self.code_dim = integer("code_dim", code_dim, 2)
        self.num_positions = integer("num_positions", num_positions)
        self.decay, self.restart = float(decay), float(restart)
        self.latent_dim = num_positions * code_dim
        # All replicas assign the same, made of sums over all of them, so the mean is that value.
        self.codebook = self.add_weight(
            name="codebook",
            shape=(num_codes, code_dim),
            initializer=keras.initializers.RandomNormal(stddev=1.0),  # as the features
            trainable=self._has_gradient,
            dtype="float32",
            aggregation="mean",
        )
        self.center = self.add_weight(
            name="center",
            shape=(num_positions, code_dim),
            trainable=False,
            dtype="float32",
            aggregation="mean",
        )
        self.usage = self.add_weight(
            name="usage", shape=(num_codes,), trainable=False, dtype="float32", aggregation="mean"
        )

    def build(self, input_shape: InputShape) -> None:
        """Make the projection to one vector for each position."""
        size, positions = num_features(input_shape), num_features(input_shape[:-1])
        by_position = len(input_shape) > 2 and positions == self.num_positions
        self._features_shape = (positions, size // positions) if by_position else (size,)
        self.head = Head((self.num_positions, self.code_dim), 1, name="head", dtype=self.dtype_policy)
        self.head.build((None, *self._features_shape))

    def call(self, inputs: Tensor) -> Tensors:
        """Return {"features", "vectors" [B, num_positions, code_dim], "codes" int32 [B, num_positions]}."""
        raw = self.head(tf.reshape(inputs, (-1, *self._features_shape)))[..., 0]
        features = normalized(raw - tf.convert_to_tensor(self.center))
        codebook = tf.convert_to_tensor(self.codebook)
        # |f - e|^2 without |f|^2, equal for all codes.
        distances = tf.reduce_sum(tf.square(codebook), axis=-1) - 2.0 * tf.einsum(
            "bpd,kd->bpk", features, codebook
        )
        codes = tf.argmin(distances, axis=-1, output_type=tf.int32)
        return {"features": features, "raw": raw, "codes": codes, "vectors": tf.gather(codebook, codes)}

    def codes(self, params: Tensors) -> Tensor:
        """Return the codes, int32 [B, num_positions]."""
        return params["codes"]

    def location(self, params: Tensors) -> Tensor:
        """Return z."""
        return tf.reshape(params["vectors"], (-1, self.latent_dim))

    def straight_through(self, params: Tensors) -> Tensor:
        """Return z, [B, latent_dim], whose gradients go to the features (straight-through)."""
        features = tf.reshape(params["features"], (-1, self.latent_dim))
        return tf.stop_gradient(self.location(params)) + (features - tf.stop_gradient(features))

    def embed(self, codes: Tensor) -> Tensor:
        """Return z [..., latent_dim] of codes [..., num_positions]."""
        shape = tf.concat([tf.shape(codes)[:-1], [self.latent_dim]], axis=0)
        return tf.reshape(tf.gather(tf.convert_to_tensor(self.codebook), codes), shape)

    def nearest(self, z: Tensor) -> Tensor:
        """Return the codes int32 [..., num_positions] whose vectors are nearest to z [..., latent_dim]."""
        codebook = tf.convert_to_tensor(self.codebook)
        # As one matrix: an einsum with "..." corrupts memory in a graph on a CPU where batches differ in
        # size. |z - e|^2 without |z|^2, equal for all codes.
        inner = tf.matmul(tf.reshape(z, (-1, self.code_dim)), codebook, transpose_b=True)
        distances = tf.reduce_sum(tf.square(codebook), axis=-1) - 2.0 * inner
        shape = tf.concat([tf.shape(z)[:-1], [self.num_positions]], axis=0)
        return tf.reshape(tf.argmin(distances, axis=-1, output_type=tf.int32), shape)

    def commitment_loss(self, params: Tensors) -> Tensor:
        """Return sum_i |features_i - sg(e_k_i)|^2, [B], which moves the features toward the codebook."""
        return squared_distance(params["features"], tf.stop_gradient(params["vectors"]))

    def observe(self, trace: Trace) -> None:
        """Count the uses of each code, update the codebook, and move dead codes to features of the batch."""
        params = trace.record["posterior"]
        raw = tf.stop_gradient(params["raw"])
        features = tf.reshape(self._center_and_normalize(raw), (-1, self.code_dim))
        uses = tf.one_hot(tf.reshape(params["codes"], (-1,)), self.num_codes)
        counts = sum_over_replicas(tf.reduce_sum(uses, axis=0))
        before = tf.convert_to_tensor(self.usage)
        usage = self.decay * before + (1.0 - self.decay) * counts
        sums = sum_over_replicas(tf.matmul(uses, features, transpose_a=True))
        codebook = self._updated(sums, counts, usage)
        if self.restart > 0:
            dead = usage < self.restart * tf.reduce_sum(usage) / self.num_codes
            dead |= tf.reduce_sum(before) == 0.0
            found, proposals = self._proposals(features, trace.seed)
            codebook = tf.where((dead & found)[:, tf.newaxis], proposals, codebook)
            start = 2.0 * self.restart * tf.reduce_sum(counts) / self.num_codes
            usage = tf.where(dead & found, start, usage)
        self.codebook.assign(codebook)
        self.usage.assign(usage)

    def _center_and_normalize(self, raw: Tensor) -> Tensor:
        """Set the center to the mean of the first batch; return the features of the batch."""
        first = tf.reduce_sum(tf.convert_to_tensor(self.usage)) == 0.0
        center = tf.where(first, batch_mean(raw), tf.convert_to_tensor(self.center))
        self.center.assign(center)
        return normalized(raw - center)

    @abc.abstractmethod
    def _updated(self, sums: Tensor, counts: Tensor, usage: Tensor) -> Tensor:
        """Return the codebook after a batch.

        Args:
            sums: sum of the features of each code, [num_codes, code_dim].
            counts: number of features of each code, [num_codes].
            usage: the new running average of the counts, [num_codes].
        """

    def _proposals(self, features: Tensor, seed: Tensor) -> tuple[Tensor, Tensor]:
        """Return whether there is a feature, and for each code one of all replicas' batch, [K, code_dim].

        They are chosen by the first replica's seed, so that all replicas choose the same.
        """
        rows = all_gather(features)
        count = tf.shape(rows)[0]
        seed = tf.random.experimental.stateless_fold_in(seed, 1)
        share = tf.random.stateless_uniform((self.num_codes,), seed)
        context = tf.distribute.get_replica_context()
        if context is not None and context.num_replicas_in_sync > 1:
            share = sum_over_replicas(tf.where(tf.equal(context.replica_id_in_sync_group, 0), share, 0.0))
        row = tf.cast(share * tf.cast(count, tf.float32), tf.int32)
        padded = tf.pad(rows, [[0, 1], [0, 0]])  # one row more, for an empty batch
        return count > 0, tf.gather(padded, row)


def normalized(raw: Tensor) -> Tensor:
    """Return vectors with a mean square of 1."""
    return raw * tf.math.rsqrt(tf.reduce_mean(tf.square(raw), axis=-1, keepdims=True) + _SMALLEST)


def squared_distance(first: Tensor, second: Tensor) -> Tensor:
    """Return the sum of squared differences of each example, [B], of vectors [B, P, D]."""
    return tf.reduce_sum(tf.square(first - second), axis=(1, 2))
