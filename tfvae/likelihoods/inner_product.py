"""The inner product likelihood, for the edges of a graph."""

from __future__ import annotations

import tensorflow as tf
from tensorflow_probability import distributions as tfd

from tfvae import distributions
from tfvae.core.checks import integer
from tfvae.core.errors import InvalidInput
from tfvae.core.support import Support
from tfvae.core.types import DType, InputShape, Tensor, Tensors
from tfvae.likelihoods.base import Likelihood


class InnerProduct(Likelihood):
    """p(A|z) = prod_ij p_ij^A_ij (1 - p_ij)^(1 - A_ij),  p_ij = sigmoid(h_i . h_j).

    x is an adjacency matrix A of zeros and ones. The features h [B, N, d], a row for each node, are used
    unchanged: this likelihood has no weights. Every entry counts, so that an edge of an undirected graph
    counts twice and the diagonal, where p is at least one half, once; draws are not symmetric.

    Args:
        num_nodes: N, the number of nodes.

    Source: Kipf and Welling 2016 (variational graph autoencoders), equation 2.

    Example:
        >>> likelihood = InnerProduct(3)
        >>> likelihood(tf.ones([5, 3, 2]))["logits"][0].numpy()
        array([[2., 2., 2.],
               [2., 2., 2.],
               [2., 2., 2.]], dtype=float32)
    """

    support = Support(0.0, 1.0, integer=True)

    def __init__(self, num_nodes: int, *, name: str | None = None, dtype: DType = None):
        num_nodes = integer("num_nodes", num_nodes)
        super().__init__((num_nodes, num_nodes), name=name, dtype=dtype)
        self.num_nodes = num_nodes

    def build(self, input_shape: InputShape) -> None:
        """Check the features' shape; there is nothing to make."""
        if len(input_shape) != 3 or input_shape[1] != self.num_nodes:
            raise InvalidInput("features", f"shape (batch, {self.num_nodes}, features)", tuple(input_shape))

    def call(self, inputs: Tensor) -> Tensors:
        """Return {"logits"}, [B, N, N]."""
        features = tf.cast(inputs, tf.float32)
        return {"logits": tf.matmul(features, features, transpose_b=True)}

    def distribution(self, params: Tensors) -> tfd.Distribution:
        """Return an independent Bernoulli for each entry."""
        return tfd.Independent(distributions.Bernoulli(params["logits"]), 2)

    def mean(self, params: Tensors) -> Tensor:
        """Return the probabilities of an edge, sigmoid(logits)."""
        return tf.sigmoid(params["logits"])
