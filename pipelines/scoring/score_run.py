"""Score every row of a source, in order and in bounded memory."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from tfvae.core.errors import InvalidInput
from tfvae.core.files import replacing
from tfvae.data import Source
from tfvae.models import LatentModel
from tfvae.pipelines.runs.run import Run

WRITERS = {".csv": pyarrow.csv.CSVWriter, ".parquet": pyarrow.parquet.ParquetWriter}

_ROWS = 1024
_ELBO_DRAWS = 10
_SCHEMA = pa.schema(
    [
        ("row", pa.int64()),
        ("score", pa.float32()),
        ("standard_error", pa.float32()),
        ("negative_elbo", pa.float32()),
    ]
)


def score(run: Run, rows: Source, output: Path, samples: int = 100, seed: int = 0) -> Path:
    """Write one line for each row: its number from 0, -log p(x) in nats, its standard error, -ELBO.

    The score is estimated by importance sampling; its standard error is that over the draws. A row that
    the model finds unlikely has a high score. A model with a condition c, which is the label, scores by
    -log p(x|c); one whose q(z|x) has no density by its distortion, -E log p(x|z), and leaves the other two
    columns empty.

    Args:
        run: a finished run.
        rows: what to score.
        output: a `.csv` or `.parquet` file; it appears when the last row is done.
        samples: draws for each row.
        seed: start of the random numbers.

    Returns:
        The path written.

    Raises:
        InvalidInput: a row does not fit the model; the message says which.
        OSError: the source cannot be read, or the file not be written.
    """
    model = run.model()
    chunks = run.pipeline(rows, _ROWS).batches()
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with (
        replacing(output) as temporary,
        WRITERS[output.suffix](temporary, _SCHEMA) as writer,
        Progress(*columns, console=Console(stderr=True)) as progress,
    ):
        task = progress.add_task("rows", total=rows.size)
        for batch in _scored(model, chunks, rows.name, samples, seed):
            writer.write_batch(batch)
            progress.advance(task, batch.num_rows)
    return output


def _scored(
    model: LatentModel, chunks: Iterator[np.ndarray | dict], name: str, samples: int, seed: int
) -> Iterator[pa.RecordBatch]:
    first = 0
    for index, x in enumerate(chunks):
        try:
            scores = _scores(model, x, samples, seed + index)
        except InvalidInput as problem:
            raise InvalidInput(f"{name}, rows from {first}", "rows that the model takes", problem) from None
        count = len(scores[0])
        numbers = np.arange(first, first + count)
        yield pa.record_batch([pa.array(array) for array in (numbers, *scores)], schema=_SCHEMA)
        first += count


def _scores(model: LatentModel, x: np.ndarray | dict, samples: int, seed: int) -> tuple:
    if not model.has_density:
        distortion = model.distortion(x, seed=seed)
        missing = pa.nulls(len(distortion), pa.float32())
        return distortion, missing, missing
    log_likelihood, error = model.log_likelihood_with_error(x, samples, seed)
    return -log_likelihood, error, -model.elbo(x, _ELBO_DRAWS, seed)
