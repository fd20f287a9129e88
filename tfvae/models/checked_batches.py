"""Batches of a `PyDataset` or a generator, checked as they come."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import keras

from tfvae.core.inputs import Input, to_arrays


class CheckedPyDataset(keras.utils.PyDataset):
    """Another data set whose batches are checked.

    Args:
        dataset: the other one, of batches x, (x, y) or (x, y, sample_weight).
        argument: what errors call x.
        accepts: what the model takes.
    """

    def __init__(self, dataset: keras.utils.PyDataset, argument: str, accepts: dict[str, Input]):
        super().__init__(
            workers=dataset.workers,
            use_multiprocessing=dataset.use_multiprocessing,
            max_queue_size=dataset.max_queue_size,
        )
        self.dataset, self.argument, self.accepts = dataset, argument, accepts

    @property
    def num_batches(self) -> int | None:
        """Number of batches, as the other data set says."""
        return self.dataset.num_batches

    def __getitem__(self, index: int) -> Any:
        return _checked(self.dataset[index], self.argument, self.accepts)

    def on_epoch_begin(self) -> None:
        """Pass the call on."""
        self.dataset.on_epoch_begin()

    def on_epoch_end(self) -> None:
        """Pass the call on."""
        self.dataset.on_epoch_end()


def checked_generator(batches: Iterator[Any], argument: str, accepts: dict[str, Input]) -> Iterator[Any]:
    """Yield batches x, (x, y) or (x, y, sample_weight), checked.

    Args:
        batches: where they come from.
        argument: what errors call x.
        accepts: what the model takes.
    """
    for batch in batches:
        yield _checked(batch, argument, accepts)


def _checked(batch: Any, argument: str, accepts: dict[str, Input]) -> tuple:
    x, *rest = batch if isinstance(batch, tuple) else (batch,)
    arrays = to_arrays(argument, x, accepts)
    return (arrays if isinstance(x, dict) else next(iter(arrays.values())), *rest)
