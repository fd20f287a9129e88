"""A network for graphs: from an adjacency matrix to features of its nodes."""

from __future__ import annotations

import itertools

import keras
import numpy as np
import tensorflow as tf

from tfvae.core.checks import integers
from tfvae.core.errors import InvalidInput
from tfvae.core.part import Part
from tfvae.core.types import Array, ArrayLike, DType, InputShape, Shape, Tensor


class GraphConvolution(Part):
    """H_k = activation(P H_{k-1} W_k), and P H_K at the end;  P = D^-1/2 (A + I) D^-1/2.

    From adjacency matrices A [B, N, N] to features [B, N, sizes[-1]], a row for each node;
    D_ii = sum_j (A + I)_ij. The last P is for what comes after: a part that projects each row to its
    own parameters is then one more graph convolution, without an activation. The diagonal of A has no effect.
    A node without edges keeps its own features.

    Args:
        sizes: units of each layer; none of them has a bias.
        activation: of each layer.
        features: H_0, an array [N, F] that all graphs share, kept as a weight that is not trained; or its
            shape (N, F), where the values come from a file. None means the identity: every node is its own
            feature.

    Raises:
        InvalidInput: for sizes below 1, and features of another number of nodes than the graphs'.

    Source: Kipf and Welling 2017 (graph convolutional networks), equation 2; as an encoder, Kipf and
    Welling 2016 (variational graph autoencoders).

    Example:
        >>> layer = GraphConvolution((16,), features=np.ones((4, 3)))
        >>> layer(tf.zeros((5, 4, 4))).shape, layer.features
        (TensorShape([5, 4, 16]), (4, 3))
    """

    def __init__(
        self,
        sizes: tuple[int, ...] = (32,),
        activation: str = "relu",
        features: ArrayLike | tuple[int, int] | None = None,
        *,
        name: str | None = None,
        dtype: DType = None,
    ):
        super().__init__(name=name, dtype=dtype)
        self.sizes = integers("sizes", sizes)
        self.activation = activation
        self.features = None if features is None else self._keep(features)

    def _keep(self, features: ArrayLike) -> Shape:
        """Put the features into a weight, and return their shape, which is all the configuration holds."""
        given: Array = np.asarray(features, "float32")
        shape_alone = given.ndim == 1 and len(given) == 2
        values = np.zeros(given.astype(int), "float32") if shape_alone else given
        if values.ndim != 2 or not np.isfinite(values).all():
            raise InvalidInput("features", "finite numbers of shape (nodes, features)", values.shape)
        self.node_features = self.add_weight(name="node_features", shape=values.shape, trainable=False)
        self.node_features.assign(values)
        return values.shape

    def build(self, input_shape: InputShape) -> None:
        """Make the weights of each layer."""
        nodes = input_shape[-1]
        if len(input_shape) != 3 or nodes is None or input_shape[1] != nodes:
            raise InvalidInput("adjacency", "shape (batch, nodes, nodes)", tuple(input_shape))
        if self.features is not None and self.features[0] != nodes:
            raise InvalidInput("features", f"a row for each of {nodes} nodes", self.features)
        widths = (nodes if self.features is None else self.features[1], *self.sizes)
        self.kernels = [
            self.add_weight(name=f"kernel_{index}", shape=shape, initializer="glorot_uniform")
            for index, shape in enumerate(itertools.pairwise(widths))
        ]

    def call(self, inputs: Tensor) -> Tensor:
        """Return [B, N, sizes[-1]] in the layer's compute dtype."""
        around = tf.cast(propagation(tf.cast(inputs, tf.float32)), self.compute_dtype)
        activation = keras.activations.get(self.activation)
        kernels = [tf.cast(kernel, self.compute_dtype) for kernel in self.kernels]
        projected = kernels[0]  # of the identity
        if self.features is not None:
            projected = tf.matmul(tf.cast(self.node_features, self.compute_dtype), projected)
        hidden = activation(tf.matmul(around, projected))
        for kernel in kernels[1:]:
            hidden = activation(tf.matmul(around, tf.matmul(hidden, kernel)))
        return tf.matmul(around, hidden)

    def compute_output_shape(self, input_shape: InputShape) -> InputShape:
        """Return (batch, nodes, sizes[-1])."""
        return (*input_shape[:-1], self.sizes[-1])


def propagation(adjacency: Tensor) -> Tensor:
    """Return P = D^-1/2 (A + I) D^-1/2 of adjacency matrices [B, N, N], whose diagonal counts as 0.

    Example:
        >>> propagation(tf.constant([[[0.0, 1.0], [1.0, 0.0]]])).numpy().round(3)
        array([[[0.5, 0.5],
                [0.5, 0.5]]], dtype=float32)
    """
    linked = tf.linalg.set_diag(adjacency, tf.ones_like(adjacency[..., 0]))
    scale = tf.math.rsqrt(tf.reduce_sum(linked, axis=-1))
    return scale[..., tf.newaxis] * linked * scale[..., tf.newaxis, :]
