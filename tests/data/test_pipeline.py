"""Mini-batches: every row once, reproducible after a resume, binarized, in bounded memory."""

import pathlib
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

import tfvae
from tfvae.core.errors import InvalidInput
from tfvae.data import Arrays, Pipeline, Split


def rows(batches):
    return np.concatenate([np.asarray(b["x"] if isinstance(b, dict) else b) for b in batches]).reshape(-1)


@pytest.mark.parametrize("pool_rows", [None, 700, 50])
def test_each_epoch_visits_each_row_once_in_another_order(source, pool_rows, numbered):
    pipeline = Pipeline(source, batch_size=64, drop_remainder=False, pool_rows=pool_rows)
    epochs = [rows(pipeline.batches()) for _ in range(3)]
    for epoch in epochs:
        np.testing.assert_array_equal(np.sort(epoch), numbered.reshape(-1))
    assert not (epochs[0] == epochs[1]).all()
    assert not (epochs[1] == epochs[2]).all()
    assert pipeline.epoch == 3


def test_split_is_the_same_in_every_format(source):
    split = Split(validation=0.2, seed=4)
    mask = split.validation(0, 5000)
    parts = {}
    for part, shuffle in ((split.train, True), (split.train, False), (split.validation, False)):
        pipeline = Pipeline(
            source, batch_size=32, split=part, shuffle=shuffle, drop_remainder=False, pool_rows=999
        )
        parts[shuffle, part.__name__] = rows(pipeline.batches())
        if pipeline.num_rows is not None:
            assert pipeline.num_rows == len(parts[shuffle, part.__name__])
    np.testing.assert_array_equal(parts[False, "validation"], np.flatnonzero(mask))
    np.testing.assert_array_equal(parts[False, "train"], np.flatnonzero(~mask))
    np.testing.assert_array_equal(np.sort(parts[True, "train"]), np.flatnonzero(~mask))


def test_resumed_run_sees_the_same_batches(source):
    def pipeline():
        return Pipeline(source, batch_size=100, seed=9, pool_rows=1500)

    straight = pipeline()
    for _ in range(3):
        list(straight.batches())
    resumed = pipeline()
    resumed.epoch = 3
    for a, b in zip(straight.batches(), resumed.batches(), strict=True):
        np.testing.assert_array_equal(a, b)
    other = Pipeline(source, batch_size=100, seed=10, pool_rows=1500)
    other.epoch = 3
    assert not np.array_equal(rows(other.batches()), rows(resumed.batches()))


def test_pool_moves_rows_far_while_it_holds_few(numbered):
    stream = tfvae.data.sources.shards.Shards("stream", [Arrays(numbered)])
    stream.layout = type(stream.layout)((1,), np.dtype("float32"), None)  # of unknown length
    order = rows(Pipeline(stream, batch_size=10, pool_rows=500, drop_remainder=False).batches())
    moved = np.abs(order - np.arange(len(order)))
    assert moved.mean() > 100
    assert order[:250].max() < 500  # nothing beyond the pool was read to give the first half


def test_order_of_a_mapped_file_comes_from_all_over_it(numbered, tmp_path):
    np.save(tmp_path / "t.npy", numbered)
    first = next(Pipeline(tfvae.data.source(tmp_path), batch_size=100, pool_rows=640).batches())
    assert first.max() - first.min() > 4000


@pytest.mark.parametrize(
    ("size", "drop", "expected"),
    [(250, None, [100, 100]), (250, False, [100, 100, 50]), (200, False, [100, 100]), (40, None, [40])],
)
def test_last_batch(size, drop, expected, numbered):
    pipeline = Pipeline(Arrays(numbered[:size]), batch_size=100, drop_remainder=drop)
    assert [len(batch) for batch in pipeline.batches()] == expected
    assert pipeline.num_batches == len(expected)
    assert int(pipeline.dataset().cardinality()) == len(expected)
    validation = Pipeline(Arrays(numbered[:size]), batch_size=100, shuffle=False)
    assert len(rows(validation.batches())) == size


