"""Raw features as a server's clients have them, in the place of a model's x.

A preprocessing layer maps raw features to x: `layer(raw)`, and `layer.inverse(x)` maps back. It may have

    specs: dict[str, tf.TensorSpec]   its raw inputs by name, batch on axis 0, of any dtype
    examples(x)                       raw values to try an export with, made of x [B, *event]
    units: dict[str, str]             what the numbers mean, for people, by name of an input or output

Without `specs` the raw input is one float32 tensor `x` of the model's shape. Where there is one raw input,
`raw` is a tensor, where there are several a dict of tensors. Without `examples` they are `inverse(x)`.
"""

from __future__ import annotations

import keras
import tensorflow as tf


def raw_specs(preprocessing: keras.Layer | None, shape: tuple[int, ...]) -> dict[str, tf.TensorSpec]:
    """Return the raw inputs that stand for an x of a shape.

    Example:
        >>> raw_specs(None, (4,))
        {'x': TensorSpec(shape=(None, 4), dtype=tf.float32, name=None)}
    """
    return getattr(preprocessing, "specs", None) or {"x": tf.TensorSpec((None, *shape), tf.float32)}


def to_x(preprocessing: keras.Layer | None, raw: dict[str, tf.Tensor]) -> tf.Tensor:
    """Return x of raw inputs by name."""
    value = next(iter(raw.values())) if len(raw) == 1 else raw
    return value if preprocessing is None else preprocessing(value)


def from_x(preprocessing: keras.Layer | None, x: tf.Tensor, name: str) -> dict[str, tf.Tensor]:
    """Return x in the units of the raw features, under a name, or under several of the layer's own."""
    raw = x if preprocessing is None else preprocessing.inverse(x)
    return raw if isinstance(raw, dict) else {name: raw}


def examples_of(preprocessing: keras.Layer | None, x: tf.Tensor, names: list[str]) -> dict[str, tf.Tensor]:
    """Return raw inputs by name to try an export with, made of x."""
    make = getattr(preprocessing, "examples", None) or getattr(preprocessing, "inverse", tf.identity)
    raw = make(x)
    return raw if isinstance(raw, dict) else {names[0]: raw}
