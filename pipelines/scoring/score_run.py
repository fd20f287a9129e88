"""Score every row of any source with a run's model, in order and in bounded memory."""

from __future__ import annotations

import functools
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple, final

import numpy as np
import pyarrow as pa

from tfvae.core.errors import InvalidInput
from tfvae.core.types import Array
from tfvae.data import Source
from tfvae.models import LatentModel
from tfvae.pipelines.runs.run import Run
from tfvae.pipelines.scoring.output_files import OutputFiles
from tfvae.pipelines.scoring.score_writer import scored_batches, table_writer, write_scores
from tfvae.pipelines.scoring.scored_rows import ROW, ScoredRows
from tfvae.pipelines.scoring.summary import Summary
from tfvae.pipelines.scoring.work_folder import open_work_folder

_BATCH_ROWS = 1024
_ELBO_DRAWS = 10
_ADDED = ("score", "standard_error", "negative_elbo")
_SCHEMA = pa.schema([(ROW, pa.int64()), *((name, pa.float32()) for name in _ADDED)])


def score(
    run: Run,
    source: Source,
    output: Path,
    samples: int = 100,
    seed: int = 0,
    overwrite: bool = False,
    progress: bool = True,
) -> Summary:
    """Write a line for each row: its number from 0, -log p(x) in nats, its standard error, and -ELBO.

    The score is estimated by importance sampling; the standard error is that over the draws. The model finds
    a row with a high score unlikely. A model with a condition c, which is the label, scores by -log p(x|c).
    If z is not random given x, as with codes, the score is -ELBO without a standard error. If q(z|x) has no
    density, the score is the distortion, -E log p(x|z), and the other two columns are empty.

    Args:
        run: a finished run.
        source: the rows.
        output: a `.csv` or `.parquet` file; it appears when the last row is scored.
        samples: draws for each row.
        seed: seed of the random numbers.
        overwrite: whether an output that exists is replaced.
        progress: whether a progress bar is shown.

    Raises:
        InvalidInput: the model does not take one of the rows, and the message says which; or the output
            cannot be written without the loss of something else.
        OSError: the source cannot be read, or the file cannot be written.
    """
    OutputFiles(output).check(overwrite, source.name)
    scorer = _ModelScorer(run.model(), source.name, samples, seed)
    batches = _numbered(run.pipeline(source, _BATCH_ROWS).batches())
    job = {"run": str(run.path), "started": time.time_ns()}  # nothing is kept for another command
    with open_work_folder(output, job) as work:
        work.files.check(overwrite)
        with scored_batches(scorer, batches, source.size, progress=progress) as scored:
            writer = functools.partial(table_writer, schema=_SCHEMA)
            summary = write_scores(scored, writer, source.name, work, source.size)
        work.publish(overwrite)
    return summary


class _Examples(NamedTuple):
    """A batch of examples, the number of the batch, and the number of its first row."""

    batch: int
    first: int
    inputs: Array | dict[str, Array]


def _numbered(batches: Iterable[Array | dict[str, Array]]) -> Iterator[_Examples]:
    first = 0
    for number, inputs in enumerate(batches):
        yield _Examples(number, first, inputs)
        first += len(next(iter(inputs.values())) if isinstance(inputs, dict) else inputs)


@final
class _ModelScorer:
    """Scores examples with a model.

    Args:
        model: the model.
        source: name of the source, for messages.
        samples: draws for each example.
        seed: seed of the random numbers of the first batch; the next batch has the next seed.
    """

    def __init__(self, model: LatentModel, source: str, samples: int, seed: int):
        self._model, self._source, self._samples, self._seed = model, source, samples, seed

    def score(self, batch: _Examples) -> ScoredRows:
        try:
            added = self._added(batch.inputs, self._seed + batch.batch)
        except InvalidInput as problem:
            argument = f"{self._source}, rows from {batch.first}"
            raise InvalidInput(argument, "rows that the model takes", problem) from None
        rows = np.arange(batch.first, batch.first + len(added[0]))
        return ScoredRows(pa.table([pa.array(column) for column in (rows, *added)], schema=_SCHEMA))

    def _added(self, inputs: Array | dict[str, Array], seed: int) -> tuple[Array | pa.Array, ...]:
        if not self._model.has_density:
            distortion = self._model.distortion(inputs, seed=seed)
            missing = pa.nulls(len(distortion), pa.float32())
            return distortion, missing, missing
        if not self._model.draws_at_random:
            negative_elbo = -self._model.elbo(inputs, seed=seed)
            return negative_elbo, pa.nulls(len(negative_elbo), pa.float32()), negative_elbo
        log_likelihood, error = self._model.log_likelihood_with_error(inputs, self._samples, seed)
        return -log_likelihood, error, -self._model.elbo(inputs, _ELBO_DRAWS, seed)
