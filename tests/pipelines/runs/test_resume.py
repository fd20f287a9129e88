"""A run that is interrupted anywhere, any number of times, ends like an uninterrupted one."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from tfvae.callbacks import Checkpoint
from tfvae.core.errors import InvalidInput
from tfvae.models import LatentModel
from tfvae.pipelines.runs import train
from tfvae.pipelines.runs.run import Run
from tfvae.pipelines.runs.training_lock import training_lock
from tfvae.pipelines.runs.training_options import TrainingOptions


class Stop(Exception):
    """Ends training at a chosen moment."""


def _without_seconds(run):
    return [{name: value for name, value in line.items() if name != "seconds"} for line in run.metrics()]


@pytest.fixture(scope="module")
def columns(tmp_path_factory):
    path = tmp_path_factory.mktemp("data") / "columns.npy"
    np.save(path, np.random.default_rng(0).normal(3.0, 2.0, (400, 6)).astype("float32"))
    return str(path)


_RECIPE = ("annealed_vae", {"latent_dim": 2, "warmup_steps": 9})
_TRAINING = TrainingOptions(epochs=4, batch_size=100, steps_per_execution=2, seed=3)


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory, columns):
    return train.start(tmp_path_factory.mktemp("runs") / "whole", *_RECIPE, columns, _TRAINING)


def _stopping(monkeypatch, calls, owner, method, after):
    """Make the n-th call of a method end training, before or after it does its work."""
    original = getattr(owner, method)
    count = iter(range(1, 1000))

    def stopping(*arguments, **options):
        now = next(count) in calls
        if after or not now:
            result = original(*arguments, **options)
        if now:
            raise Stop
        return result

    monkeypatch.setattr(owner, method, stopping)


@pytest.mark.parametrize(
    ("calls", "owner", "method", "after"),
    [
        ((1,), Checkpoint, "on_epoch_end", False),  # one epoch done, no checkpoint, one line of metrics
        ((2, 4), Checkpoint, "on_epoch_end", True),  # twice, right after a checkpoint
        ((3,), Checkpoint, "on_epoch_end", False),  # a line of metrics too many
        ((5,), LatentModel, "save", False),  # after the last epoch, before model.keras
    ],
)
def test_a_stopped_run_ends_with_the_same_bits(
    tmp_path, monkeypatch, columns, uninterrupted, same_model, calls, owner, method, after
):
    """In one process: a fit that ends early stands in for a kill."""
    path = tmp_path / "run"
    with monkeypatch.context() as patch:
        _stopping(patch, calls, owner, method, after)
        with pytest.raises(Stop):
            train.start(path, *_RECIPE, columns, _TRAINING)
        for _ in calls[1:]:
            with pytest.raises(Stop):
                train.resume(path)
    assert not Run.open(path).finished
    run = train.resume(path)
    same_model(run.model(), uninterrupted.model())
    assert _without_seconds(run) == _without_seconds(uninterrupted)


def test_a_finished_run_is_unchanged(uninterrupted):
    before = (uninterrupted.path / "model.keras").stat().st_mtime_ns
    train.resume(uninterrupted.path)
    assert (uninterrupted.path / "model.keras").stat().st_mtime_ns == before


def test_a_damaged_checkpoint_is_replaced_by_the_one_before(
    tmp_path, monkeypatch, columns, uninterrupted, same_model, capsys
):
    path = tmp_path / "run"
    with monkeypatch.context() as patch:
        _stopping(patch, (3,), Checkpoint, "on_epoch_end", True)
        with pytest.raises(Stop):
            train.start(path, *_RECIPE, columns, _TRAINING)
    newest = path / "checkpoints" / "epoch-00003.keras"
    newest.write_bytes(newest.read_bytes()[:5000])
    same_model(train.resume(path).model(), uninterrupted.model())
    assert "epoch-00003.keras" in capsys.readouterr().err


def test_a_run_in_training_is_locked(tmp_path, monkeypatch, columns):
    with monkeypatch.context() as patch:
        _stopping(patch, (1,), Checkpoint, "on_epoch_end", True)
        with pytest.raises(Stop):
            train.start(tmp_path / "run", *_RECIPE, columns, _TRAINING)
    with training_lock(Run.open(tmp_path / "run")), pytest.raises(InvalidInput, match="being trained"):
        train.resume(tmp_path / "run")


def test_changed_data_is_rejected(tmp_path, monkeypatch, columns):
    with monkeypatch.context() as patch:
        _stopping(patch, (1,), Checkpoint, "on_epoch_end", True)
        with pytest.raises(Stop):
            train.start(tmp_path / "run", *_RECIPE, columns, _TRAINING)
    saved = np.load(columns)
    np.save(columns, saved[:-1])
    try:
        with pytest.raises(InvalidInput, match="size 400, as before, received 399"):
            train.resume(tmp_path / "run")
    finally:
        np.save(columns, saved)


# Moments at which to kill, recognized by the files in the run's folder; `done` is the number of epochs with a
# checkpoint when the process started.


def _configured(path, done):
    return (path / "config.json").exists()


def _first_line(path, done):
    return (path / "metrics.jsonl").exists() and (path / "metrics.jsonl").stat().st_size > 0


def _checkpoint_started(path, done):
    return any((path / "checkpoints").glob(f".epoch-{done + 1:05d}.*"))


def _checkpoint_written(path, done):
    return _epochs(path) > done


def _some_time_in_training(path, done):
    return _epochs(path) > done and random.random() < 0.002


def _last_checkpoint(path, done):
    return _epochs(path) == _EPOCHS


def _model_started(path, done):
    return any(path.glob(".model.keras.*"))


_EPOCHS = 25
_MOMENTS = [
    _configured,
    _first_line,
    _checkpoint_started,
    _checkpoint_written,
    _checkpoint_started,
    _some_time_in_training,
    _some_time_in_training,
    _some_time_in_training,
    _last_checkpoint,
    _model_started,
]
_SETTINGS = [
    ["vae", "--data", "sklearn:digits", "--binarize", "--latent-dim", "4"],
    ["annealed_vae", "--data", "sklearn:breast_cancer", "--replicas", "2", "--steps-per-execution", "3"],
]


def _started(log, *arguments):
    command = [Path(sys.executable).with_name("tfvae"), "train", *map(str, arguments)]
    with log.open("ab") as output:
        return subprocess.Popen(command, stdout=output, stderr=output)


def _epochs(path):
    return max((done for done, _ in Checkpoint.saved(path / "checkpoints")), default=0)


def _killed(process, path, moment):
    """Kill the process at a moment; return whether it was still running."""
    done = _epochs(path)
    while process.poll() is None:
        if moment(path, done):
            os.kill(process.pid, signal.SIGKILL)
            process.wait()
            return True
        time.sleep(0.0005)
    return False


@pytest.mark.slow
@pytest.mark.parametrize("setting", _SETTINGS)
def test_ten_kills(tmp_path, setting, same_model):
    """With kill -9 of real processes; ten starts of TensorFlow take minutes."""
    options = [*setting, "--epochs", _EPOCHS, "--validation", "0.1"]
    log = tmp_path / "log"
    assert _started(log, *options, "--run", tmp_path / "whole").wait() == 0, log.read_text()
    path, kills = tmp_path / "killed", 0
    process = _started(log, *options, "--run", path)
    for moment in _MOMENTS:
        kills += _killed(process, path, moment)
        process = _started(log, "--resume", path)
    assert process.wait() == 0, log.read_text()
    assert kills == len(_MOMENTS)
    run, reference = Run.open(path), Run.open(tmp_path / "whole")
    same_model(run.model(), reference.model())
    assert _without_seconds(run) == _without_seconds(reference)
    assert not [entry.name for entry in path.rglob(".*")]
    assert [done for done, _ in Checkpoint.saved(path / "checkpoints")] == [_EPOCHS, _EPOCHS - 1]
