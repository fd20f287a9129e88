"""A warning, while a model trains, that it ignores its latent variable."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import final

import keras

from tfvae.core.checks import integer
from tfvae.core.types import Inputs
from tfvae.evaluation.collapse import CollapseVerdict, LatentUse, posterior_collapse
from tfvae.models import LatentModel


@final
class PosteriorCollapse(keras.callbacks.Callback):
    """Warns of posterior collapse: which units are inactive, since when, and what to try.

    At the end of each epoch the units are counted on the given examples. The warning comes once fewer than
    half of them have been active for `patience` epochs in a row, again when the latent space is lost a
    second time, and at the end of training at the latest.

    Args:
        inputs: examples to look at, a few hundred: data [N, *event], or the model's inputs by name.
        patience: epochs that a model may take to find a use for its latent space.
        warn: called with the message; None means `warnings.warn`.

    Attributes:
        verdicts: that of each epoch.

    Raises:
        InvalidInput: for `patience` below 1.

    Source: Bowman et al. 2016, section 3.1.

    Example:
        >>> import numpy as np, tfvae
        >>> watch = PosteriorCollapse(np.zeros((8, 4)), warn=print)
        >>> _ = tfvae.zoo.vae((4,), latent_dim=2).fit(np.zeros((8, 4)), verbose=0, callbacks=[watch])
        ... # doctest: +ELLIPSIS
        posterior collapse since epoch 1: 0 of 2 latent dimensions are active, ...
    """

    def __init__(self, inputs: Inputs, patience: int = 5, warn: Callable[[str], None] | None = None):
        super().__init__()
        self.inputs = inputs
        self.patience = integer("patience", patience)
        self.warn = _warn if warn is None else warn
        self.verdicts: list[CollapseVerdict] = []
        self._inactive_epochs = 0  # in a row, up to now
        self._since = 1
        self._warned = False

    def on_train_begin(self, logs: dict | None = None) -> None:
        """Forget another training."""
        self.verdicts, self._inactive_epochs, self._warned = [], 0, False

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        """Count the active units, and warn if too few have been active for too long."""
        assert isinstance(self.model, LatentModel)
        self.verdicts.append(posterior_collapse(self.model, self.inputs))
        if self.verdicts[-1].use is LatentUse.IN_USE:
            self._inactive_epochs, self._warned = 0, False
            return
        self._inactive_epochs += 1
        self._since = epoch + 2 - self._inactive_epochs
        if self._inactive_epochs >= self.patience:
            self._warn_once()

    def on_train_end(self, logs: dict | None = None) -> None:
        """Warn if the training was too short for the patience."""
        if self._inactive_epochs:
            self._warn_once()

    def _warn_once(self) -> None:
        if not self._warned:
            verdict = self.verdicts[-1]
            since = f"{verdict.use.value} since epoch {self._since}"
            self.warn(str(verdict).replace(verdict.use.value, since, 1))
        self._warned = True


def _warn(message: str) -> None:
    warnings.warn(message, stacklevel=2)
