"""Lines of JSON during `fit`, and after a resume."""

import json

import pytest

from tfvae.callbacks import JsonLines


def test_lines_are_the_history(tmp_path, small_vae, flat):
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
def test_lines_of_repeated_epochs_are_deleted(tmp_path, torn):
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
