"""`tfvae export verify`: every engine, and wrong exports. Each test starts a process."""

import importlib
import json
import shutil

import numpy as np
import pytest

import tfvae
from tfvae.export.endpoints.base import endpoints, example_inputs
from tfvae.export.verification import verify
from tfvae.pipelines.cli.app import main

_ENDPOINTS = {"encode", "decode", "reconstruct", "sample", "score", "log_likelihood"}


@pytest.fixture
def copy(exported, tmp_path):
    return shutil.copytree(exported.path, tmp_path / "1")


def test_the_c_loader_gives_the_models_numbers(pictures):
    """A process that never imports TensorFlow, with strings among the inputs, and its warm-up replayed."""
    report = verify.C_API.measure(pictures.path, verify.stored_numbers(pictures.path))
    assert set(verify.require_equal("c", report)["difference"]) == _ENDPOINTS


@pytest.mark.slow
def test_openvino_gives_the_models_numbers(tmp_path):
    module = importlib.import_module("tfvae.export.serving.saved_model")
    model = tfvae.zoo.vae((4,), latent_dim=2)
    functions = [made for made in endpoints(model, None, 4) if made.name in ("encode", "decode", "score")]
    module.write(model, functions, None, tmp_path)
    np.savez(tmp_path / "numbers.npz", **module.expectations(functions, example_inputs(model, None)))
    report = verify.OPENVINO.measure(tmp_path, tmp_path / "numbers.npz")
    assert set(verify.require_equal("openvino", report)["difference"]) == {"encode", "decode", "score"}


@pytest.mark.slow
def test_endpoints_that_openvino_cannot_run_are_named(pictures):
    report = verify.OPENVINO.measure(pictures.path, verify.stored_numbers(pictures.path))
    assert set(report["difference"]) == {"decode", "sample"}
    assert "DecodeJpeg" in report["unsupported"]["encode"]


@pytest.mark.slow
def test_the_command_prints_a_table(exported, capsys):
    assert main(["export", "verify", str(exported.path.parent), "--batch", "4"]) == 0
    out = capsys.readouterr().out
    assert all(endpoint in out for endpoint in _ENDPOINTS)
    assert "batch of 4" in out


def _altered_weights(folder):
    (path,) = folder.glob("variables/*.data-*")
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0x40
    path.write_bytes(data)


def _other_numbers(folder):
    path = folder / "assets.extra" / "verification.npz"
    with np.load(path) as file:
        arrays = dict(file)
    arrays["score/out/score"][1] += 0.5
    np.savez(path, **arrays)


def _no_numbers(folder):
    (folder / "assets.extra" / "verification.npz").unlink()


def _damaged_numbers(folder):
    (folder / "assets.extra" / "verification.npz").write_bytes(b"PK")


def _no_model(folder):
    (folder / "saved_model.pb").unlink()


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (_altered_weights, "cannot be run in a fresh process"),
        (_other_numbers, "expected the model's numbers to a relative 0.0001, received {'score'"),
        (_no_numbers, "expected the numbers stored at export, but there is no such file"),
        (_damaged_numbers, "expected the numbers stored at export, but it is no .npz file"),
        (_no_model, "but there is no saved_model.pb in it"),
    ],
)
def test_errors_are_one_line(copy, damage, message, capsys):
    damage(copy)
    assert main(["export", "verify", str(copy), "--batch", "4"]) == 1
    err = capsys.readouterr().err
    assert message in err
    assert err.count("\n") == 1


def test_an_engine_that_is_not_installed_is_named(exported):
    absent = verify.Engine("Another", "check_saved_model.py", "no_such_package")
    with pytest.raises(verify.ExportError, match="Another: expected the package no_such_package"):
        absent.measure(exported.path, exported.path)


def test_unsupported_endpoints_alone_are_no_verification():
    with pytest.raises(verify.ExportError, match="unsupported ones alone"):
        verify.require_equal("1", json.loads('{"difference": {}, "relative": {}}'))
