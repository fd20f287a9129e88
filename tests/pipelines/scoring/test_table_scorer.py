"""A detector's columns for Arrow batches: the same bits in any batches, and without Keras."""

import json
import os
import shutil
import subprocess
import sys

import pyarrow as pa
import pyarrow.parquet
import pytest

from tfvae.pipelines.scoring import table_scorer
from tfvae.pipelines.scoring.detector_description import read_description

LAZY = {**os.environ, "TFVAE_LAZY_IMPORT": "1"}


@pytest.mark.parametrize("rows", [1, 37, 300])
def test_a_row_has_the_same_score_in_any_batch(folder, detector, scores, rows):
    batches = (
        pa.parquet.read_table(folder / "new.parquet").slice(0, 111 if rows == 1 else 300).to_batches(rows)
    )
    found = pa.Table.from_batches(map(detector.scorer.score, batches))
    assert found["rejected"].null_count == len(found)
    for name in scores.column_names[1:]:
        assert found[name].combine_chunks().equals(scores[name].combine_chunks().slice(0, len(found)))


def test_batches_keep_the_rows_that_cannot_be_read(detector, orders):
    batch = (
        orders(4, 1)
        .set_column(4, "weight", pa.array(["1.0", "heavy", "", "2"]))
        .combine_chunks()
        .to_batches()[0]
    )
    found = detector.scorer.score(batch)
    assert found.column("order").equals(batch.column("order"))
    reason = "column 'weight': expected a number, found 'heavy'"
    assert found.column("rejected").to_pylist() == [None, reason, None, None]
    assert [score is None for score in found.column("score").to_pylist()] == [False, True, False, False]
    found = detector.scorer.score(batch.slice(1, 1))
    assert found.column("feature_1").to_pylist() == [None]


def test_an_export_is_scored_without_keras(folder, tmp_path):
    """In a process of its own, in which Keras and TensorFlow Probability cannot be imported."""
    code = (
        "import sys; absent = ('keras', 'tf_keras', 'tensorflow_probability');"
        "sys.modules |= dict.fromkeys(absent);"
        "import pyarrow.parquet as pq; from tfvae.pipelines.scoring import table_scorer;"
        f"batches = pq.read_table({str(folder / 'new.parquet')!r}).to_batches();"
        f"found = list(map(table_scorer.load({str(folder / 'served')!r}).score, batches));"
        "assert sum(map(len, found)) == 300"
    )
    subprocess.run([sys.executable, "-c", code], check=True, env=LAZY)


POOL = """
import functools, multiprocessing, sys
from concurrent.futures import ProcessPoolExecutor
import pyarrow as pa, pyarrow.parquet
from tfvae.pipelines.scoring import table_scorer

@functools.cache
def scorer(path):
    return table_scorer.load(path)

def score(path, batch):
    return scorer(path).score(batch)

if __name__ == "__main__":
    path, data, output = sys.argv[1:]
    batches = pa.parquet.read_table(data).to_batches(max_chunksize=70)
    with ProcessPoolExecutor(2, multiprocessing.get_context("spawn")) as pool:
        parts = pool.map(functools.partial(score, path), batches)
        pa.parquet.write_table(pa.Table.from_batches(parts), output)
"""


@pytest.mark.slow
def test_a_pool_of_processes_gives_the_same_scores(folder, scores, tmp_path):
    """The lines in the documentation of `table_scorer`, in a script of their own."""
    (tmp_path / "pool.py").write_text(POOL)
    arguments = [tmp_path / "pool.py", folder / "served", folder / "new.parquet", tmp_path / "o.parquet"]
    subprocess.run([sys.executable, *map(str, arguments)], check=True, env=LAZY)
    found = pa.parquet.read_table(tmp_path / "o.parquet")
    for name in scores.column_names[1:]:
        assert found[name].combine_chunks().equals(scores[name].combine_chunks())


def test_folders_without_an_export_are_named(tmp_path):
    for message in ("there is no such folder", "it holds no saved_model.pb"):
        with pytest.raises(OSError, match=message):
            table_scorer.load(tmp_path / "m")
        (tmp_path / "m").mkdir(exist_ok=True)


@pytest.mark.parametrize("key", ["schema", "inputs", "features", "training", "threshold", "scores", "above"])
def test_a_description_changed_by_hand_is_named(folder, tmp_path, key):
    path = shutil.copytree(folder / "served", tmp_path / "m") / "1" / "assets.extra" / "table.json"
    values = json.loads(path.read_text())
    for damage in (None, {}, [], "x", [None], [[]], {"columns": [1]}, float("nan"), ...):
        damaged = {name: value for name, value in values.items() if name != key or damage is not ...}
        if damage is not ...:
            damaged[key] = damage
        path.write_text(json.dumps(damaged))
        with pytest.raises(OSError, match=r"m/1: expected .* no readable assets.extra/table.json$"):
            read_description(tmp_path / "m" / "1")
