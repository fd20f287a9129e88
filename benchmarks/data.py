"""Rows a second and peak memory of the data sources, and what a batch of a training pipeline costs.

    python benchmarks/data.py [--scale 0.1]

Every measurement runs in a process of its own, on files that are written to a temporary folder and deleted.
Memory is the growth of the process's peak resident set over what it took before reading. Rates are given by
the clock and, for machines that do something else besides, by the processor time of all threads.
"""

from __future__ import annotations

import argparse
import json
import pathlib
import resource
import subprocess
import sys
import tempfile
import time

import numpy as np

COLUMNS = 16


def write_npy(path: pathlib.Path, rows: int) -> None:
    table = np.lib.format.open_memmap(path, "w+", np.float32, (rows, COLUMNS))
    generator = np.random.default_rng(0)
    for start in range(0, rows, 2**20):
        table[start : start + 2**20] = generator.random((min(2**20, rows - start), COLUMNS), np.float32)


def arrow_tables(rows: int):
    import pyarrow as pa

    generator = np.random.default_rng(0)
    for start in range(0, rows, 2**17):
        x = generator.random((min(2**17, rows - start), COLUMNS), np.float32)
        yield pa.table({f"c{i}": x[:, i] for i in range(COLUMNS)})


def write_parquet(path: pathlib.Path, rows: int) -> None:
    import pyarrow.parquet as pq

    tables = arrow_tables(rows)
    first = next(tables)
    with pq.ParquetWriter(path, first.schema) as writer:
        writer.write_table(first)
        for table in tables:
            writer.write_table(table)


def write_csv(path: pathlib.Path, rows: int) -> None:
    import pyarrow.csv as pc

    tables = arrow_tables(rows)
    first = next(tables)
    with pc.CSVWriter(path, first.schema) as writer:
        writer.write_table(first)
        for table in tables:
            writer.write_table(table)


def write_npz(path: pathlib.Path, rows: int) -> None:
    np.savez_compressed(path, x=np.random.default_rng(0).random((rows, COLUMNS), np.float32))


def write_tfrecord(path: pathlib.Path, rows: int) -> None:
    import tensorflow as tf

    x = np.random.default_rng(0).random((rows, COLUMNS), np.float32)
    with tf.io.TFRecordWriter(str(path)) as file:
        for row in x:
            value = tf.train.Feature(float_list=tf.train.FloatList(value=row))
            features = tf.train.Features(feature={"x": value})
            file.write(tf.train.Example(features=features).SerializeToString())


FILES = {
    # 24 million rows of 16 float32 are 1.5 GB.
    "big.npy": (write_npy, 24_000_000),
    "table.parquet": (write_parquet, 4_000_000),
    "table.csv": (write_csv, 2_000_000),
    "table.npz": (write_npz, 2_000_000),
    "table.tfrecord": (write_tfrecord, 1_000_000),
}


def peak() -> float:
    """Peak resident memory of this process so far, in MiB."""
    status = pathlib.Path("/proc/self/status")
    if status.exists():  # the rusage of a Linux process starts at the peak of the one that started it
        return int(status.read_text().split("VmHWM:")[1].split()[0]) / 2**10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def measure_chunks(path: str) -> dict[str, float]:
    import tfvae.data

    source = tfvae.data.source(path)
    next(source.chunks())  # imports and thread pools are not what is measured
    return rates(chunk["x"] for chunk in source.chunks())


def measure_shuffled(path: str) -> dict[str, float]:
    import tfvae.data

    pipeline = tfvae.data.Pipeline(tfvae.data.source(path), 1024, split=tfvae.data.Split(0.1).train)
    return rates(pipeline.batches())


def rates(arrays) -> dict[str, float]:
    before, start, busy, rows = peak(), time.perf_counter(), time.process_time(), 0
    for x in arrays:
        rows += len(x)
    clock, processor = time.perf_counter() - start, time.process_time() - busy
    return {"rows/s": rows / clock, "rows/processor-s": rows / processor, "MiB": peak() - before}


def measure_pictures(folder: str) -> dict[str, float]:
    """A pass over 60,000 pictures of 28 x 28, binarized, in batches of 100; the consumer does nothing."""
    import tfvae.data

    pixels = np.random.default_rng(0).integers(0, 256, (60_000, 28, 28), np.uint8)
    pipeline = tfvae.data.Pipeline(tfvae.data.Arrays(pixels), 100, binarize=True)
    dataset = pipeline.dataset()

    def per_batch(batches, now) -> float:
        start = now()
        for _ in batches:
            pass
        return 1000 * (now() - start) / pipeline.num_batches

    per_batch(dataset, time.perf_counter)
    return {
        "ms/batch plain": per_batch(pipeline.batches(), time.perf_counter),
        "processor": per_batch(pipeline.batches(), time.process_time),
        "ms/batch dataset": per_batch(dataset, time.perf_counter),
        "processor ": per_batch(dataset, time.process_time),
        "ms/batch waited": waiting(dataset),
    }


def waiting(dataset) -> float:
    """Time that a consumer with 2 ms of work of its own waits for each batch."""
    waited, count, mark = 0.0, 0, time.perf_counter()
    for _ in dataset:
        waited, count = waited + time.perf_counter() - mark, count + 1
        time.sleep(0.002)
        mark = time.perf_counter()
    return 1000 * waited / count


MEASURES = {"chunks": measure_chunks, "shuffled": measure_shuffled, "pictures": measure_pictures}


def report(measure: str, path: pathlib.Path) -> None:
    command = [sys.executable, __file__, "--measure", measure, str(path)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    values = json.loads(done.stdout.splitlines()[-1])
    size = f"{path.stat().st_size / 1e6:7.0f} MB" if path.is_file() else ""
    print(f"{path.name:16}{size:12}{measure:10}" + "  ".join(f"{k} {v:,.3g}" if v < 100 else f"{k} {v:,.0f}"
          for k, v in values.items()), flush=True)  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", type=float, default=1.0, help="factor on the numbers of rows")
    parser.add_argument("--measure", nargs=2, metavar=("MEASURE", "PATH"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.measure:
        print(json.dumps(MEASURES[arguments.measure[0]](arguments.measure[1])))
        return
    with tempfile.TemporaryDirectory() as folder:
        report("pictures", pathlib.Path(folder))
        for name, (write, rows) in FILES.items():
            path = pathlib.Path(folder, name)
            write(path, int(rows * arguments.scale))
            for measure in ("chunks", "shuffled"):
                report(measure, path)
            path.unlink()


if __name__ == "__main__":
    main()
