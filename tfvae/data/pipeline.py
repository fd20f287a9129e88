"""Mini-batches of a source: split, shuffled in bounded memory, binarized, reproducible after a resume."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, final

import numpy as np

from tfvae.core.errors import InvalidInput
from tfvae.core.numpy_arrays import as_numpy
from tfvae.data.labels import one_hot
from tfvae.data.shuffle import Chunk
from tfvae.data.sources.base import Source
from tfvae.data.split import Keep, check_seed, count_kept, everything

if TYPE_CHECKING:
    import tensorflow as tf

Transform = Callable[[np.ndarray], np.ndarray]

POOL_ROWS = 65_536
_POOL_BYTES = 256 * 2**20
_ORDER, _BINARIZE = 0, 1  # what a generator is for; part of its seed


@final
class Pipeline:
    """Mini-batches of a source for training or validation.

    A training pipeline (`shuffle=True`) visits each of its rows once in an epoch, in an order that is a
    function of (seed, epoch) alone. `epoch` is the number of the next pass. Each pass adds one to it; a
    training loop that may be resumed sets it at the start of each epoch. Arrays in memory are shuffled as a
    whole, other sources in a pool of bounded size, which reads files with random access in random blocks. A
    validation pipeline (`shuffle=False`) keeps the order of the file and is the same in every pass.

    Args:
        source: where the rows come from.
        batch_size: rows of a mini-batch.
        split: `split(first_row, count)` returns the bool mask of the rows to use, such as `Split(0.1).train`.
        seed: seed of the order and of the binarization.
        shuffle: whether the order is random, and new in each epoch.
        binarize: whether to replace x by a draw of Bernoulli(x), new in each epoch if `shuffle`, otherwise
            always the same.
        transform: function of each float32 batch [n, *shape], applied before the binarization, that keeps the
            shape.
        with_labels: whether to give dicts of `x` and `label` instead of arrays.
        one_hot: number of classes; gives dicts of `x` and `condition` instead, the label's one-hot code.
        drop_remainder: whether to leave out a last mini-batch that is smaller than the others; None means
            only if `shuffle`. A source smaller than one mini-batch is kept as one smaller mini-batch.
        pool_rows: largest number of rows in the shuffle pool; None means 65,536, or what fits in 256 MiB if
            that is less.

    Attributes:
        epoch: number of the next pass.
        failure: the exception that ended the last pass, or None.

    Raises:
        InvalidInput: for an argument out of range, and labels of a source without labels.

    Example:
        >>> import tfvae
        >>> train = Pipeline(tfvae.data.source("sklearn:digits"), batch_size=100, binarize=True)
        >>> train.num_batches, next(train.batches()).shape
        (17, (100, 8, 8, 1))
    """

    def __init__(
        self,
        source: Source,
        batch_size: int,
        *,
        split: Keep = everything,
        seed: int = 0,
        shuffle: bool = True,
        binarize: bool = False,
        transform: Transform | None = None,
        with_labels: bool = False,
        one_hot: int | None = None,
        drop_remainder: bool | None = None,
        pool_rows: int | None = None,
    ):
        for argument, value in (("batch_size", batch_size), ("pool_rows", pool_rows)):
            if value is not None and value < 1:
                raise InvalidInput(argument, "at least one row", value)
        for argument, asked in (("with_labels", with_labels), ("one_hot", one_hot is not None)):
            if asked and source.label_dtype is None:
                raise InvalidInput(argument, "a source with labels", f"{source.name}, which has none")
        self.source, self.split = source, split
        self.batch_size, self.seed = int(batch_size), check_seed(seed)
        self.shuffle, self.binarize, self.with_labels = shuffle, binarize, with_labels
        self.one_hot = one_hot
        self.transform = transform
        self.drop_remainder = shuffle if drop_remainder is None else drop_remainder
        self.pool_rows = pool_rows or min(POOL_ROWS, max(1, _POOL_BYTES // (4 * int(np.prod(source.shape)))))
        self._num_rows: int | None = None
        self.epoch = 0
        self.failure: BaseException | None = None

    @property
    def num_rows(self) -> int | None:
        """Number of rows to use, with any remainder; None for a stream of unknown length."""
        if self._num_rows is None and self.source.size is not None:
            self._num_rows = count_kept(self.split, self.source.size)
        return self._num_rows

    @property
    def num_batches(self) -> int | None:
        """Number of mini-batches of a pass; None for a stream of unknown length."""
        if self.num_rows is None:
            return None
        whole, rest = divmod(self.num_rows, self.batch_size)
        return whole + (rest > 0 and not (self.drop_remainder and whole > 0))

    def batches(self) -> Iterator[np.ndarray | Chunk]:
        """Start a pass over the data; `epoch` increases by one at once.

        Returns:
            An iterator over float32 arrays [n, *shape], or dicts of these and `label` or `condition`.

        Raises:
            InvalidInput: for no rows, values outside [0, 1] that are to be binarized, and a label that is no
                class but is to be one-hot encoded.
            UnreadableFile: for a damaged file.
        """
        epoch = self.epoch
        self.epoch += 1
        return self._pass(epoch if self.shuffle else 0)

    def dataset(self) -> tf.data.Dataset:
        """Return a tf.data set for `model.fit`; each iteration over it is one pass.

        All shapes but the batch size are static. The number of mini-batches is known if the source's size is;
        for a stream call `source.count()` before, or Keras warns at the end of each epoch that the data ran
        out. Mini-batches are prefetched in the background. TensorFlow wraps exceptions there in its own; the
        original one is in `failure`, and `original_errors` raises it.
        """
        import tensorflow as tf

        x = tf.TensorSpec((None, *self.source.shape), tf.float32)
        signature = x
        if self.with_labels:
            signature = {"x": x, "label": tf.TensorSpec((None,), tf.as_dtype(self.source.label_dtype))}
        if self.one_hot is not None:
            signature = {"x": x, "condition": tf.TensorSpec((None, self.one_hot), tf.float32)}
        dataset = tf.data.Dataset.from_generator(self.batches, output_signature=signature)
        if self.num_batches is not None:
            dataset = dataset.apply(tf.data.experimental.assert_cardinality(self.num_batches))
        return dataset.prefetch(2)

    def _pass(self, epoch: int) -> Iterator[np.ndarray | Chunk]:
        self.failure = None
        try:
            yield from self._finished(epoch)
        except Exception as error:
            self.failure = error
            raise

    def _finished(self, epoch: int) -> Iterator[np.ndarray | Chunk]:
        number = -1
        for number, chunk in enumerate(self._ordered(epoch)):
            x = chunk["x"]
            if number and self.drop_remainder and len(x) < self.batch_size:
                return
            if self.transform is not None:
                x = _transform(self.transform, x)
            if self.binarize:
                x = _binarize(x, self._generator(epoch, _BINARIZE, number), self.source.name)
            yield self._with_label(x, chunk)
        if number < 0:
            raise InvalidInput("split", f"at least one row of {self.source.name}", "a part without rows")

    def _with_label(self, x: np.ndarray, chunk: Chunk) -> np.ndarray | Chunk:
        if self.one_hot is not None:
            return {"x": x, "condition": one_hot(chunk["label"], self.one_hot, self.source.name)}
        return {"x": x, "label": chunk["label"]} if self.with_labels else x

    def _ordered(self, epoch: int) -> Iterator[Chunk]:
        if not self.shuffle:
            return self.source.in_order(self.split, self.batch_size)
        order = self._generator(epoch, _ORDER)
        return self.source.shuffled(self.split, order, self.batch_size, self.pool_rows)

    def _generator(self, epoch: int, purpose: int, batch: int = 0) -> np.random.Generator:
        """Return the generator of one purpose, so that no draw depends on the number of others before it."""
        # SFC64 fills a batch of images faster than Philox, and no stream is jumped or split.
        seed = np.random.SeedSequence([self.seed, epoch, purpose, batch])
        return np.random.Generator(np.random.SFC64(seed))


@contextlib.contextmanager
def original_errors(*pipelines: Pipeline) -> Iterator[None]:
    """Raise the pipelines' own one-line exceptions in place of TensorFlow's report of them.

    Args:
        *pipelines: those whose `dataset()` is used inside the context, such as by `fit`.

    Raises:
        Exception: the one that ended a pass of one of the pipelines.

    Example:
        >>> import numpy as np, tfvae
        >>> bad = Pipeline(tfvae.data.Arrays(np.full((4, 2), 7.0)), batch_size=2, binarize=True)
        >>> with original_errors(bad):
        ...     for batch in bad.dataset():
        ...         pass
        Traceback (most recent call last):
        tfvae.InvalidInput: binarize: expected values in [0, 1], received 7.0 to 7.0 in array
    """
    for pipeline in pipelines:
        pipeline.failure = None
    try:
        yield
    except Exception as error:
        for pipeline in pipelines:
            if pipeline.failure is not None:
                raise pipeline.failure from error
        raise


def _transform(transform: Transform, x: np.ndarray) -> np.ndarray:
    result = as_numpy("transform", transform(x)).astype(np.float32, copy=False)
    if result.shape != x.shape:
        raise InvalidInput("transform", f"a result of shape {x.shape}, like its input", result.shape)
    return result


def _binarize(x: np.ndarray, generator: np.random.Generator, name: str) -> np.ndarray:
    """Return draws of Bernoulli(x), float32."""
    low, high = x.min(), x.max()
    if not (low >= 0 and high <= 1):  # also rejects NaN
        raise InvalidInput("binarize", "values in [0, 1]", f"{low} to {high} in {name}")
    uniform = generator.random(x.shape, dtype=np.float32)  # in [0, 1), so that 0 and 1 are kept
    return np.less(uniform, x, out=uniform, casting="unsafe")
