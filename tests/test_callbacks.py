"""Callbacks in a fit of one's own."""

import json

import keras
import numpy as np
import pytest

import tfvae
from tfvae.callbacks import Checkpoint, JsonLines, SetEpoch, StopIfNotFinite
from tfvae.core.errors import InvalidInput


@pytest.fixture
def pipeline():
    x = np.arange(40, dtype="float32").reshape(20, 2) / 40
    return tfvae.data.Pipeline(tfvae.data.Arrays(x), batch_size=5)


def test_checkpoints_hold_their_epochs_model_and_the_oldest_go(tmp_path, small_vae, flat, same_model):
    vae, states = small_vae(), []
    vae.compile()
    keep = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: states.append(vae.get_weights()))
    unfinished = tmp_path / ".epoch-00009.keras.x1y2"
    unfinished.mkdir()
    vae.fit(flat[:64], epochs=4, verbose=0, callbacks=[keep, Checkpoint(tmp_path, keep=3)])
    saved = Checkpoint.saved(tmp_path)
    assert [epochs for epochs, _ in saved] == [4, 3, 2]
    assert not unfinished.exists()
    for epochs, path in saved:
        loaded = tfvae.models.load(path).get_weights()
        assert all(np.array_equal(*pair) for pair in zip(loaded, states[epochs - 1], strict=True))
    same_model(tfvae.models.load(saved[0][1]), vae)


def test_the_older_checkpoint_stays_until_the_new_one_is_whole(tmp_path, small_vae, flat, monkeypatch):
    vae = small_vae()
    vae.fit(flat[:64], verbose=0, callbacks=[Checkpoint(tmp_path, keep=1)])

    def fails(*arguments):
        raise OSError("no space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("os.replace", fails)
        with pytest.raises(OSError, match="no space"):
            vae.fit(flat[:64], epochs=2, initial_epoch=1, verbose=0, callbacks=[Checkpoint(tmp_path, keep=1)])
    assert [epochs for epochs, _ in Checkpoint.saved(tmp_path)] == [1]


def test_no_checkpoint_to_keep_is_refused(tmp_path):
    with pytest.raises(InvalidInput, match="keep"):
        Checkpoint(tmp_path, keep=0)


def test_json_lines_are_the_history(tmp_path, small_vae, flat):
    vae = small_vae()
    history = vae.fit(
        flat[:64],
        epochs=3,
        validation_data=(flat[64:96],),
        verbose=0,
        callbacks=[JsonLines(tmp_path / "new" / "m.jsonl")],
    ).history
    lines = [json.loads(line) for line in (tmp_path / "new" / "m.jsonl").read_text().splitlines()]
    assert [line.pop("epoch") for line in lines] == [1, 2, 3]
    assert all(line.pop("seconds") >= 0 for line in lines)
    assert {name: [line[name] for line in lines] for name in lines[0]} == history


@pytest.mark.parametrize("torn", ["", '{"epoch": 4, "lo', "\0\0\0"])
def test_json_lines_of_repeated_epochs_are_dropped(tmp_path, torn):
    path = tmp_path / "m.jsonl"
    path.write_text("".join(f'{{"epoch": {epoch}, "loss": 0.0}}\n' for epoch in (1, 2, 3)) + torn)
    lines = JsonLines(path)
    lines.on_train_begin()
    for epoch in (2, 3):
        lines.on_epoch_begin(epoch)
        lines.on_epoch_end(epoch, {"loss": 1.0})
    assert [(line["epoch"], line["loss"]) for line in JsonLines.read(path)] == [
        (1, 0),
        (2, 0),
        (3, 1),
        (4, 1),
    ]


@pytest.mark.parametrize("steps_per_execution", [1, 3])
def test_the_order_of_each_epoch_is_its_own(pipeline, small_vae, steps_per_execution):
    """Keras begins a pass at the end of each epoch that it never reads; it must not count."""
    vae = small_vae(size=2)
    vae.compile(steps_per_execution=steps_per_execution)
    begun = []
    original = pipeline._pass
    pipeline._pass = lambda epoch: begun.append(epoch) or original(epoch)
    vae.fit(pipeline.dataset(), epochs=5, initial_epoch=2, verbose=0, callbacks=[SetEpoch(pipeline)])
    assert begun == [2, 3, 4]


def test_a_loss_that_is_no_number_ends_training():
    stop = StopIfNotFinite()
    stop.on_epoch_end(0, {"loss": 1.0})
    for loss in (float("nan"), float("inf")):
        with pytest.raises(FloatingPointError, match="epoch 2"):
            stop.on_epoch_end(1, {"loss": loss})
