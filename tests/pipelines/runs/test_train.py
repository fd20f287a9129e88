"""What training writes to the folder of a run."""

import json

import keras
import numpy as np
import pytest
import tensorflow as tf
from tensorboard.backend.event_processing.event_file_loader import EventFileLoader

import tfvae
from tfvae.callbacks import Checkpoint, SetEpoch
from tfvae.core.errors import InvalidInput, UnwritableFile
from tfvae.pipelines.failures import UsageError
from tfvae.pipelines.runs import train
from tfvae.pipelines.runs.run import Run
from tfvae.pipelines.runs.training_options import TrainingOptions


def test_training_fills_the_folder(image_run, table_run):
    for run in (image_run, table_run):
        names = {path.name for path in run.path.iterdir()}
        assert {"config.json", "model.keras", "checkpoints", "metrics.jsonl", "tensorboard"} <= names
        assert not [name for name in names if name.startswith(".")]
        lines = run.metrics()
        assert [line["epoch"] for line in lines] == [1, 2]
        assert set(lines[0]) >= {"seconds", "loss", "distortion", "rate", "elbo", "val_loss", "val_elbo"}
        assert lines[1]["loss"] < lines[0]["loss"]
        assert run.config["versions"]["tfvae"] == tfvae.__version__
        for part in ("train", "validation"):
            assert len(list((run.path / "tensorboard" / part).iterdir())) == 1
    assert image_run.config["options"] == {"latent_dim": 2}
    assert image_run.config["training"]["epochs"] == 2
    assert image_run.preprocessing() is None


def test_tensorboard_holds_each_epochs_metrics(table_run):
    """Also with several steps per execution."""
    (events,) = (table_run.path / "tensorboard" / "train").iterdir()
    values = [
        (value.tag, event.step, float(tf.make_ndarray(value.tensor)))
        for event in EventFileLoader(str(events)).Load()
        for value in event.summary.value
        if value.tag == "epoch_loss"
    ]
    expected = [("epoch_loss", line["epoch"] - 1, line["loss"]) for line in table_run.metrics()]
    assert [value[:2] for value in values] == [value[:2] for value in expected]
    np.testing.assert_allclose([value[2] for value in values], [value[2] for value in expected], rtol=1e-6)


def test_tables_are_standardized_by_their_training_rows(table_run):
    rows = table_run.source()
    x = np.concatenate([chunk["x"] for chunk in rows.chunks()])
    training = x[table_run.split.train(0, len(x))]
    layer = table_run.preprocessing()
    np.testing.assert_allclose(layer.offset, training.mean(axis=0), rtol=1e-5)
    np.testing.assert_allclose(layer.scale, training.std(axis=0), rtol=1e-4)
    seen = np.concatenate(list(table_run.pipeline(rows, 50, table_run.split.train).batches()))
    np.testing.assert_allclose(seen.mean(axis=0), 0, atol=1e-5)
    assert json.loads((table_run.path / "preprocessing.json").read_text())["offset"] == layer.offset


def test_a_table_for_a_bounded_likelihood_is_not_standardized(tmp_path):
    path = tmp_path / "bits.npy"
    np.save(path, np.random.default_rng(0).integers(0, 2, (64, 5)).astype("float32"))
    options = {"latent_dim": 2, "likelihood": "Bernoulli"}
    training = TrainingOptions(epochs=1, batch_size=32, validation=0)
    run = train.start(tmp_path / "run", "vae", options, str(path), training)
    assert run.preprocessing() is None
    assert "val_loss" not in run.metrics()[0]


def test_a_relative_path_is_found_from_any_folder(tmp_path, monkeypatch, table_run, table):
    monkeypatch.chdir(table.parent)
    for name in ("table.csv", "*.csv"):
        absolute = train._absolute_name(name, tfvae.data.source(name))
        monkeypatch.chdir(tmp_path)
        assert tfvae.data.source(absolute).shape == (4,)
        monkeypatch.chdir(table.parent)
    assert train._absolute_name("sklearn:iris", tfvae.data.source("sklearn:iris")) == "sklearn:iris"


def test_training_that_ends_in_nan_says_so_in_its_folder_and_keeps_the_last_good_checkpoint(
    tmp_path, table, monkeypatch
):
    path, begin = tmp_path / "run", SetEpoch.on_epoch_begin

    def explode(self, epoch, logs=None):
        begin(self, epoch, logs)
        self.model.optimizer.learning_rate = 1e-3 if epoch < 2 else 1e38

    monkeypatch.setattr(SetEpoch, "on_epoch_begin", explode)
    with pytest.raises(FloatingPointError, match="of epoch 3"):
        train.start(path, "vae", {"latent_dim": 2}, str(table), TrainingOptions(epochs=4, batch_size=32))
    run = Run.open(path)
    assert "by step" in run.failure
    assert not run.finished
    [(epochs, newest), _] = Checkpoint.saved(path / "checkpoints")
    assert epochs == len(run.metrics()) == 2
    assert all(np.isfinite(weight).all() for weight in tfvae.models.load(newest).get_weights())
    monkeypatch.undo()
    assert train.resume(path).failure is None
    assert train.start(path, "vae", {"latent_dim": 2}, str(table), overwrite=True).failure is None


def test_only_a_run_is_replaced(tmp_path, table):
    path = tmp_path / "run"
    training = TrainingOptions(epochs=1, batch_size=100)
    train.start(path, "vae", {"latent_dim": 2}, str(table), training)
    (path / "mine.txt").write_text("mine")
    before = sorted(path.rglob("*"))
    with pytest.raises(InvalidInput, match=r"a folder of a run alone, .* holds mine.txt"):
        train.start(path, "vae", {"latent_dim": 3}, str(table), training, overwrite=True)
    assert sorted(path.rglob("*")) == before
    (path / "mine.txt").unlink()
    run = train.start(path, "vae", {"latent_dim": 3}, str(table), training, overwrite=True)
    assert run.config["options"] == {"latent_dim": 3}
    assert len(list((path / "tensorboard" / "train").iterdir())) == 1


def test_a_policy_of_float16_alone_is_rejected(tmp_path, table):
    keras.config.set_dtype_policy("float16")
    try:
        with pytest.raises(UsageError, match="dtype policy: expected .* mixed_float16 .* received float16"):
            train.start(tmp_path / "run", "vae", {"latent_dim": 2}, str(table))
    finally:
        keras.config.set_dtype_policy("float32")
    assert not (tmp_path / "run").exists()


def test_records_that_cannot_be_written_are_one_line(tmp_path, table, monkeypatch):
    def full(*arguments):
        raise tf.errors.UnknownError(None, None, "/run; No space left on device\n\tFailed to flush")

    monkeypatch.setattr(keras.callbacks.TensorBoard, "on_epoch_end", full)
    with pytest.raises(
        UnwritableFile, match=r"tensorboard: it cannot be written \(.*No space left.* flush\)"
    ):
        train.start(tmp_path / "run", "vae", {"latent_dim": 2}, str(table))


@pytest.mark.slow
def test_a_log_gets_one_line_an_epoch(tmp_path, table, capfd):
    """The standard output of a test is no terminal."""
    training = TrainingOptions(epochs=3, batch_size=50)
    train.start(tmp_path / "run", "vae", {"latent_dim": 2}, str(table), training)
    output = capfd.readouterr().out
    assert output.count("Epoch ") == 3
    assert output.count("\n") <= 6
    assert "\x1b" not in output
    assert "\x08" not in output
    train.start(tmp_path / "quiet", "vae", {"latent_dim": 2}, str(table), training, progress=0)
    assert capfd.readouterr().out == ""