def test_last_batch_of_a_stream(numbered, tmp_path):
    np.savetxt(tmp_path / "t.csv", numbered[:130], header="a", comments="")
    pipeline = Pipeline(tfvae.data.source(tmp_path), batch_size=100)
    assert pipeline.num_batches is None
    assert int(pipeline.dataset().cardinality()) == tf.data.UNKNOWN_CARDINALITY
    assert [len(batch) for batch in pipeline.batches()] == [100]
    assert [len(b) for b in Pipeline(tfvae.data.source(tmp_path), batch_size=200).batches()] == [130]


def test_counting_a_stream_makes_its_length_known(numbered, tmp_path):
    for i, part in enumerate(np.array_split(numbered, 3)):
        np.savetxt(tmp_path / f"{i}.csv", part, header="a", comments="")
    for source in (tfvae.data.source(tmp_path / "0.csv"), tfvae.data.source(tmp_path)):
        pipeline = Pipeline(source, batch_size=100, split=Split(0.3).train)
        assert (source.size, pipeline.num_rows) == (None, None)
        expected = len(numbered) if source.name == str(tmp_path) else 1667
        assert source.count() == source.size == expected
        assert pipeline.num_rows == Split(0.3).train(0, expected).sum()
        assert len(rows(pipeline.batches())) == 100 * pipeline.num_batches


def test_binarization_draws_each_pixel_with_its_probability():
    x = np.broadcast_to(np.linspace(0, 1, 11, dtype=np.float32), (20_000, 11))
    pipeline = Pipeline(Arrays(x), batch_size=1000, binarize=True)
    drawn = np.concatenate(list(pipeline.batches()))
    assert drawn.dtype == np.float32
    assert set(np.unique(drawn)) == {0.0, 1.0}
    p = x[0]
    np.testing.assert_array_less(np.abs(drawn.mean(axis=0) - p), 5 * np.sqrt(p * (1 - p) / len(x)) + 1e-9)
    np.testing.assert_array_equal(drawn[:, 0], 0)
    np.testing.assert_array_equal(drawn[:, -1], 1)
    neighbors = np.corrcoef(drawn[:-1, 5], drawn[1:, 5])[0, 1]
    assert abs(neighbors) < 0.05


def test_binarization_is_new_in_training_and_fixed_in_validation():
    source = tfvae.data.source("sklearn:digits")
    train = Pipeline(source, batch_size=1797, binarize=True, seed=1)
    valid = Pipeline(source, batch_size=100, binarize=True, seed=1, shuffle=False)
    a, b, again = next(train.batches()), next(train.batches()), None
    train.epoch = 0
    again = next(train.batches())
    np.testing.assert_array_equal(a, again)
    assert a.mean() != b.mean()
    passes = [np.concatenate(list(valid.batches())) for _ in range(2)]
    np.testing.assert_array_equal(*passes)
    valid.epoch = 7
    np.testing.assert_array_equal(np.concatenate(list(valid.batches())), passes[0])


@pytest.mark.parametrize("value", [1.5, -0.1, np.nan, np.inf])
def test_binarization_rejects_other_values(value):
    x = np.full((10, 2), 0.5)
    x[7, 1] = value
    with pytest.raises(InvalidInput, match=r"binarize: expected values in \[0, 1\]"):
        list(Pipeline(Arrays(x), batch_size=3, binarize=True).batches())


def test_nan_passes_without_binarization():
    x = np.float32([[np.nan, 1], [np.inf, 2]])
    np.testing.assert_array_equal(
        rows(Pipeline(Arrays(x), batch_size=2, shuffle=False).batches()), x.reshape(-1)
    )


