"""A function of a model and its inputs, evaluated on data of any length."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

from tfvae.core.types import Tensors
from tfvae.models import LatentModel

_BATCH_ROWS = 512


def apply_in_batches(
    function: Callable[[LatentModel, Tensors], Any], model: LatentModel, x: np.ndarray
) -> Any:
    """Return function(model, inputs) of all examples as NumPy arrays, computed 512 examples at a time.

    Args:
        function: from a model and its inputs by name, each [B, ...], to a tensor [B, ...] or a dict of them.
        model: the model.
        x: data [N, *event].

    Example:
        >>> import tfvae
        >>> vae = tfvae.zoo.vae((4,), latent_dim=2)
        >>> apply_in_batches(lambda model, inputs: model.latent(inputs), vae, np.zeros((600, 4))).shape
        (600, 2)
    """
    # Traced once and called as a graph: TensorFlow warns of functions that are made and called repeatedly.
    graph = tf.function(
        lambda part: function(model, model.tensors(part)), autograph=False
    ).get_concrete_function(tf.TensorSpec((None, *x.shape[1:]), x.dtype))
    parts = [graph(tf.constant(x[start : start + _BATCH_ROWS])) for start in range(0, len(x), _BATCH_ROWS)]
    return tf.nest.map_structure(lambda *values: np.concatenate(values), *parts)
