"""The folder of a run: created, opened, rejected."""

import json
import zipfile

import numpy as np
import pytest

import tfvae
from tfvae.core.errors import InvalidInput, UnreadableFile
from tfvae.pipelines.runs.machine import machine
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
    assert run.config == CONFIG | {"versions": versions(), "machine": machine()}
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


EVALUATION = {
    "data": "sklearn:iris", "part": "held out", "examples": 3, "samples": 5, "seed": 0, "active_units": 1,
    "elbo": {"mean": -1.5, "standard_error": None}, "latent_dim": 2, "versions": {},
    "rate": 1.5, "latent_space": "in use",
}  # fmt: skip


def damaged(values, generator):
    """Yield copies of JSON values in each of which one value, anywhere, is another or missing."""
    others = [None, "", -1, 1.5, float("nan"), True, [], {}, "x", [[]], 10**400, ["x"], {"a": {}}]

    def places(part):
        inner = part.items() if isinstance(part, dict) else enumerate(part) if isinstance(part, list) else ()
        for key, value in inner:
            yield part, key
            yield from places(value)

    for index in range(len(list(places(values)))):
        for other in [None, *generator.permutation(len(others)).tolist()]:
            copy = json.loads(json.dumps(values))
            part, key = list(places(copy))[index]
            if other is None:
                del part[key]
            else:
                part[key] = others[other]
            yield json.dumps(copy)
    yield from ("", "[]", "1", '"a"', "{}", "[" * 100_000, "\x00", "nul", '{"recipe": 1}')


@pytest.mark.parametrize(
    ("name", "values", "read"),
    [
        ("config.json", CONFIG | {"options": {"latent_dim": 2}, "versions": {"tfvae": "1"}}, None),
        ("evaluation.json", EVALUATION, Run.evaluation),
        ("preprocessing.json", {"offset": [0.0] * 4, "scale": [1.0] * 4}, Run.preprocessing),
        ("failure.json", {"error": "NaN"}, lambda run: run.failure),
    ],
)
def test_files_changed_by_hand_are_named(tmp_path, name, values, read):
    """Whatever is changed in one: it is read, or named in one line."""
    run, path = Run.create(tmp_path, CONFIG), tmp_path / name
    errors = 0
    for text in damaged(values, np.random.default_rng(0)):
        path.write_text(text)
        try:
            opened = Run.open(tmp_path) if read is None else read(run)
        except UnreadableFile as error:
            errors += 1
            message = str(error)
        else:
            assert opened is not None
            continue
        assert message.startswith(f"{path}: ")
        assert len(message.splitlines()) == 1
    assert errors > 20


def test_lines_of_metrics_count_up_to_the_first_damaged_one(tmp_path):
    run = Run.create(tmp_path, CONFIG)
    good = json.dumps({"epoch": 1, "loss": 2.5})
    for damage in (
        "[]",
        "1",
        "null",
        "{}",
        '{"epoch": "2"}',
        '{"epoch": 2, "loss": [1]}',
        "[" * 100_000,
        "{",
    ):
        (tmp_path / "metrics.jsonl").write_text(f"{good}\n{damage}\n{good}\n")
        assert run.metrics() == [{"epoch": 1, "loss": 2.5}]


@pytest.mark.parametrize(
    ("data", "name"),
    [
        ("/home/me/secret/table.csv", "table.csv"),
        ("/home/me/*.parquet", "*.parquet"),
        ("/home/me/images/", "images"),
        ("sklearn:digits", "sklearn:digits"),
    ],
)
def test_others_do_not_see_the_users_folders(tmp_path, data, name):
    assert Run(tmp_path, {"data": data}).data_name == name


def _with(path, change):
    """Write a `.keras` file again, with one of its parts changed."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in parts.items():
            archive.writestr(name, change.get(name, data))


def _encrypted(path):
    """Mark all parts of an archive as encrypted."""
    data = bytearray(path.read_bytes())
    for signature, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        position = data.find(signature)
        while position >= 0:
            data[position + flags] |= 1
            position = data.find(signature, position + 4)
    path.write_bytes(data)


@pytest.mark.parametrize(
    "damage",
    [
        _encrypted,
        lambda path: _with(path, {"config.json": b"[" * 200_000 + b"]" * 200_000}),
        lambda path: _with(path, {"config.json": b"[]"}),
        lambda path: _with(path, {"config.json": b"\xff"}),
        lambda path: _with(path, {"model.weights.h5": b"no weights"}),
        lambda path: path.write_bytes(path.read_bytes()[:-100]),
    ],
)
def test_damaged_models_are_named_in_one_line(tmp_path, damage):
    run = Run.create(tmp_path, CONFIG)
    tfvae.zoo.vae((4,), latent_dim=2).save(run.path / "model.keras")
    damage(run.path / "model.keras")
    with pytest.raises(UnreadableFile, match=rf"^{tmp_path}/model.keras: expected a .keras file [^\n]*$"):
        run.model()
