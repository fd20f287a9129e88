"""The encoder for sparse codes that unrolls iterative shrinkage (LISTA)."""

from __future__ import annotations

import tensorflow as tf

from tfvae.core.checks import integer, real_number
from tfvae.core.types import Array, DType, InputShape, Tensor, Tensors
from tfvae.layers.sparse_coding import lipschitz_constant, soft_threshold
from tfvae.networks import num_features
from tfvae.posteriors.point import Deterministic


class LISTA(Deterministic):
    """q(z|x) at z_T:  z_1 = shrink(h W),  z_t = shrink(h W + z_{t-1} S), with learned W, S and thresholds.

    Untrained it is `steps` steps of iterative shrinkage from 0 for a dictionary D: W = D^T / L,
    S = I - D D^T / L and thresholds sparsity / L, with L the largest eigenvalue of D D^T. D is drawn at
    random; `start_at` sets another.

    Args:
        latent_dim: number of atoms, and of latent dimensions.
        steps: number T of steps.
        sparsity: initial weight of |z|_1 relative to |h - z D|^2 / 2.

    Source: Gregor and LeCun 2010, section 3.

    Example:
        >>> posterior = LISTA(6, steps=3)
        >>> posterior(tf.ones([5, 4]))["loc"].shape
        TensorShape([5, 6])
    """

    def __init__(
        self,
        latent_dim: int,
        steps: int = 3,
        sparsity: float = 0.1,
        *,
        name: str | None = None,
        dtype: DType = None,
    ):
        super().__init__(latent_dim, name=name, dtype=dtype)
        self.steps = integer("steps", steps)
        self.sparsity = real_number("sparsity", sparsity, at_least=0)

    def build(self, input_shape: InputShape) -> None:
        """Make the weights, for a random dictionary of atoms of length 1."""
        features = num_features(input_shape)
        self.filters = self.add_weight(
            name="filters", shape=(features, self.latent_dim), initializer="random_normal"
        )
        self.inhibition = self.add_weight(name="inhibition", shape=(self.latent_dim, self.latent_dim))
        self.thresholds = self.add_weight(name="thresholds", shape=(self.latent_dim,), constraint="non_neg")
        self.start_at(tf.math.l2_normalize(tf.transpose(tf.convert_to_tensor(self.filters)), axis=1))

    def start_at(self, dictionary: Array | Tensor) -> None:
        """Set the weights to those of iterative shrinkage with a dictionary [latent_dim, features]."""
        dictionary = tf.cast(dictionary, tf.float32)
        largest = lipschitz_constant(dictionary)
        self.filters.assign(tf.transpose(dictionary) / largest)
        correlation = tf.matmul(dictionary, dictionary, transpose_b=True)
        self.inhibition.assign(tf.eye(self.latent_dim) - correlation / largest)
        self.thresholds.assign(tf.fill((self.latent_dim,), self.sparsity / largest))

    def call(self, inputs: Tensor) -> Tensors:
        """Return {"loc"}, [B, latent_dim]."""
        features = tf.reshape(tf.cast(inputs, tf.float32), (-1, self.filters.shape[0]))
        driven, thresholds = tf.matmul(features, self.filters), tf.convert_to_tensor(self.thresholds)
        z = soft_threshold(driven, thresholds)
        for _ in range(self.steps - 1):
            z = soft_threshold(driven + tf.matmul(z, self.inhibition), thresholds)
        return {"loc": z}