def test_transform_comes_before_binarization():
    x = np.full((4, 2), 10.0)
    pipeline = Pipeline(Arrays(x), batch_size=4, transform=lambda x: x / 10, binarize=True)
    np.testing.assert_array_equal(next(pipeline.batches()), np.ones((4, 2)))
    with pytest.raises(InvalidInput, match="transform"):
        list(Pipeline(Arrays(x), batch_size=4, transform=lambda x: x[:, :1]).batches())


def test_labels_stay_with_their_rows(numbered):
    source = Arrays(numbered, label=np.arange(5000) * 2)
    for pool in (None, 300):
        for batch in Pipeline(source, batch_size=64, with_labels=True, pool_rows=pool).batches():
            np.testing.assert_array_equal(batch["label"], 2 * batch["x"][:, 0])
    with pytest.raises(InvalidInput, match="with_labels"):
        Pipeline(Arrays(numbered), batch_size=2, with_labels=True)


def test_labels_stay_with_their_images_in_a_pool(tmp_path):
    for label in range(3):
        (tmp_path / str(label)).mkdir()
        for i in range(10):
            Image.new("L", (2, 2), label * 100).save(tmp_path / str(label) / f"{i}.png")
    pipeline = Pipeline(tfvae.data.source(tmp_path), batch_size=4, with_labels=True, pool_rows=8)
    for batch in pipeline.batches():
        np.testing.assert_array_equal(batch["label"] * 100, np.round(batch["x"][:, 0, 0, 0] * 255))


def test_part_without_rows(numbered):
    for shuffle in (True, False):
        pipeline = Pipeline(
            Arrays(numbered), 2, split=lambda first, count: np.zeros(count, bool), shuffle=shuffle
        )
        assert pipeline.num_batches == 0
        with pytest.raises(InvalidInput, match="split"):
            list(pipeline.batches())


def test_arguments_out_of_range_are_rejected(numbered):
    for arguments in ({"batch_size": 0}, {"batch_size": 1, "pool_rows": 0}, {"batch_size": 1, "seed": -1}):
        with pytest.raises(InvalidInput):
            Pipeline(Arrays(numbered), **arguments)


def peak_growth(code):
    """Growth of the peak memory of a process of its own while it runs the code, in MiB."""
    script = (
        "import pathlib, numpy as np, tfvae.data\n"
        "status = pathlib.Path('/proc/self/status')\n"
        "def peak(): return int(status.read_text().split('VmHWM:')[1].split()[0])\n"
        f"before = peak()\n{code}\nprint((peak() - before) / 1024)"
    )
    root = pathlib.Path(tfvae.__file__).parents[1]
    done = subprocess.run(
        [sys.executable, "-c", script], check=True, cwd=root, capture_output=True, text=True
    )
    return float(done.stdout)


@pytest.mark.skipif(
    not pathlib.Path("/proc/self/status").exists(), reason="memory is measured as Linux tells it"
)
@pytest.mark.slow
def test_memory_is_bounded_by_the_pool_and_not_by_the_file(tmp_path):
    path = tmp_path / "big.npy"
    big = np.lib.format.open_memmap(path, "w+", np.float32, (400_000, 128))  # 195 MiB
    big[::1000] = 1
    del big
    assert peak_growth(f"np.load({str(path)!r})") > 190  # the measurement works
    assert peak_growth(f"for chunk in tfvae.data.source({str(path)!r}).chunks(): pass") < 40
    mixing = (
        f"p = tfvae.data.Pipeline(tfvae.data.source({str(path)!r}), 128, pool_rows=65536)\n"
        "for batch in p.batches(): pass"
    )
    assert 32 < peak_growth(mixing) < 32 + 50  # the pool is 32 MiB


def test_a_source_can_be_read_repeatedly(source, numbered, everything_of):
    np.testing.assert_array_equal(everything_of(source)[0], everything_of(source, 999)[0])
    np.testing.assert_array_equal(everything_of(source)[0], numbered)
