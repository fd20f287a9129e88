"""The folder of a run: created, opened, rejected."""

import json

import numpy as np
import pytest

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


def test_a_created_run_can_be_opened(tmp_path):
    Run.create(tmp_path / "deep" / "run", CONFIG)
    run = Run.open(tmp_path / "deep" / "run")
    assert run.config == CONFIG | {"versions": versions()}
    assert not run.finished
    assert run.metrics() == []
    assert run.preprocessing() is None
    assert run.evaluation() is None


def test_a_folder_is_new_after_a_kill_before_the_configuration(tmp_path):
    (tmp_path / ".config.json.abc123").mkdir()
    assert Run.create(tmp_path, CONFIG).config["size"] == 150


def test_used_folders_are_rejected(tmp_path):
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
def test_damaged_configurations_are_named(tmp_path, content, reason):
    path = tmp_path / "config.json"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(UnreadableFile, match=reason) as caught:
        Run.open(tmp_path)
    assert str(path) in str(caught.value)


def test_a_missing_model_is_named(tmp_path):
    run = Run.create(tmp_path, CONFIG)
    with pytest.raises(UnreadableFile, match=r"model\.keras"):
        run.model()


def test_the_split_is_a_function_of_the_configuration(tmp_path):
    split = Run.create(tmp_path, CONFIG).split
    assert (split.fraction, split.seed) == (0.2, 5)


def test_rows_of_another_shape_are_rejected(tmp_path):
    run = Run.create(tmp_path, CONFIG)
    with pytest.raises(InvalidInput, match=r"shape \(4,\)"):
        run.pipeline(tfvae.data.Arrays(np.zeros((3, 5))), 2)


def test_a_changed_source_is_rejected(tmp_path):
    with pytest.raises(InvalidInput, match="size 151"):
        Run.create(tmp_path, CONFIG | {"size": 151}).source()
