"""Scoring speed: `tfvae score` of a file against the bare network, and the memory that it takes at its peak.

The table is generated: eight numbers with missing values, two categories, a count, a date and a key. The bare
network is the least that scoring a row needs: encoder, posterior's projection, decoder and likelihood's
projection, for as many draws as the score takes, in one `tf.function`, on features in memory. All else, from
reading the file to the decision and the contributions, is the cost of the command. The
command runs in a process of its own, whose largest resident memory is read when it has ended.

    python benchmarks/scoring.py --rows 1000000
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import numpy as np
import pyarrow as pa
import pyarrow.parquet
import tensorflow as tf

from tfvae.pipelines.scoring import table_detector

PIECE, FEW = 100_000, 5000
LARGEST = 1.5 * 2**30  # bytes that a million rows may take
BATCH = 256


def write_table(path: Path, rows: int, seed: int) -> None:
    generator = np.random.default_rng(seed)
    mixing = np.random.default_rng(0).normal(size=(8, 8))  # the same in training and in the new table
    writer = None
    for first in range(0, rows, PIECE):
        count = min(PIECE, rows - first)
        numbers = generator.normal(size=(count, 8)) @ mixing
        columns = {f"x{i}": pa.array(numbers[:, i], mask=generator.random(count) < 0.02) for i in range(8)}
        seconds = generator.integers(0, 3 * 10**7, count).astype("timedelta64[s]")
        table = pa.table(
            {"key": [f"k{first + i}" for i in range(count)]}
            | columns
            | {
                "town": generator.choice(["Ulm", "Bonn", "Kiel", "Jena"], count),
                "shop": generator.choice([f"s{i}" for i in range(20)], count),
                "pieces": generator.poisson(20, count),
                "time": np.datetime64("2024-01-01") + seconds,
            }
        )
        writer = writer or pa.parquet.ParquetWriter(path, table.schema)
        writer.write_table(table)
    writer.close()


def bare(path: Path, data: Path, rows: int) -> float:
    """Rows per second of the network alone."""
    scorer = table_detector.load(path).scorer_
    model, draws = scorer.model, scorer.score.num_decoded
    raw = scorer.preprocessing.raw_table().read(
        pa.parquet.ParquetFile(data).read_row_group(0).to_batches()[0]
    )
    x = tf.constant(scorer.x({name: tf.constant(value) for name, value in raw.values.items()}))

    @tf.function
    def network(part: tf.Tensor) -> tf.Tensor:
        parameters = model.posterior(model.encoder(model.likelihood.encoder_input(part)))
        first = next(iter(parameters.values()))
        z = tf.tile(first[:, : model.latent_dim], (draws, 1))
        return tf.reduce_sum(model.likelihood(model.decoder(z))["raw"])

    parts = [x[start : start + BATCH] for start in range(0, len(x) - BATCH, BATCH)]
    network(parts[0])
    start, done = time.perf_counter(), 0
    while done < min(rows, PIECE):
        network(parts[done // BATCH % len(parts)])
        done += BATCH
    return done / (time.perf_counter() - start)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--training-rows", type=int, default=5000)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--top", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        write_table(folder / "train.parquet", options.training_rows, 0)
        write_table(folder / "new.parquet", options.rows, 1)
        table_detector.fit(folder / "train.parquet", folder / "m.detector", epochs=options.epochs)
        network = bare(folder / "m.detector", folder / "new.parquet", options.rows)
        few = min(FEW, options.rows // 2)
        write_table(folder / "few.parquet", few, 1)
        start_up, before = timed(folder, "few", options.top)
        seconds, peak = timed(folder, "new", options.top)
        speed = (options.rows - few) / (seconds - start_up)
        print(f"bare network   {network:10,.0f} rows/s")
        print(
            f"tfvae score    {speed:10,.0f} rows/s; all {options.rows} rows in {seconds:.1f} s with start-up"
        )
        print(f"share          {speed / network:10.2f}")
        verdict = "within" if peak <= LARGEST else "ABOVE"
        print(f"peak memory    {peak / 2**20:10,.0f} MiB ({verdict} 1.5 GiB)")
        print(f"of {few} rows  {before / 2**20:10,.0f} MiB")


def timed(folder: Path, name: str, top: int) -> tuple[float, int]:
    """Seconds of the command in a process of its own, and the largest resident memory of all so far."""
    command = [Path(sys.executable).with_name("tfvae"), "score", folder / "m.detector"]
    command += [folder / f"{name}.parquet", "-o", folder / f"{name}.scored.parquet", "--top", str(top)]
    start = time.perf_counter()
    subprocess.run(command, check=True, stderr=subprocess.DEVNULL)
    return time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024


if __name__ == "__main__":
    main()
