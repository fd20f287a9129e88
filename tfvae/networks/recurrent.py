"""Recurrent networks of sequences."""

from __future__ import annotations

import keras

from tfvae.core.checks import integer, integers

_SEED = 0  # of dropout, which is not used: its state, which is not saved, is then always the same


def recurrent(units: int = 64) -> keras.Sequential:
    """Return a bidirectional GRU, [B, T, n] to [B, 2 units], that skips steps whose n numbers are all 0.

    Those are what the encoder sees of the steps that `likelihoods.Padded` takes as padding.

    Args:
        units: of each direction.

    Example:
        >>> recurrent(8)(keras.ops.ones((5, 7, 3))).shape
        TensorShape([5, 16])
    """
    units = integer("units", units)
    layers = keras.layers
    return keras.Sequential([layers.Masking(), layers.Bidirectional(layers.GRU(units, seed=_SEED))])


def recurrent_decoder(steps: int, units: int = 64) -> keras.Sequential:
    """Return a GRU whose input is the same at each step, [B, features] to [B, steps, units].

    Args:
        steps: number of steps T.
        units: of the GRU.

    Example:
        >>> recurrent_decoder(7, 8)(keras.ops.ones((5, 2))).shape
        TensorShape([5, 7, 8])
    """
    steps, units = integers("steps and units", (steps, units))
    layers = keras.layers
    return keras.Sequential(
        [layers.RepeatVector(steps), layers.GRU(units, return_sequences=True, seed=_SEED)]
    )
