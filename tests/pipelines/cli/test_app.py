"""The command: help at once, usage errors before TensorFlow starts, failures in one line."""

import json
import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

import tfvae
from tfvae.pipelines.cli import train_command
from tfvae.pipelines.cli.app import app, main
from tfvae.pipelines.runs.recipe_options import trainable

HEAVY = ("tensorflow", "keras", "tensorflow_probability", "sklearn", "pyarrow", "matplotlib", "pandas")

HELP = [
    [],
    ["train"],
    ["evaluate"],
    ["sample"],
    ["score"],
    ["export"],
    ["export", "saved-model"],
    ["export", "litert"],
    ["export", "verify"],
    ["export", "web"],
    ["serve"],
    ["report"],
    ["demo"],
    *(["train", recipe.__name__] for recipe in trainable()),
]

TRAIN = ["train", "beta_vae", "--data", "sklearn:digits", "--run", "new"]

# Wrong arguments, and words of the one line on stderr.
USAGE_ERRORS = [
    ([*TRAIN, "--epochs", "0"], ["--epochs", "at least 1", "received 0"]),
    ([*TRAIN, "--epochs", "ten"], ["--epochs", "ten"]),
    ([*TRAIN, "--batch-size", "-4"], ["--batch-size", "-4"]),
    ([*TRAIN, "--learning-rate", "-0.1"], ["--learning-rate", "positive", "-0.1"]),
    ([*TRAIN, "--learning-rate", "nan"], ["--learning-rate", "nan"]),
    ([*TRAIN, "--validation", "1.5"], ["--validation", "1.5"]),
    ([*TRAIN, "--seed", "-1"], ["--seed", "-1"]),
    ([*TRAIN, "--replicas", "8", "--batch-size", "4"], ["--replicas", "--batch-size", "8"]),
    (["train", "multimodal_vae"], ["one kind", "several", "tfvae.zoo.multimodal_vae"]),
    ([*TRAIN, "--epocs", "3"], ["--epocs", "--epochs"]),
    ([*TRAIN, "--latent-dim", "many"], ["--latent-dim", "many"]),
    ([*TRAIN, "--likelihood", "Gaussian"], ["--likelihood", "Gaussian", "Normal"]),
    ([*TRAIN, "--encoder", "mlp"], ["--encoder"]),
    ([*TRAIN, "--resume", "used"], ["--resume", "recipe"]),
    ([*TRAIN, "more"], ["more"]),
    (["train", "beta_vea", "--data", "sklearn:digits"], ["beta_vea", "beta_vae"]),
    (["train"], ["beta_vae", "--resume"]),
    (["train", "vae", "--run", "new"], ["--data is required"]),
    (["train", "vae", "--data", "sklearn:digits"], ["--run is required"]),
    ([*TRAIN, "--epochs"], ["--epochs: a value is required"]),
    (["detector", "fit", "table.csv"], ["--output is required"]),
    (["evaluate"], ["RUN is required"]),
    (["train", "--resume", "used", "vae"], ["--resume", "recipe"]),
    (["train", "--resume", "used", "--epochs", "3"], ["--epochs"]),
    (["train", "--resume", "absent"], ["absent", "config.json"]),
    (["train", "vae", "--data", "sklearn:digits", "--run", "used"], ["--run", "--resume used"]),
    (["train", "vae", "--data", "sklearn:digits", "--run", "."], ["--run", "d.detector"]),
    (["train", "vae", "--data", "sklearn:digits", "--run", "table.csv"], ["--run", "a file"]),
    (["train", "cvae", "--data", "table.csv", "--run", "new"], ["--data", "labels", "cvae", "table.csv"]),
    (["train", "auxiliary_vae", "--data", "table.csv", "--run", "new"], ["--data", "labels"]),
    ([*TRAIN, "--labels", "100"], ["--labels", "beta_vae"]),
    (["train", "vae", "--data", "absent.csv", "--run", "new"], ["absent.csv"]),
    (["train", "vae", "--data", "table.xlsx", "--run", "new"], ["table.xlsx", ".csv"]),
    (["train", "vae", "--data", "table.csv", "--run", "new", "--binarize"], ["--binarize", "table"]),
    (["fit"], ["fit", "train"]),
    (["evaluate", "absent"], ["absent"]),
    (["evaluate", "used"], ["used", "--resume"]),
    (["evaluate", "used", "--samples", "0"], ["--samples", "0"]),
    (["evaluate", "used", "--data", "absent.npy"], ["absent.npy"]),
    (["sample", "used", "-n", "0"], ["used"]),
    (["score", "used", "absent.csv", "-o", "scores.csv"], ["absent.csv"]),
    (["score", "used", "table.csv", "-o", "scores.txt"], ["--output", ".parquet", "scores.txt"]),
    (["score", "used", "table.csv"], ["--output is required"]),
    (
        ["score", "none.detector", "table.csv", "-o", "s.csv"],
        ["MODEL", "none.detector, which does not exist"],
    ),
    (["score", "d.detector", "none.csv", "-o", "s.csv"], ["none.csv", "but there is no such file"]),
    (["score", "d.detector", "table.csv", "-o", "table.csv"], ["--output", "other files than the input"]),
    (["score", "d.detector", "table.csv", "-o", "old.csv"], ["--output", "a new file, or --overwrite"]),
    (["score", "d.detector", "table.csv", "-o", "used"], ["--output"]),
    (["detector", "fit", "table.csv", "-o", "d.detector"], ["--output", "a new file, or --overwrite"]),
    (["detector", "schema", "table.csv", "-o", "table.csv", "--overwrite"], ["another file than the input"]),
    (["detector", "report", "old.csv", "-o", "old.csv", "--overwrite"], ["another file than the input"]),
    (
        [
            "detector",
            "fit",
            "table.csv",
            "-o",
            "e.detector",
            "--contamination",
            "0.1",
            "--false-positive-rate",
            "0.1",
        ],
        ["--contamination excludes --false-positive-rate: give one of them"],
    ),
    (["export", "saved-model", "used", "out", "--version", "0"], ["--version", "0"]),
    (["export", "saved-model", "used", "out", "--images", "jpeg"], ["--images", "jpeg", "pixels"]),
    (["export", "verify", "absent", "--batch", "0"], ["--batch", "0"]),
    (["export", "verify", "absent", "--engine", "onnx"], ["--engine", "onnx", "openvino"]),
    (["export", "litert", "used", "model.onnx"], [".tflite", "model.onnx"]),
    (["export", "litert", "used", "old.tflite"], ["FILE", "a new file, or --overwrite"]),
    (["export", "litert", "used", "m.tflite", "--quantize", "int9"], ["--quantize", "int8"]),
    (["export", "litert", "used", "m.tflite", "--batch-size", "0"], ["--batch-size", "0"]),
    (["export", "web", "used", "used"], ["FOLDER", "used", "config.json"]),
    (["report", "absent"], ["absent"]),
    (["demo", "--run", "used"], ["--run", "used"]),
]

