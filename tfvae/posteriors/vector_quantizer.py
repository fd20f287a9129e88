"""The posterior of a vector-quantized autoencoder: the nearest vectors of a learned codebook."""

from __future__ import annotations

import abc
import math

import keras
import tensorflow as tf

from tfvae.core.checks import integer, positive
from tfvae.core.errors import InvalidInput
from tfvae.core.heads import Head
from tfvae.core.replicas import all_gather, batch_mean, sum_over_replicas
from tfvae.core.trace import Trace
from tfvae.posteriors.code_posterior import CodePosterior

_SMALLEST = 1e-12  # of a mean square


class Codebook(CodePosterior, abc.ABC):
    """q(z|x) with all its mass on one code: each position's nearest vector of the codebook; abstract.

    k_i = argmin_k |features_i - e_k|,  z = the vectors e_k_i one after the other

    Gradients for z go to the features as they are (straight through). Inputs [B, H, W, C] or [B, P, C]
    with H W = P = num_positions are projected position by position, others as a whole.

    Two things keep the codebook from collapsing to a few codes. From the projected features
    their mean over the first batch is taken, for each position and entry, and what is left is given a mean
    square of 1, with the gradient through it: so they start apart, and can neither shrink to one point nor
    grow away from the codes. And a code whose share of all uses, averaged over batches, falls
    below `restart` / num_codes is put where a feature of the batch is. Before the first batch no code has
    been used, so the codebook starts on features. A code put somewhere counts as used twice as much as one
    that is put elsewhere: where the features move on, as they do at first, it soon follows (with a full share
    it would wait for log(restart) / log(decay) batches, 350 by default, most of a short training). A share
    of 0 never restarts a code, nor starts it so.

    Args:
        num_codes: number K of vectors in the codebook.
        code_dim: length of each.
        num_positions: number P of codes for one example; z has P code_dim entries.
        decay: of the running averages over batches.
        restart: share of an equal use below which a code is put elsewhere, in [0, 1).

    Attributes:
        codebook: the vectors, a weight [num_codes, code_dim].
        usage: uses of each code in a batch, averaged over batches, a weight [num_codes].
    """

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
        dtype: object = None,
    ):
        super().__init__(name=name, dtype=dtype)
        for argument, value in (("decay", decay), ("restart", restart)):
            if not 0 <= value < 1:
                raise InvalidInput(argument, "a share in [0, 1)", value)
        self.num_codes = integer("num_codes", num_codes, 2)
        self.code_dim = integer("code_dim", code_dim, 2)
        self.num_positions = integer("num_positions", num_positions)
        self.decay = decay
        self.restart = restart
        self.latent_dim = num_positions * code_dim
        # What the replicas assign is made of sums over all of them, and so their mean is any of them.
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

    def build(self, input_shape: tuple) -> None:
        """Make the projection to one vector for each position."""
        sizes = tuple(input_shape[1:])
        by_position = len(sizes) > 1 and math.prod(sizes[:-1]) == self.num_positions
        self._features_shape = (self.num_positions, sizes[-1]) if by_position else (math.prod(sizes),)
        self.head = Head((self.num_positions, self.code_dim), 1, name="head", dtype=self.dtype_policy)
        self.head.build((input_shape[0], *self._features_shape))

    def call(self, inputs: tf.Tensor) -> dict[str, tf.Tensor]:
        """Return {"features", "vectors" [B, num_positions, code_dim], "codes" int32 [B, num_positions]}."""
        raw = self.head(tf.reshape(inputs, (-1, *self._features_shape)))[..., 0]
        features = _of_one_length(raw - tf.convert_to_tensor(self.center))
        codebook = tf.convert_to_tensor(self.codebook)
        # |f - e|^2 without |f|^2, which is the same for all codes.
        distances = tf.reduce_sum(tf.square(codebook), axis=-1) - 2.0 * tf.einsum(
            "bpd,kd->bpk", features, codebook
        )
        codes = tf.argmin(distances, axis=-1, output_type=tf.int32)
        return {"features": features, "raw": raw, "codes": codes, "vectors": tf.gather(codebook, codes)}

    def codes(self, params: dict[str, tf.Tensor]) -> tf.Tensor:
        """Return the codes, int32 [B, num_positions]."""
        return params["codes"]

    def location(self, params: dict[str, tf.Tensor]) -> tf.Tensor:
        """Return z."""
        return tf.reshape(params["vectors"], (-1, self.latent_dim))

    def straight_through(self, params: dict[str, tf.Tensor]) -> tf.Tensor:
        """Return z, [B, latent_dim], whose gradients are the features'."""
        features = tf.reshape(params["features"], (-1, self.latent_dim))
        return tf.stop_gradient(self.location(params)) + (features - tf.stop_gradient(features))

    def embed(self, codes: tf.Tensor) -> tf.Tensor:
        """Return z [..., latent_dim] of codes [..., num_positions]."""
        shape = tf.concat([tf.shape(codes)[:-1], [self.latent_dim]], axis=0)
        return tf.reshape(tf.gather(tf.convert_to_tensor(self.codebook), codes), shape)

    def nearest(self, z: tf.Tensor) -> tf.Tensor:
        """Return the codes int32 [..., num_positions] whose vectors are nearest to z [..., latent_dim]."""
        codebook = tf.convert_to_tensor(self.codebook)
        # As one matrix: an einsum with "..." corrupts memory in a graph on a CPU where batches differ in
        # size. |z - e|^2 without |z|^2, which is the same for all codes.
        inner = tf.matmul(tf.reshape(z, (-1, self.code_dim)), codebook, transpose_b=True)
        distances = tf.reduce_sum(tf.square(codebook), axis=-1) - 2.0 * inner
        shape = tf.concat([tf.shape(z)[:-1], [self.num_positions]], axis=0)
        return tf.reshape(tf.argmin(distances, axis=-1, output_type=tf.int32), shape)

    def commitment_loss(self, params: dict[str, tf.Tensor]) -> tf.Tensor:
        """Return sum_i |features_i - sg(e_k_i)|^2, [B], which draws the features to the codebook."""
        return _distance(params["features"], tf.stop_gradient(params["vectors"]))

    def observe(self, trace: Trace, training: bool) -> None:
        """Count the uses of each code, put unused codes where features are, and average the features."""
        if not training:
            return
        params = trace.record["posterior"]
        features = tf.reshape(self._centered_anew(tf.stop_gradient(params["raw"])), (-1, self.code_dim))
        uses = tf.one_hot(tf.reshape(params["codes"], (-1,)), self.num_codes)
        counts = sum_over_replicas(tf.reduce_sum(uses, axis=0))
        before = tf.convert_to_tensor(self.usage)
        usage = self.decay * before + (1.0 - self.decay) * counts
        codebook = self._moved(sum_over_replicas(tf.matmul(uses, features, transpose_a=True)), counts, usage)
        if self.restart > 0:
            idle = usage < self.restart * tf.reduce_sum(usage) / self.num_codes
            idle |= tf.reduce_sum(before) == 0.0
            found, proposals = self._proposals(features, trace.seed)
            codebook = tf.where((idle & found)[:, tf.newaxis], proposals, codebook)
            start = 2.0 * self.restart * tf.reduce_sum(counts) / self.num_codes
            usage = tf.where(idle & found, start, usage)
        self.codebook.assign(codebook)
        self.usage.assign(usage)

    def _centered_anew(self, raw: tf.Tensor) -> tf.Tensor:
        """Take the first batch's mean for the center; return the batch's features by it."""
        first = tf.reduce_sum(tf.convert_to_tensor(self.usage)) == 0.0
        center = tf.where(first, batch_mean(raw), tf.convert_to_tensor(self.center))
        self.center.assign(center)
        return _of_one_length(raw - center)

    @abc.abstractmethod
    def _moved(self, sums: tf.Tensor, counts: tf.Tensor, usage: tf.Tensor) -> tf.Tensor:
        """Return the codebook after a batch: the sums of each code's features, and how many these are."""

    def _proposals(self, features: tf.Tensor, seed: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Return whether there is a feature, and one of the whole batch for each code, [K, code_dim].

        They are chosen by the first replica's seed, so that all replicas choose alike.
        """
        rows = all_gather(features)
        count = tf.shape(rows)[0]
        seed = tf.random.experimental.stateless_fold_in(seed, 1)
        share = tf.random.stateless_uniform((self.num_codes,), seed)
        context = tf.distribute.get_replica_context()
        if context is not None and context.num_replicas_in_sync > 1:
            share = sum_over_replicas(tf.where(tf.equal(context.replica_id_in_sync_group, 0), share, 0.0))
        row = tf.cast(share * tf.cast(count, tf.float32), tf.int32)
        padded = tf.pad(rows, [[0, 1], [0, 0]])  # so that there is a row, also of an empty batch
        return count > 0, tf.gather(padded, row)


class VectorQuantizer(Codebook):
    """A codebook learned by gradients: the codebook term is sum_i |sg(features_i) - e_k_i|^2.

    See `Codebook` for how a code is chosen and how the codebook starts. The objective is
    `VectorQuantization`; `usage` and `perplexity` say how many codes are in use.

    Args:
        num_codes: number K of vectors in the codebook.
        code_dim: length of each.
        num_positions: number P of codes for one example; z has P code_dim entries.
        decay: of the running average of uses.
        restart: share of an equal use below which a code is put elsewhere, in [0, 1).

    Source: van den Oord et al. 2017, equations 1 to 3; features of one length: Yu et
    al. 2022, section 3.2; restarts: Dhariwal et al. 2020, section 3.1.

    Example:
        >>> posterior = VectorQuantizer(16, code_dim=4, num_positions=9)
        >>> params = posterior(tf.ones([5, 3, 3, 8]))
        >>> params["codes"].shape, posterior.location(params).shape
        (TensorShape([5, 9]), TensorShape([5, 36]))
    """

    _has_gradient = True

    def codebook_loss(self, params: dict[str, tf.Tensor]) -> tf.Tensor:
        """Return sum_i |sg(features_i) - e_k_i|^2, [B]."""
        return _distance(tf.stop_gradient(params["features"]), params["vectors"])

    def _moved(self, sums: tf.Tensor, counts: tf.Tensor, usage: tf.Tensor) -> tf.Tensor:
        return tf.convert_to_tensor(self.codebook)


class VectorQuantizerEMA(Codebook):
    """A codebook of running averages: each code is the mean of the features that chose it.

    N_k <- decay N_k + (1 - decay) n_k
    e_k <- e_k + (1 - decay) sum over the n_k features f that chose k of (f - e_k) / N'_k
    N'_k = (N_k + smoothing) / (N + K smoothing) N,  N = sum_k N_k

    With no smoothing this is e_k = m_k / N_k with the running average m_k of the features' sums, in steps
    that leave an unused code where it is. Sums run over all replicas. No gradient moves the codebook,
    and the codebook term is 0.

    Args:
        num_codes: number K of vectors in the codebook.
        code_dim: length of each.
        num_positions: number P of codes for one example; z has P code_dim entries.
        decay: of the running averages.
        restart: share of an equal use below which a code is put elsewhere, in [0, 1).
        smoothing: added to each count, so that no code is divided by zero.

    Source: van den Oord et al. 2017, appendix A.1; features of one length: Yu et
    al. 2022, section 3.2; restarts: Dhariwal et al. 2020, section 3.1.

    Example:
        >>> posterior = VectorQuantizerEMA(16, code_dim=4, num_positions=9)
        >>> [weight.name for weight in posterior.trainable_weights]
        []
    """

    _has_gradient = False

    def __init__(
        self,
        num_codes: int,
        code_dim: int,
        num_positions: int = 1,
        decay: float = 0.99,
        restart: float = 0.03,
        smoothing: float = 1e-5,
        *,
        name: str | None = None,
        dtype: object = None,
    ):
        super().__init__(num_codes, code_dim, num_positions, decay, restart, name=name, dtype=dtype)
        self.smoothing = positive("smoothing", smoothing)

    def codebook_loss(self, params: dict[str, tf.Tensor]) -> tf.Tensor:
        """Return zeros [B]."""
        return tf.zeros_like(params["features"][:, 0, 0])

    def _moved(self, sums: tf.Tensor, counts: tf.Tensor, usage: tf.Tensor) -> tf.Tensor:
        codebook, whole = tf.convert_to_tensor(self.codebook), tf.reduce_sum(usage)
        smooth = (usage + self.smoothing) * whole / (whole + self.num_codes * self.smoothing)
        steps = (1.0 - self.decay) * (sums - counts[:, tf.newaxis] * codebook)
        return codebook + tf.math.divide_no_nan(steps, smooth[:, tf.newaxis])


def perplexity(codes: tf.Tensor, num_codes: int) -> tf.Tensor:
    """Return exp(H) of how often each code is used: num_codes where all are used alike, 1 where one is.

    Args:
        codes: int [...], in [0, num_codes).
        num_codes: number of vectors in the codebook.

    Example:
        >>> round(float(perplexity(tf.constant([[0, 3], [3, 0]]), 8)), 4)
        2.0
    """
    counts = tf.cast(tf.math.bincount(tf.reshape(codes, (-1,)), minlength=num_codes), tf.float32)
    shares = counts / tf.maximum(tf.reduce_sum(counts), 1.0)
    return tf.exp(-tf.reduce_sum(tf.math.xlogy(shares, shares)))


def _of_one_length(raw: tf.Tensor) -> tf.Tensor:
    """Return vectors with a mean square of 1."""
    return raw * tf.math.rsqrt(tf.reduce_mean(tf.square(raw), axis=-1, keepdims=True) + _SMALLEST)


def _distance(first: tf.Tensor, second: tf.Tensor) -> tf.Tensor:
    return tf.reduce_sum(tf.square(first - second), axis=(1, 2))
