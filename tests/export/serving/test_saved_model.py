"""SavedModels: the same numbers elsewhere, and nothing half-written."""

import importlib
import resource
import shutil
import subprocess
import sys
import time

import numpy as np
import pytest
import tensorflow as tf

import tfvae
from tfvae.core.errors import InvalidInput, UnwritableFile
from tfvae.export.result import ExportError
from tfvae.export.verification import verify


def test_the_layout_is_tensorflow_servings(exported):
    assert exported.path.name == "2"
    assert {entry.name for entry in exported.path.iterdir()} >= {
        "saved_model.pb",
        "variables",
        "assets.extra",
    }
    configuration = {"models.config", "batching.config", "monitoring.config", "docker-compose.yml"}
    beside = {*configuration, "README.md", "client.py", "requests"}
    assert {entry.name for entry in exported.path.parent.iterdir()} == {"2", *beside}  # nothing temporary
    assert exported.size_bytes == sum(f.stat().st_size for f in exported.path.rglob("*") if f.is_file())


def test_a_fresh_process_gave_the_same_numbers(exported):
    assert set(exported.largest_difference) == {
        "encode", "decode", "reconstruct", "sample", "score", "log_likelihood",
    }  # fmt: skip
    assert max(exported.largest_difference.values()) < 1e-3
    assert exported.seconds_per_item > 0


@pytest.mark.parametrize("rows", [1, 3, 64])
def test_endpoints_give_the_models_numbers_for_any_batch(vae, signatures, digits, rows):
    x = digits[:rows]
    q = vae.encode(x)
    encoded = signatures["encode"](x=tf.constant(x))
    np.testing.assert_allclose(encoded["location"], q.mean(), atol=1e-5)
    np.testing.assert_allclose(encoded["scale"], q.stddev(), atol=1e-5)
    received = signatures["reconstruct"](x=tf.constant(x))["reconstruction"]
    np.testing.assert_allclose(received, vae.reconstruct(x), atol=1e-5)
    z = np.random.default_rng(0).normal(size=(rows, 3)).astype("float32")
    np.testing.assert_allclose(
        signatures["decode"](z=tf.constant(z))["mean"], vae.decode(z).mean(), atol=1e-5
    )
    np.testing.assert_allclose(
        signatures["sample"](noise=tf.constant(z))["sample"], vae.decode(z).mean(), atol=1e-5
    )


def test_scores_are_deterministic_and_do_not_depend_on_the_batch(signatures, digits):
    for endpoint in ("score", "log_likelihood"):
        whole = signatures[endpoint](x=tf.constant(digits[:32]))
        again = signatures[endpoint](x=tf.constant(digits[:32]))
        alone = signatures[endpoint](x=tf.constant(digits[5:6]))
        for name, value in whole.items():
            np.testing.assert_array_equal(value, again[name])
            np.testing.assert_allclose(value[5:6], alone[name], rtol=1e-5)


def test_scores_estimate_what_the_model_says(vae, signatures, digits):
    """16 fixed draws against 400 fresh ones, within the spread of 16 draws."""
    rows = digits[:40]
    score = signatures["score"](x=tf.constant(rows))
    np.testing.assert_allclose(score["score"], score["distortion"] + score["rate"], rtol=1e-5)
    np.testing.assert_allclose(score["rate"], vae.trace(rows).rate, rtol=1e-4)
    spread = np.std([vae.elbo(rows, num_samples=16, seed=seed) for seed in range(20)], axis=0)
    gap = -score["score"] - vae.elbo(rows, num_samples=400)
    assert np.abs(gap / spread).max() < 6
    log_p = signatures["log_likelihood"](x=tf.constant(rows))["log_likelihood"]
    fine, error = vae.log_likelihood_with_error(rows, num_samples=400)
    assert np.abs((log_p - fine) / (error * np.sqrt(400 / 16))).max() < 6


def test_every_endpoint_is_batchable_and_the_default_is_encode(signatures):
    default = signatures["serving_default"]
    assert set(default.structured_outputs) == {"location", "scale"}
    for name, signature in signatures.items():
        specs = [*signature.structured_input_signature[1].values(), *signature.structured_outputs.values()]
        assert all(spec.shape.rank >= 1 and spec.shape[0] is None for spec in specs), name


@pytest.mark.parametrize("shape", [(2, 8, 8), (2, 8, 8, 3), (64,), (1, 2, 8, 8, 1)])
def test_a_wrong_shape_is_an_error_and_not_the_end_of_the_process(exported, shape):
    """Through the graph itself, as a server does, where no Python checks the signature first."""
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        meta = tf.compat.v1.saved_model.load(session, ["serve"], str(exported.path))
        for name in ("encode", "reconstruct", "score", "log_likelihood"):
            signature = meta.signature_def[name]
            feed = {signature.inputs["x"].name: np.zeros(shape, "float32")}
            fetch = [output.name for output in signature.outputs.values()]
            with pytest.raises((tf.errors.InvalidArgumentError, ValueError)):
                session.run(fetch, feed)


def test_preprocessing_is_included(tmp_path):
    from tfvae.data.preprocessing import Standardize

    vae = tfvae.zoo.vae((3,), latent_dim=2)
    layer = Standardize(offset=[1.0, -50.0, 1000.0], scale=[0.1, 5.0, 200.0])
    export = tfvae.export.saved_model(vae, tmp_path, preprocessing=layer)
    loaded = tf.saved_model.load(str(export.path)).signatures
    raw = np.array([[1.05, -48.0, 900.0], [0.9, -60.0, 1300.0]], "float32")
    inside = (raw - layer.offset) / layer.scale
    np.testing.assert_allclose(loaded["encode"](x=raw)["location"], vae.encode(inside).mean(), atol=1e-5)
    expected = vae.reconstruct(inside) * layer.scale + layer.offset
    np.testing.assert_allclose(loaded["reconstruct"](x=raw)["reconstruction"], expected, rtol=1e-4)


