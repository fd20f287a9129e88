"""How a detector trains its models: repeatably, and leaving the process's random numbers as they were."""

from __future__ import annotations

import contextlib
import dataclasses
import math
import random
from collections.abc import Iterator

import keras
import numpy as np
import tensorflow as tf
from tensorflow.python.eager import context  # no public function reads the global seed

from tfvae.anomaly.detectors.fixed_blocks import sums_in_order
from tfvae.models import LatentModel
from tfvae.objectives import Objective
from tfvae.optimizers import Adam

_ROWS_OF_AN_EPOCH = 8192
_STEPS_AT_ONCE = 16  # in one call of the graph: steps of a small model are over as soon as the call


@dataclasses.dataclass(frozen=True)
class Trainer:
    """Called with a model and data, trains the model.

    Attributes:
        epochs: passes over the data; over small data, as many as make whole epochs of several passes.
        batch_size: rows a step.
        learning_rate: of Adam.
        verbose: as in Keras's `fit`.
    """

    epochs: int
    batch_size: int
    learning_rate: float
    verbose: int = 0

    def __call__(self, model: LatentModel, x: np.ndarray) -> None:
        """Train the model on x [N, *event]."""
        if not self.epochs:
            return
        alone = tf.distribute.get_strategy().num_replicas_in_sync == 1
        model.compile(Adam(self.learning_rate), steps_per_execution=_STEPS_AT_ONCE if alone else 1)
        batch = min(self.batch_size, len(x))
        # An epoch costs Keras as much time as many steps: those of small data hold several copies of it.
        epochs = math.ceil(self.epochs / max(1, _ROWS_OF_AN_EPOCH // len(x)))
        copies = math.ceil(self.epochs / epochs)
        x = np.tile(x, (copies, *[1] * (x.ndim - 1))) if copies > 1 else x
        model.fit(x, batch_size=batch, epochs=epochs, verbose=self.verbose)


def copied(model: LatentModel, objective: Objective | None = None) -> LatentModel:
    """Return a model with the same configuration and weights, with another objective where one is given."""
    made = fresh(model, objective)
    if objective is None:
        made.set_weights(model.get_weights())
        return made
    ours = {id(v) for v in [*made.objective.variables, *made.term_means.variables]}
    theirs = {id(v) for v in [*model.objective.variables, *model.term_means.variables]}
    targets = [v for v in made.variables if id(v) not in ours]
    sources = [v for v in model.variables if id(v) not in theirs]
    for target, source in zip(targets, sources, strict=True):
        target.assign(source)
    return made


def fresh(model: LatentModel, objective: Objective | None = None) -> LatentModel:
    """Return a model with the same configuration and new random weights."""
    config = model.get_config()
    if objective is not None:
        config["objective"] = keras.saving.serialize_keras_object(objective)
    return type(model).from_config(config)


@contextlib.contextmanager
def repeatable(seed: int) -> Iterator[None]:
    """Let initial weights, order and noise follow from a seed, and sums be added in one order.

    Keras and this library take their seeds from Python's random numbers, and TensorFlow's data sets mix in
    its global seed. Both are put back at the end.
    """
    state, tensorflow = random.getstate(), context.context()
    globally = tensorflow._seed, getattr(tensorflow, "_rng", None)
    random.seed(seed)
    tf.random.set_seed(seed)
    try:
        with sums_in_order():
            yield
    finally:
        random.setstate(state)
        tensorflow._seed, tensorflow._rng = globally
