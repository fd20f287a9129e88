"""How a detector trains its models: with Keras's `fit`, reproducibly."""

from __future__ import annotations

import contextlib
import dataclasses
import math
from collections.abc import Iterator
from typing import final

import keras
import numpy as np

from tfvae.anomaly.detectors.blockwise import without_arithmetic_optimizer
from tfvae.core.noise import SEEDS, Seeds
from tfvae.models import LatentModel
from tfvae.optimizers import Adam

_ROWS_OF_AN_EPOCH = 65536
_BYTES_OF_AN_EPOCH = 2**26


@final
@dataclasses.dataclass(frozen=True)
class ModelFitter:
    """Compiles and fits models with the same settings; called with a model and its training data.

    A model that was trained before starts anew from the weights that it has, and needs no new graph, which
    takes as long as a thousand steps of a small model.

    Attributes:
        epochs: passes over the data. Small data are repeated within an epoch of Keras; then the number of
            passes is rounded up to a whole number of these epochs.
        batch_size: examples of a training step.
        learning_rate: of Adam.
        verbose: as in Keras's `fit`.
    """

    epochs: int
    batch_size: int
    learning_rate: float
    verbose: int = 0

    def __call__(self, model: LatentModel, x: np.ndarray) -> None:
        """Train the model.

        Args:
            model: trained in place.
            x: data [N, *event].
        """
        if not self.epochs:
            return
        if model.compiled:
            _restart(model.optimizer, self.learning_rate)
        else:
            model.compile(Adam(self.learning_rate))
        batch_size = min(self.batch_size, len(x))
        # An epoch costs Keras as much time as many steps, so that one of small data holds them several times.
        most = max(1, min(_ROWS_OF_AN_EPOCH // len(x), _BYTES_OF_AN_EPOCH // x.nbytes))
        epochs = math.ceil(self.epochs / most)
        copies = math.ceil(self.epochs / epochs)
        x = np.tile(x, (copies, *[1] * (x.ndim - 1))) if copies > 1 else x
        model.fit(x, batch_size=batch_size, epochs=epochs, verbose=self.verbose)


def _restart(optimizer: keras.Optimizer, learning_rate: float) -> None:
    for variable in optimizer.variables:
        variable.assign(keras.ops.zeros_like(variable))
    optimizer.learning_rate = learning_rate


@contextlib.contextmanager
def reproducible(seed: int) -> Iterator[None]:
    """Make initial weights, shuffling and noise follow from a seed, and sums be computed in one order.

    A training has the same bits on processors of one kind, with the same TensorFlow, the same setting of
    oneDNN and the same number of threads. Other threads, and the random numbers of Python, NumPy and
    TensorFlow, are neither changed nor used.

    Args:
        seed: any integer of at least 0.

    Example:
        >>> import keras
        >>> with reproducible(3):
        ...     first = keras.initializers.GlorotUniform()((2,)).numpy()
        >>> with reproducible(3):
        ...     bool((keras.initializers.GlorotUniform()((2,)).numpy() == first).all())
        True
    """
    token = SEEDS.set(Seeds(seed))
    try:
        with without_arithmetic_optimizer():
            yield
    finally:
        SEEDS.reset(token)
