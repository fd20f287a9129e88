"""Callbacks for `fit`: checkpoints and metrics that survive a kill, the order of the data, divergence.

A training script that uses `SetEpoch`, `JsonLines` and `Checkpoint`, and starts again at the epoch of the
newest checkpoint, ends with the same weights as one that was never interrupted.
"""

from tfvae.callbacks.checkpoint import Checkpoint
from tfvae.callbacks.json_lines import JsonLines
from tfvae.callbacks.set_epoch import SetEpoch
from tfvae.callbacks.stop_if_not_finite import StopIfNotFinite

__all__ = ["Checkpoint", "JsonLines", "SetEpoch", "StopIfNotFinite"]