_SCRIPT = """
import contextlib, io, json, sys
from tfvae.pipelines.cli.app import app, main
heavy, commands = json.loads(sys.stdin.read())
results = []
for command in commands:
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        status = main(command)
    loaded = [name for name in heavy if name in sys.modules]
    results.append([status, out.getvalue(), err.getvalue(), loaded])
print(json.dumps(results))
"""


def _in_fresh_process(folder, heavy, commands):
    done = subprocess.run(
        [sys.executable, "-c", _SCRIPT],
        input=json.dumps([heavy, commands]),
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "TFVAE_LAZY_IMPORT": "1"},  # as the installed command
    )
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def outputs(tmp_path_factory):
    """The output of each command, in a process of its own, as this one has already loaded TensorFlow."""
    folder = tmp_path_factory.mktemp("work")
    (folder / "table.csv").write_text("a,b\n1,2\n3,4\n")
    for name in ("old.csv", "old.tflite", "d.detector"):
        (folder / name).write_text("a,b\n")
    (folder / "used").mkdir()
    config = {"recipe": "vae", "options": {}, "data": "sklearn:digits", "shape": [8, 8, 1]}
    config |= {"training": {"validation": 0.1, "seed": 0}, "versions": {}}
    (folder / "used" / "config.json").write_text(json.dumps(config))
    helps = _in_fresh_process(folder, HEAVY, [[*command, "--help"] for command in HELP])
    light = ("tensorflow", "keras", "tensorflow_probability", "matplotlib")
    usage_errors = _in_fresh_process(folder, light, [command for command, _ in USAGE_ERRORS])
    assert not (folder / "new").exists()
    return helps, usage_errors


@pytest.mark.parametrize("index", range(len(HELP)), ids=[" ".join(["tfvae", *command]) for command in HELP])
def test_help_loads_no_large_library(outputs, index):
    status, out, err, loaded = outputs[0][index]
    assert (status, err, loaded) == (0, "", [])
    assert out.startswith("Usage: tfvae " + " ".join(HELP[index]))


