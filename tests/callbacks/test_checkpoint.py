"""Checkpoints during `fit`."""

import keras
import numpy as np
import pytest

import tfvae
from tfvae.callbacks import Checkpoint
from tfvae.core.errors import InvalidInput


def test_each_checkpoint_is_the_model_of_its_epoch_and_the_newest_are_kept(
    tmp_path, small_vae, flat, same_model
):
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


def test_the_older_checkpoint_stays_until_the_new_one_is_complete(tmp_path, small_vae, flat, monkeypatch):
    vae = small_vae()
    vae.fit(flat[:64], verbose=0, callbacks=[Checkpoint(tmp_path, keep=1)])

    def fails(*arguments):
        raise OSError("no space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("os.replace", fails)
        with pytest.raises(OSError, match="no space"):
            vae.fit(flat[:64], epochs=2, initial_epoch=1, verbose=0, callbacks=[Checkpoint(tmp_path, keep=1)])
    assert [epochs for epochs, _ in Checkpoint.saved(tmp_path)] == [1]


def test_files_with_other_names_are_left_alone(tmp_path, small_vae, flat):
    others = [
        tmp_path / name
        for name in ("epoch-x.keras", "epoch-.keras", "epoch-1.keras", "epoch-00001.keras.bak")
    ]
    for path in others:
        path.write_text("mine")
    small_vae().fit(flat[:64], epochs=2, verbose=0, callbacks=[Checkpoint(tmp_path, keep=1)])
    assert [epochs for epochs, _ in Checkpoint.saved(tmp_path)] == [2]
    assert {path.read_text() for path in others} == {"mine"}


def test_keeping_no_checkpoint_is_rejected(tmp_path):
    with pytest.raises(InvalidInput, match="keep"):
        Checkpoint(tmp_path, keep=0)
