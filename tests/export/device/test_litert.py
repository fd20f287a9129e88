"""LiteRT files: builtin operations, the model's numbers, any batch."""

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.interpreter import Interpreter

import tfvae
from tfvae.core.errors import InvalidInput
from tfvae.export.result import ExportError


def assert_builtin(path):
    """Every operation in the flatbuffer is one of LiteRT's own."""
    model = schema.ModelT.InitFromPackedBuf(path.read_bytes(), 0)
    used = {operator.opcodeIndex for graph in model.subgraphs for operator in graph.operators}
    assert used
    for code in (model.operatorCodes[index] for index in used):
        assert code.customCode is None
        assert max(code.builtinCode, code.deprecatedBuiltinCode) != schema.BuiltinOperator.CUSTOM


@pytest.mark.parametrize("shape", [(8, 8, 1), (30,)])
def test_the_encoder_gives_the_models_numbers(shape, tmp_path):
    vae = tfvae.zoo.vae(shape, latent_dim=3)
    export = tfvae.export.litert(vae, tmp_path / "encoder.tflite")
    assert export.size_bytes == export.path.stat().st_size
    interpreter = Interpreter(model_path=str(export.path))
    assert list(interpreter.get_signature_list()) == ["encode"]
    for rows in (1, 7):
        x = np.random.default_rng(rows).random((rows, *shape), "float32")
        received = interpreter.get_signature_runner("encode")(x=x)
        q = vae.encode(x)
        np.testing.assert_allclose(received["location"], q.mean(), atol=1e-5)
        np.testing.assert_allclose(received["scale"], q.stddev(), atol=1e-5)
    assert_builtin(export.path)


def test_large_and_small_features_stay_finite(tmp_path):
    """The runtime's own softplus overflows above 88 and vanishes below -17."""
    vae = tfvae.zoo.vae((4,), latent_dim=2)
    export = tfvae.export.litert(vae, tmp_path / "encoder.tflite")
    run = Interpreter(model_path=str(export.path)).get_signature_runner("encode")
    for size in (0.0, 1e4, -1e4):
        x = np.full((1, 4), size, "float32")
        np.testing.assert_allclose(run(x=x)["scale"], vae.encode(x).stddev(), rtol=1e-4)


@pytest.mark.slow
def test_a_loop_of_a_recurrent_network_needs_a_fixed_batch(tmp_path):
    vae = tfvae.zoo.sequence_vae((4, 2), latent_dim=2, units=3)
    with pytest.raises(
        ExportError, match=r"encode: LiteRT cannot do this: it has no TensorList.*batch_size=1"
    ):
        tfvae.export.litert(vae, tmp_path / "encoder.tflite")
    assert not list(tmp_path.iterdir())
    export = tfvae.export.litert(vae, tmp_path / "encoder.tflite", batch_size=1)
    assert_builtin(export.path)
    run = Interpreter(model_path=str(export.path)).get_signature_runner("encode")
    x = np.random.default_rng(0).normal(size=(3, 4, 2)).astype("float32")
    x[1, 2:] = np.nan
    for row in range(3):
        location = run(x=x[row : row + 1])["location"]
        np.testing.assert_allclose(location, vae.latent({"x": x[row : row + 1]}), atol=1e-5)