def test_help_takes_less_than_half_a_second():
    """Processor time, which other processes do not affect."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([Path(sys.executable).with_name("tfvae"), "--help"], capture_output=True, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 0.5


@pytest.mark.parametrize(
    "index", range(len(USAGE_ERRORS)), ids=[" ".join(command) for command, _ in USAGE_ERRORS]
)
def test_usage_errors_name_the_argument_before_tensorflow_starts(outputs, index):
    status, _, err, loaded = outputs[1][index]
    assert (status, loaded) == (2, [])
    assert err.startswith("tfvae: error: ")
    assert err.count("\n") == 1
    for word in USAGE_ERRORS[index][1]:
        assert word in err


def _fails(capsys, *arguments):
    assert main([str(argument) for argument in arguments]) == 1
    err = capsys.readouterr().err
    assert err.startswith("tfvae: error: ")
    assert err.count("\n") == 1
    return err


@pytest.fixture
def _without_determinism(monkeypatch):
    """Do not change the settings of this process."""
    monkeypatch.setattr(train_command, "make_repeatable", lambda: None)


@pytest.mark.usefixtures("_without_determinism")
class TestFailures:
    def test_a_corrupt_file(self, capsys, tmp_path):
        path = tmp_path / "table.npy"
        path.write_bytes(b"no array")
        assert "table.npy" in _fails(capsys, "train", "vae", "--data", path, "--run", tmp_path / "run")
        assert not (tmp_path / "run").exists()

    def test_a_file_damaged_near_its_end(self, capsys, tmp_path):
        path = tmp_path / "table.csv"
        path.write_text("a,b\n" + "1.5,2.5\n" * 300_000 + "1.5,oops\n")
        err = _fails(capsys, "train", "vae", "--data", path, "--run", tmp_path / "run")
        assert "table.csv" in err
        assert "oops" in err

    def test_missing_numbers(self, capsys, tmp_path):
        path = tmp_path / "table.csv"
        path.write_text("a,b\n" + "1.5,2.5\n0.5,\n2,1\n" * 20)
        err = _fails(capsys, "train", "vae", "--data", path, "--run", tmp_path / "run", "--batch-size", 8)
        assert "NaN" in err
        assert "finite" in err
        assert not (tmp_path / "run").exists()

    def test_too_few_kinds_of_columns(self, capsys, tmp_path, table):
        arguments = ("--data", str(table), "--run", str(tmp_path / "run"), *["--columns", "real"] * 2)
        assert main(["train", "hi_vae", *arguments]) == 2
        assert "columns: expected one kind, or one for each" in capsys.readouterr().err
        assert not (tmp_path / "run").exists()

    def test_a_loss_that_is_not_finite(self, capsys, tmp_path, table):
        arguments = ("--data", table, "--run", tmp_path / "run", "--learning-rate", 1e30, "--batch-size", 32)
        assert "learning rate" in _fails(capsys, "train", "vae", *arguments)
        assert main(["evaluate", str(tmp_path / "run")]) == 2
        assert "received one whose training stopped by step" in capsys.readouterr().err

    def test_interruption(self, capsys, tmp_path, table, monkeypatch):
        monkeypatch.setattr(tfvae.LatentModel, "fit", _interrupted)
        run = tmp_path / "run"
        assert main(["train", "vae", "--data", str(table), "--run", str(run)]) == 130
        assert f"interrupted; to continue: tfvae train --resume {run}\n" in capsys.readouterr().err
        assert main(["train", "--resume", str(run)]) == 130
        assert f"interrupted; to continue: tfvae train --resume {run}\n" in capsys.readouterr().err

    def test_an_option_that_the_recipe_rejects(self, capsys, tmp_path, table):
        status = main(
            ["train", "vae", "--data", str(table), "--run", str(tmp_path / "run"), "--latent-dim", "0"]
        )
        assert status == 2
        assert "latent_dim" in capsys.readouterr().err
        assert not (tmp_path / "run").exists()


def _interrupted(*arguments, **options):
    raise KeyboardInterrupt


def test_resuming_a_finished_run_prints_that(capsys, image_run):
    assert main(["train", "--resume", str(image_run.path)]) == 0
    assert "ended already" in capsys.readouterr().out


def test_a_home_folder_is_meant_by_a_tilde(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "t.csv").write_text("a,b\n" + "1.5,2.5\n2.5,1\n" * 20)
    monkeypatch.chdir(tmp_path)
    assert main(["detector", "schema", "~/t.csv", "--output", "~/schema.json"]) == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["schema.json", "t.csv"]
    assert main(["detector", "schema", "~/t.csv", "--output", "~/schema.json"]) == 2
    assert main(["train", "--resume", "~/none"]) == 2
    assert f"{tmp_path}/none" in capsys.readouterr().err


def commands(app, names=()):
    """Every command of an app, by its words."""
    for name in app:
        if not name.startswith("-"):
            words = (*names, name)
            inner = list(commands(app[name], words))
            yield from inner or [words]


@pytest.mark.parametrize("words", sorted(commands(app)), ids=" ".join)
def test_each_command_can_be_quiet_and_print_json(words, capsys):
    assert main([*words, "--help"]) == 0
    text = capsys.readouterr().out
    assert ("--quiet" in text and "--json" in text) or words == ("serve",)


def test_help_tells_the_exit_statuses(capsys):
    assert main(["--help"]) == 0
    text = " ".join(capsys.readouterr().out.split())
    assert "Exit status: 0 success, 1 failure, 2 wrong arguments, 130 interrupted." in text


def test_a_result_in_json_is_all_of_standard_output(capsys, image_run, tmp_path):
    arguments = ["sample", str(image_run.path), "-o", str(tmp_path / "x.npy"), "-n", "2"]
    assert main([*arguments, "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"output": str(tmp_path / "x.npy")}
    assert main(arguments) == 2
    assert main([*arguments, "--overwrite", "--quiet"]) == 0
    assert capsys.readouterr().out == ""
    assert main(["evaluate", str(image_run.path), "--samples", "2", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["samples"] == 2
    assert main(["train", "--resume", str(image_run.path), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["epochs"] == 2


def test_version(capsys):
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.strip() == tfvae.__version__