def test_existing_and_impossible_versions_are_rejected(vae, exported):
    before = {path: path.stat().st_mtime_ns for path in exported.path.rglob("*")}
    with pytest.raises(InvalidInput, match="version: expected one that does not exist yet, received 2"):
        tfvae.export.saved_model(vae, exported.path.parent, version=2)
    with pytest.raises(InvalidInput, match="version: expected an integer of at least 1, received 0"):
        tfvae.export.saved_model(vae, exported.path.parent, version=0)
    assert {path: path.stat().st_mtime_ns for path in exported.path.rglob("*")} == before


def test_without_a_number_a_version_is_the_one_after_the_last(vae, tmp_path, monkeypatch):
    """Without the check in a fresh process, which other tests cover."""
    skipped = {"difference": {}, "seconds_alone": {"encode": 0.0}}
    monkeypatch.setattr(verify, "saved_model", lambda folder: skipped)
    for earlier in ("7", "10", "x12", ".15.unfinished"):
        (tmp_path / earlier).mkdir()
    assert tfvae.export.saved_model(vae, tmp_path).path.name == "11"
    assert "Version 11" in (tmp_path / "README.md").read_text()
    (tmp_path / "models.config").write_text("mine")
    tfvae.export.saved_model(vae, tmp_path, version=2)  # the files are those of the newest version
    assert "Version 11" in (tmp_path / "README.md").read_text()
    assert (tmp_path / "models.config").read_text() == "mine"
    with pytest.raises(InvalidInput, match="path: expected a folder named with letters"):
        tfvae.export.saved_model(vae, tmp_path / "my model")


def test_a_version_gets_its_name_when_it_is_complete(vae, tmp_path, monkeypatch):
    """Also if the process is killed at the last moment."""
    seen = []

    def interrupt(folder):
        seen.extend(tmp_path.iterdir())
        raise KeyboardInterrupt

    monkeypatch.setattr(verify, "saved_model", interrupt)
    with pytest.raises(KeyboardInterrupt):
        tfvae.export.saved_model(vae, tmp_path)
    assert len(seen) == 1
    assert seen[0].name.startswith(".")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("limit", [1_000, 100_000, 300_000])
def test_a_full_disk_leaves_nothing(vae, tmp_path, limit):
    """Files are limited to so many bytes, which the graph, the weights or the numbers exceed."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, before[1]))
    try:
        with pytest.raises(UnwritableFile, match="it cannot be written"):
            tfvae.export.saved_model(vae, tmp_path / "servable")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert list((tmp_path / "servable").iterdir()) == []


def test_a_failed_warm_up_leaves_nothing(vae, tmp_path, monkeypatch):
    module = importlib.import_module("tfvae.export.serving.saved_model")
    write = module.write_warmup

    def too_wide(name, expected, folder):
        write(name, {**expected, "score/in/x": np.zeros((1, 8, 9, 1), "float32")}, folder)

    monkeypatch.setattr(module, "write_warmup", too_wide)
    with pytest.raises(ExportError, match="it cannot be run in a fresh process"):
        tfvae.export.saved_model(vae, tmp_path / "servable")
    assert list((tmp_path / "servable").iterdir()) == []


@pytest.mark.slow
def test_a_killed_export_leaves_no_version(vae, tmp_path):
    """In a process of its own, which cannot clean up."""
    vae.save(tmp_path / "vae.keras")
    code = "import sys, tfvae; tfvae.export.saved_model(tfvae.models.load(sys.argv[1]), sys.argv[2])"
    folder = tmp_path / "servable"
    for part in ("", "saved_model.pb", "assets.extra/verification.npz"):
        with subprocess.Popen([sys.executable, "-c", code, tmp_path / "vae.keras", folder]) as process:
            while not list(folder.glob(f".1.*/1/{part}")):
                assert process.poll() is None
                time.sleep(0.01)
            process.kill()
        assert [entry.name for entry in folder.iterdir() if not entry.name.startswith(".")] == []
        shutil.rmtree(folder)
    assert tfvae.export.saved_model(vae, folder).path.name == "1"


def test_an_export_with_other_numbers_is_rejected_and_removed(vae, tmp_path, monkeypatch):
    module = importlib.import_module("tfvae.export.serving.saved_model")
    right = module.expectations

    def off_by_a_little(functions, inputs):
        arrays = right(functions, inputs)
        return arrays | {"score/out/score": arrays["score/out/score"] * 1.01}

    monkeypatch.setattr(module, "expectations", off_by_a_little)
    with pytest.raises(ExportError, match=r"expected the model's numbers .* received \{'score'"):
        tfvae.export.saved_model(vae, tmp_path / "servable")
    assert list((tmp_path / "servable").iterdir()) == []


def test_a_damaged_export_fails_its_verification(vae, tmp_path):
    export = tfvae.export.saved_model(vae, tmp_path)
    (export.path / "saved_model.pb").write_bytes(b"damaged")
    with pytest.raises(ExportError, match="it cannot be run in a fresh process"):
        verify.saved_model(export.path)
