"""Raw features, as clients have them, instead of a model's x.

A preprocessing layer maps raw features to x, `layer(raw)`, and back, `layer.inverse(x)`. It may have

    specs: dict[str, tf.TensorSpec]   its raw inputs by name, batch on axis 0, of any dtype
    examples(x)                       raw values to try an export with, made from x [B, *event]
    units: dict[str, str]             units of inputs and outputs by name, for people

Without `specs` the raw input is one float32 tensor `x` of the model's shape. A single raw input is passed as
a tensor, several as a dict of tensors. Without `examples`, `inverse(x)` gives the raw values.
"""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from tfvae.core.types import Shape, Tensor, Tensors


def raw_specs(preprocessing: keras.Layer | None, shape: Shape) -> dict[str, tf.TensorSpec]:
    """Return the specifications of the raw inputs.

    Args:
        preprocessing: the layer; None means that x itself is the raw input.
        shape: shape of one example of x.

    Example:
        >>> raw_specs(None, (4,))
        {'x': TensorSpec(shape=(None, 4), dtype=tf.float32, name=None)}
    """
    return getattr(preprocessing, "specs", None) or {"x": tf.TensorSpec((None, *shape), tf.float32)}


def to_x(preprocessing: keras.Layer | None, raw: Tensors) -> Tensor:
    """Return x.

    Args:
        preprocessing: the layer, or None.
        raw: raw inputs by name.
    """
    value = next(iter(raw.values())) if len(raw) == 1 else raw
    return value if preprocessing is None else preprocessing(value)


def from_x(preprocessing: Any, x: Tensor, name: str) -> Tensors:
    """Return x in the units of the raw features.

    Args:
        preprocessing: the layer with `inverse`, or None.
        x: tensor [B, *event].
        name: name of the result, unless the layer has several raw inputs, which name it.
    """
    raw = x if preprocessing is None else preprocessing.inverse(x)
    return raw if isinstance(raw, dict) else {name: raw}


def examples_of(preprocessing: keras.Layer | None, x: Tensor, names: list[str]) -> Tensors:
    """Return raw inputs by name, to try an export with.

    Args:
        preprocessing: the layer, or None.
        x: tensor [B, *event].
        names: names of the raw inputs.
    """
    make = getattr(preprocessing, "examples", None) or getattr(preprocessing, "inverse", tf.identity)
    raw = make(x)
    return raw if isinstance(raw, dict) else {names[0]: raw}
