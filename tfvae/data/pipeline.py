"""From a source to batches: split, shuffled in bounded memory, binarized, and the same again on resume."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, final

import numpy as np

from tfvae.core.errors import InvalidInput
from tfvae.data.labels import one_hot
from tfvae.data.shuffle import Chunk
from tfvae.data.sources.base import Source
from tfvae.data.split import Keep, checked_seed, count_kept, everything

if TYPE_CHECKING:
    import tensorflow as tf

Transform = Callable[[np.ndarray], np.ndarray]

POOL_ROWS = 65_536
_POOL_BYTES = 256 * 2**20
_ORDER, _BINARIZE = 0, 1  # what a generator is for; part of its seed


@final
class Pipeline:
    """Batches of a source for training or validation.

    A training pipeline (`shuffle=True`) visits every row of its part once in each epoch, in an order that is
    a function of (seed, epoch) alone. `epoch` is the number of the next pass; each pass adds one to it, and a
    training loop that may be resumed sets it at the start of each epoch. Arrays in memory are shuffled as a
    whole; other sources in a pool of bounded size, into which files with random access are read in random
    blocks. A validation pipeline (`shuffle=False`) keeps the order of the file and is the same in every pass.

    Args:
        source: where the rows come from.
        batch_size: rows a batch.
        split: `split(first_row, count)` gives the bool mask of the rows to use, such as `Split(0.1).train`.
        seed: seeds the order and the binarization.
        shuffle: random order, anew in each epoch.
        binarize: replace x by a draw of Bernoulli(x), anew in each epoch if `shuffle`, else always the same.
        transform: applied to each float32 batch [n, *shape] before binarization; keeps its shape.
        with_labels: give dicts of `x` and `label` instead of arrays.
        one_hot: give dicts of `x` and `condition` instead, the label as a one-hot code of so many classes.
        drop_remainder: leave out a last batch smaller than the others; by default when shuffling. A part
            smaller than one batch is always kept, as one smaller batch.
        pool_rows: the most rows in the shuffle pool; by default 65,536, or what fits 256 MiB if that is less.

    Attributes:
        epoch: number of the next pass.
        failure: the exception that ended the last pass, or None.

    Raises:
        InvalidInput: an argument out of range; labels asked of a source without them.

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
        self.batch_size, self.seed = int(batch_size), checked_seed(seed)
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
        """Rows in this part of the source, with any remainder; None for a stream of unknown length."""
        if self._num_rows is None and self.source.size is not None:
            self._num_rows = count_kept(self.split, self.source.size)
        return self._num_rows

    @property
    def num_batches(self) -> int | None:
        """Batches a pass; None for a stream of unknown length."""
        if self.num_rows is None:
            return None
        whole, rest = divmod(self.num_rows, self.batch_size)
        return whole + (rest > 0 and not (self.drop_remainder and whole > 0))

    def batches(self) -> Iterator[np.ndarray | Chunk]:
        """Start a pass over the data: float32 arrays [n, *shape], or dicts of these and what the labels give.

        Returns:
            An iterator over the batches of the pass numbered `epoch`, which goes up by one at once.

        Raises:
            InvalidInput: no row is in this part; values outside [0, 1] are to be binarized; a label
                is no class where codes are asked for.
            UnreadableFile: a file turns out to be damaged.
        """
        epoch = self.epoch
        self.epoch += 1
        return self._pass(epoch if self.shuffle else 0)

    def dataset(self) -> tf.data.Dataset:
        """Return the passes as a tf.data set for `model.fit`; every iteration over it is one pass.

        Shapes are static but for the batch's, and the number of batches is known if the source's size is; for
        a stream call `source.count()` before, or Keras warns at the end of each epoch that the data ran out.
        Batches are made ahead, in the background. TensorFlow wraps whatever goes wrong there into an error of
        its own; the plain one is in `failure`, and `original_errors` raises it.
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
                x = self._transformed(x)
            if self.binarize:
                x = _drawn(x, self._generator(epoch, _BINARIZE, number), self.source.name)
            yield self._named(x, chunk.get("label"))
        if number < 0:
            raise InvalidInput("split", f"at least one row of {self.source.name}", "a part without rows")

    def _named(self, x: np.ndarray, label: np.ndarray | None) -> np.ndarray | Chunk:
        if self.one_hot is not None:
            return {"x": x, "condition": one_hot(label, self.one_hot, self.source.name)}
        return {"x": x, "label": label} if self.with_labels else x

    def _ordered(self, epoch: int) -> Iterator[Chunk]:
        if not self.shuffle:
            return self.source.in_order(self.split, self.batch_size)
        order = self._generator(epoch, _ORDER)
        return self.source.shuffled(self.split, order, self.batch_size, self.pool_rows)

    def _transformed(self, x: np.ndarray) -> np.ndarray:
        result = np.asarray(self.transform(x), np.float32)
        if result.shape != x.shape:
            raise InvalidInput("transform", f"a result of shape {x.shape}, like its input", result.shape)
        return result

    def _generator(self, epoch: int, purpose: int, batch: int = 0) -> np.random.Generator:
        """Randomness for one purpose, and nothing else: no draw here depends on how many came before."""
        # SFC64 fills a batch of pictures faster than Philox; no stream is ever jumped or split.
        seed = np.random.SeedSequence([self.seed, epoch, purpose, batch])
        return np.random.Generator(np.random.SFC64(seed))


@contextlib.contextmanager
def original_errors(*pipelines: Pipeline) -> Iterator[None]:
    """Make a data error in `fit` the plain one-line exception, not TensorFlow's report of it.

    Args:
        *pipelines: those whose `dataset()` is used inside.

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


def _drawn(x: np.ndarray, generator: np.random.Generator, name: str) -> np.ndarray:
    """Bernoulli(x), as float32 zeros and ones."""
    low, high = x.min(), x.max()
    if not (low >= 0 and high <= 1):  # also refuses NaN
        raise InvalidInput("binarize", "values in [0, 1]", f"{low} to {high} in {name}")
    uniform = generator.random(x.shape, dtype=np.float32)  # in [0, 1): 0 never and 1 always becomes 1
    return np.less(uniform, x, out=uniform, casting="unsafe")