@pytest.mark.slow
def test_several_endpoints_share_one_file(tmp_path, digits):
    """Noise is an input where something is drawn; a score repeats, and is the model's own in expectation."""
    vae = tfvae.zoo.vae((8, 8, 1), latent_dim=3)
    names = ["reconstruct", "decode", "sample", "score"]
    export = tfvae.export.litert(vae, tmp_path / "all.tflite", names, num_samples=16)
    assert_builtin(export.path)
    alone = tfvae.export.litert(vae, tmp_path / "score.tflite", "score", num_samples=16)
    assert export.size_bytes < 2 * alone.size_bytes  # the weights are there once
    interpreter = Interpreter(model_path=str(export.path))
    run = {name: interpreter.get_signature_runner(name) for name in names}
    rebuilt = run["reconstruct"](x=digits[:3])["reconstruction"]
    np.testing.assert_allclose(rebuilt, vae.reconstruct(digits[:3]), atol=1e-5)
    noise = np.random.default_rng(0).normal(size=(1, 3)).astype("float32")
    np.testing.assert_allclose(run["sample"](noise=noise)["sample"], vae.decode(noise).mean(), atol=1e-5)
    np.testing.assert_allclose(run["decode"](z=noise)["mean"], vae.decode(noise).mean(), atol=1e-5)
    first, again = (run["score"](x=digits[:40])["score"] for _ in range(2))
    np.testing.assert_array_equal(first, again)
    draws = np.array([vae.elbo(digits[:40], num_samples=16, seed=seed) for seed in range(20)])
    assert np.abs((-first - draws.mean(axis=0)) / draws.std(axis=0)).max() < 6


def test_a_score_is_finite_where_the_decoder_is_sure(tmp_path, digits):
    """The runtime's own softplus overflows above 88."""
    vae = tfvae.zoo.vae((8, 8, 1), latent_dim=3)
    bias = vae.likelihood.head.dense.bias
    bias.assign(np.full(bias.shape, 300.0, "float32"))
    export = tfvae.export.litert(vae, tmp_path / "score.tflite", "score")
    received = Interpreter(model_path=str(export.path)).get_signature_runner("score")(x=digits[:2])
    expected = 300 * (1 - digits[:2]).sum(axis=(1, 2, 3))
    np.testing.assert_allclose(received["distortion"], expected, rtol=0.05)


def test_wrong_names_are_rejected(tmp_path):
    vae = tfvae.zoo.vae((4,), latent_dim=2)
    with pytest.raises(InvalidInput, match=r"path: expected a name that ends in \.tflite"):
        tfvae.export.litert(vae, tmp_path / "encoder.bin")
    with pytest.raises(InvalidInput, match=r"endpoint: expected one of .*, received encod"):
        tfvae.export.litert(vae, tmp_path / "encoder.tflite", endpoint="encod")
    with pytest.raises(InvalidInput, match=r"endpoint: expected one of .*, received \['encode', 'encode'\]"):
        tfvae.export.litert(vae, tmp_path / "encoder.tflite", endpoint=["encode", "encode"])
    with pytest.raises(InvalidInput, match=r"endpoint: expected one of .*, received \[\]"):
        tfvae.export.litert(vae, tmp_path / "encoder.tflite", endpoint=[])
    with pytest.raises(
        InvalidInput, match=r"quantize: expected one of \[None, 'float16', .*, received 'int4'"
    ):
        tfvae.export.litert(vae, tmp_path / "encoder.tflite", quantize="int4")
    with pytest.raises(InvalidInput, match=r"batch_size: expected an integer of at least 1, received 0"):
        tfvae.export.litert(vae, tmp_path / "encoder.tflite", batch_size=0)
    with pytest.raises(InvalidInput, match=r"subject: expected a model of tfvae"):
        tfvae.export.litert("vae", tmp_path / "encoder.tflite")
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_a_file_of_nans_is_rejected_and_the_old_one_kept(tmp_path, monkeypatch):
    """Also if it is not seen in the weights, which are checked first."""
    monkeypatch.setattr("tfvae.export.device.litert.require_finite_weights", lambda subject: None)
    vae = tfvae.zoo.vae((4,), latent_dim=2)
    export = tfvae.export.litert(vae, tmp_path / "encoder.tflite")
    before = export.path.read_bytes()
    kernel = vae.posterior.head.dense.kernel
    kernel.assign(np.full(kernel.shape, np.nan, "float32"))
    with pytest.raises(ExportError, match="expected the model's numbers"):
        tfvae.export.litert(vae, tmp_path / "encoder.tflite")
    assert export.path.read_bytes() == before
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["encoder.code", "encoder.tflite"]
