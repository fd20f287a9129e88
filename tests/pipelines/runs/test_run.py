"""The folder of a run: made, opened, refused."""

import json

import numpy as np
import pytest
import tensorflow as tf

import tfvae
from tfvae.core.errors import InvalidInput, UnreadableFile
from tfvae.pipelines.runs.run import Run, versions

CONFIG = {
    "recipe": "vae",
    "options": {},
    "data": "sklearn:iris",
    "shape": [4],
    "size": 150,
    "training": {"validation": 0.2, "seed": 5, "binarize": False},
}


def test_what_create_writes_open_reads(tmp_path):
    Run.create(tmp_path / "deep" / "run", CONFIG)
    run = Run.open(tmp_path / "deep" / "run")
    assert run.config == CONFIG | {"versions": versions()}
    assert not run.finished
    assert run.metrics() == []
    assert run.preprocessing() is None
    assert run.evaluation() is None


def test_a_kill_before_the_configuration_leaves_a_folder_that_can_be_used(tmp_path):
    (tmp_path / ".config.json.abc123").mkdir()
    assert Run.create(tmp_path, CONFIG).config["size"] == 150


def test_used_folders_are_refused(tmp_path):
    Run.create(tmp_path / "run", CONFIG)
    with pytest.raises(InvalidInput, match="--resume"):
        Run.create(tmp_path / "run", CONFIG)
    with pytest.raises(InvalidInput, match="holds run"):
        Run.create(tmp_path, CONFIG)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("{", "JSON"),
        ("[1]", "list"),
        ('{"recipe": "vae"}', "options is missing"),
        (b"\xff\xfe\x00", "JSON"),
    ],
)
def test_damaged_configurations_are_refused_by_path(tmp_path, content, reason):
    path = tmp_path / "config.json"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(UnreadableFile, match=reason) as caught:
        Run.open(tmp_path)
    assert str(path) in str(caught.value)


def test_a_run_without_its_model_is_refused_by_path(tmp_path):
    run = Run.create(tmp_path, CONFIG)
    with pytest.raises(UnreadableFile, match=r"model\.keras"):
        run.model()


def test_the_split_is_a_function_of_the_configuration(tmp_path):
    split = Run.create(tmp_path, CONFIG).split
    assert (split.fraction, split.seed) == (0.2, 5)


def test_rows_of_another_shape_are_refused(tmp_path):
    run = Run.create(tmp_path, CONFIG)
    with pytest.raises(InvalidInput, match=r"shape \(4,\)"):
        run.pipeline(tfvae.data.Arrays(np.zeros((3, 5))), 2)


def test_a_source_that_changed_is_refused(tmp_path):
    with pytest.raises(InvalidInput, match="size 151"):
        Run.create(tmp_path, CONFIG | {"size": 151}).source()


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
    """Also with several steps an execution, as here."""
    from tensorboard.backend.event_processing.event_file_loader import EventFileLoader

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


def test_a_table_for_a_bounded_likelihood_is_taken_as_it_is(tmp_path):
    from tfvae.pipelines.runs import train
    from tfvae.pipelines.runs.training_options import TrainingOptions

    path = tmp_path / "bits.npy"
    np.save(path, np.random.default_rng(0).integers(0, 2, (64, 5)).astype("float32"))
    options = {"latent_dim": 2, "likelihood": "Bernoulli"}
    training = TrainingOptions(epochs=1, batch_size=32, validation=0)
    run = train.start(tmp_path / "run", "vae", options, str(path), training)
    assert run.preprocessing() is None
    assert "val_loss" not in run.metrics()[0]


def test_a_relative_path_is_found_from_anywhere(tmp_path, monkeypatch, table_run, table):
    from tfvae.pipelines.runs.train import _lasting_name

    monkeypatch.chdir(table.parent)
    for name in ("table.csv", "*.csv"):
        lasting = _lasting_name(name, tfvae.data.source(name))
        monkeypatch.chdir(tmp_path)
        assert tfvae.data.source(lasting).shape == (4,)
        monkeypatch.chdir(table.parent)
    assert _lasting_name("sklearn:iris", tfvae.data.source("sklearn:iris")) == "sklearn:iris"
