"""Callbacks for `fit`: what survives a kill, the order of the data, a warning of posterior collapse.

A training script that uses `SetEpoch`, `JsonLines` and `Checkpoint`, and starts again at the epoch of the
newest checkpoint, ends with the same weights as one that was never interrupted.
"""

from tfvae.callbacks.checkpoint import Checkpoint
from tfvae.callbacks.json_lines import JsonLines
from tfvae.callbacks.posterior_collapse import PosteriorCollapse
from tfvae.callbacks.set_epoch import SetEpoch

__all__ = ["Checkpoint", "JsonLines", "PosteriorCollapse", "SetEpoch"]
