"""Scores on Spark: those of the local command to the last bit, whichever process is killed.

They need the extra `spark` and Java: `make test-spark` runs them. Spark starts processes for each test, and
two of the tests kill them.
"""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.dataset
import pyarrow.parquet
import pytest

from tfvae.pipelines.cli.app import main

pytestmark = pytest.mark.spark

FILES, ROWS = 16, 1500


def table(rows, seed):
    g = np.random.default_rng(seed)
    size = g.gamma(3, 2, rows)
    return pa.table(
        {
            "key": [f"{seed:03d}-{row:06d}" for row in range(rows)],
            "size": size,
            "weight": pa.array(size * g.normal(1, 0.1, rows), mask=g.random(rows) < 0.05),
            "kind": g.choice(["a", "b", "c"], rows),
        }
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """An exported detector, a folder of Parquet files, and their scores by the local command."""
    folder = tmp_path_factory.mktemp("spark")
    pa.parquet.write_table(table(600, 0), folder / "train.parquet")
    (folder / "new").mkdir()
    parts = [table(ROWS, seed) for seed in range(1, FILES + 1)]
    for number, part in enumerate(parts):
        pa.parquet.write_table(part, folder / "new" / f"{number:02d}.parquet")
    pa.parquet.write_table(pa.concat_tables(parts), folder / "new.parquet")
    run("detector", "fit", folder / "train.parquet", "-o", folder / "m.detector", "--epochs", 3)
    run("detector", "export", folder / "m.detector", folder / "served")
    run("score", folder / "served", folder / "new.parquet", "-o", folder / "local.parquet")
    return folder


def run(*arguments):
    assert main([str(argument) for argument in arguments]) == 0


def same(folder, output):
    """Assert that every row is there once, with the bits of the local command."""
    local = pa.parquet.read_table(folder / "local.parquet").drop_columns("row")
    spark = pa.dataset.dataset(output, format="parquet").to_table().drop_columns("rejected")
    assert spark.num_rows == FILES * ROWS
    local, spark = (rows.sort_by("key") for rows in (local, spark))
    assert spark.column_names == local.column_names
    for name in local.column_names:
        assert spark.column(name).to_pylist() == local.column(name).to_pylist(), name


def test_the_same_rows_and_bits_as_the_local_command(folder, tmp_path, capfd):
    run(
        "score",
        folder / "served",
        folder / "new",
        "-o",
        tmp_path / "o",
        "--engine",
        "spark",
        "--master",
        "local[2]",
    )
    same(folder, tmp_path / "o")
    assert f"{FILES * ROWS} rows = {FILES * ROWS} scored + 0 rejected" in capfd.readouterr().out


def start(folder, output, master):
    tfvae = Path(sys.executable).with_name("tfvae")
    command = [tfvae, "score", folder / "served", folder / "new", "-o", output]
    command += ["--engine", "spark", "--master", master]
    return subprocess.Popen(
        list(map(str, command)), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def descendants(of, named):
    """Return the descendants of a process whose command line has a text."""
    parents, lines = {}, {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
                lines[int(entry.name)] = (entry / "cmdline").read_text()
            except OSError:
                continue

    def below(process):
        return process == of or (process in parents and below(parents[process]))

    return sorted(
        process for process in parents if process != of and named in lines[process] and below(process)
    )


def kill_one(process, named, fewest):
    """Wait until there are enough descendants, and kill the last."""
    end = time.monotonic() + 120
    while time.monotonic() < end and process.poll() is None:
        found = descendants(process.pid, named)
        if len(found) >= fewest:
            time.sleep(1)
            os.kill(found[-1], signal.SIGKILL)
            return
        time.sleep(0.05)
    raise AssertionError(f"no {named}: {process.communicate()[0]}")


@pytest.mark.parametrize(
    ("master", "named", "fewest"),
    [
        ("local[2]", "pyspark.daemon", 2),  # the daemon and a worker that it has forked
        ("local-cluster[2,1,1500]", "CoarseGrainedExecutorBackend", 2),
    ],
    ids=["worker", "executor"],
)
def test_a_killed_process_loses_and_repeats_no_row(folder, tmp_path, master, named, fewest):
    process = start(folder, tmp_path / "o", master)
    kill_one(process, named, fewest)
    printed = process.communicate(timeout=300)[0]
    assert process.returncode == 0, printed
    same(folder, tmp_path / "o")


def test_rows_that_cannot_be_read_are_kept_with_the_reason(folder, tmp_path):
    rows = table(20, 99)
    rows = rows.set_column(1, "size", pa.array([None] + [str(i) if i % 7 else "many" for i in range(1, 20)]))
    pa.parquet.write_table(rows, tmp_path / "odd.parquet")
    run("score", folder / "served", tmp_path / "odd.parquet", "-o", tmp_path / "l.parquet")
    run("score", folder / "served", tmp_path / "odd.parquet", "-o", tmp_path / "o", "--engine", "spark")
    local = pa.parquet.read_table(tmp_path / "l.parquet")
    spark = pa.dataset.dataset(tmp_path / "o", format="parquet").to_table()
    kept = spark.filter(pa.compute.is_null(spark.column("rejected")))
    assert spark.num_rows == 20
    assert kept.column("key").to_pylist() == local.column("key").to_pylist()
    assert kept.column("score").to_pylist() == local.column("score").to_pylist()


def loaded_libraries(batches):
    """Import the library as a worker does, and yield which large ones came with it."""
    import sys

    import tfvae.data.tables.raw_columns  # noqa: F401

    loaded = [name for name in ("keras", "tensorflow_probability", "tfvae.models") if name in sys.modules]
    for _ in batches:
        yield pa.record_batch({"loaded": [" ".join(loaded)]})


def test_workers_import_no_models():
    from tfvae.pipelines.scoring import score_spark

    with score_spark._session("local[1]") as spark:
        rows = spark.range(1).coalesce(1).mapInArrow(loaded_libraries, "loaded string").collect()
    assert [row.loaded for row in rows] == [""]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"model": "m.detector"}, "MODEL: expected the folder of an exported detector"),
        ({"data": "nothing"}, "DATA: expected a Parquet file or folder"),
        ({"output": "served"}, "--output: expected a folder that does not exist yet"),
        ({"master": "spork://x"}, "Spark cannot be started with --master spork://x"),
        ({"data": "wrong.parquet"}, "weight"),
    ],
)
def test_errors_are_one_line(folder, tmp_path, capfd, change, message):
    pa.parquet.write_table(table(5, 0).drop_columns("weight"), folder / "wrong.parquet")
    asked = {"model": "served", "data": "new.parquet", "master": "local[1]"} | change
    output = folder / asked["output"] if "output" in asked else tmp_path / "o"
    arguments = ["score", str(folder / asked["model"]), str(folder / asked["data"]), "-o", str(output)]
    assert main([*arguments, "--engine", "spark", "--master", asked["master"]]) in (1, 2)
    line = capfd.readouterr().err.strip().splitlines()[-1]
    assert line.startswith("tfvae: error:")
    assert message in line
    assert not (tmp_path / "o").exists()
