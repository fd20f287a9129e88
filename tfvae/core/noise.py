"""Random numbers that a saved file holds, that replicas do not share, and that repeat."""

from __future__ import annotations

import contextvars
import random
from typing import Any, final

import keras
import tensorflow as tf
from keras.src.random import seed_generator  # no public function sets the source of its seeds

from tfvae.core.part import show_output_shape
from tfvae.core.types import Tensor


@final
class Seeds(random.Random):
    """A source of seeds for one thread, beside Python's generator and TensorFlow's seed, which all share.

    Args:
        start: any integer of at least 0.

    Attributes:
        start: the same integer.

    Example:
        >>> Seeds(3).random() == random.Random(3).random()
        True
    """

    def __init__(self, start: int):
        super().__init__(start)
        self.start = start


SEEDS: contextvars.ContextVar[Seeds | None] = contextvars.ContextVar("seeds", default=None)
"""The source of this thread's seeds, also of those of Keras's layers; None means Python's generator."""


def new_seed() -> int:
    """Return a seed below 2^31 from this thread's source, or from Python's generator."""
    return (SEEDS.get() or random).randrange(2**31)


class _PythonRandom:
    """Python's module `random` as Keras sees it: this thread's source of seeds, if it has one."""

    def __getattr__(self, name: str) -> Any:
        return getattr(SEEDS.get() or random, name)


_python_random: Any = _PythonRandom()
seed_generator.python_random = _python_random


class SeedStream(keras.layers.Layer):
    """A stream of seeds for stateless random numbers, kept in a weight.

    The weight holds (seed, count). It is saved with the model, so a resumed training run goes on with
    the numbers the interrupted one would have drawn; `keras.random.SeedGenerator` is in no saved file.
    Each replica folds its own number into the seed, so that replicas draw different noise.

    Args:
        seed: start of the stream; None draws one from Python's generator, which
            `keras.utils.set_random_seed` seeds.
    """

    def __init__(self, seed: int | None = None, *, name: str | None = None):
        super().__init__(name=name)
        self.seed = new_seed() if seed is None else seed
        self.state = self.add_weight(
            name="state",
            shape=(2,),
            dtype="int64",
            initializer=lambda shape, dtype: tf.constant([self.seed, 0], dtype),
            trainable=False,
            aggregation="only_first_replica",
        )
        self.built = True
        show_output_shape(self)

    output_shape = (2,)  # of a seed, which `summary()` shows

    def get_build_config(self) -> None:
        """Return None: `__init__` makes the layer whole."""

    def next(self) -> Tensor:
        """Return the next seed, int32 [2], and advance the stream."""
        seed = tf.cast(tf.convert_to_tensor(self.state), tf.int32)
        self.state.assign_add([0, 1])
        context = tf.distribute.get_replica_context()
        replica = 0 if context is None else context.replica_id_in_sync_group
        return tf.random.experimental.stateless_fold_in(seed, replica)

    def restart(self) -> None:
        """Go back to the start of the stream."""
        self.state.assign([self.seed, 0])


def as_seed(seed: int | Tensor) -> Tensor:
    """Return an int, or a seed of shape [2], as the int32 [2] that stateless random numbers take."""
    given = tf.convert_to_tensor(seed, tf.int32)
    return tf.stack([given, 0]) if given.shape.rank == 0 else given
