"""LiteRT files: builtin operations, the model's numbers, any batch."""

import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter

import tfvae
from tfvae.errors import InvalidInput
from tfvae.export.result import ExportError


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
    names = {operation["op_name"] for operation in interpreter._get_ops_details()}
    assert not any(name.startswith("Flex") or name == "CUSTOM" for name in names)


def test_large_and_small_features_stay_finite(tmp_path):
    """The runtime's own softplus overflows above 88 and vanishes below -17."""
    vae = tfvae.zoo.vae((4,), latent_dim=2)
    export = tfvae.export.litert(vae, tmp_path / "encoder.tflite")
    run = Interpreter(model_path=str(export.path)).get_signature_runner("encode")
    for size in (0.0, 1e4, -1e4):
        x = np.full((1, 4), size, "float32")
        np.testing.assert_allclose(run(x=x)["scale"], vae.encode(x).stddev(), rtol=1e-4)


def test_a_loop_of_a_recurrent_network_is_refused_in_one_line(tmp_path):
    vae = tfvae.zoo.sequence_vae((4, 2), latent_dim=2, units=3)
    with pytest.raises(ExportError, match=r"encode: LiteRT cannot do this: .*loop over a batch of any size"):
        tfvae.export.litert(vae, tmp_path / "encoder.tflite")
    assert not list(tmp_path.iterdir())


def test_other_endpoints_can_be_written(tmp_path, digits):
    vae = tfvae.zoo.vae((8, 8, 1), latent_dim=3)
    export = tfvae.export.litert(vae, tmp_path / "reconstruct.tflite", endpoint="reconstruct")
    run = Interpreter(model_path=str(export.path)).get_signature_runner("reconstruct")
    np.testing.assert_allclose(run(x=digits[:3])["reconstruction"], vae.reconstruct(digits[:3]), atol=1e-5)


def test_wrong_names_are_refused(tmp_path):
    vae = tfvae.zoo.vae((4,), latent_dim=2)
    with pytest.raises(InvalidInput, match=r"path: expected a name that ends in \.tflite"):
        tfvae.export.litert(vae, tmp_path / "encoder.bin")
    with pytest.raises(InvalidInput, match=r"endpoint: expected one of .*, received encod"):
        tfvae.export.litert(vae, tmp_path / "encoder.tflite", endpoint="encod")


def test_a_file_of_nans_is_refused_and_the_old_one_kept(tmp_path):
    vae = tfvae.zoo.vae((4,), latent_dim=2)
    export = tfvae.export.litert(vae, tmp_path / "encoder.tflite")
    before = export.path.read_bytes()
    kernel = vae.posterior.head.dense.kernel
    kernel.assign(np.full(kernel.shape, np.nan, "float32"))
    with pytest.raises(ExportError, match="expected the model's numbers"):
        tfvae.export.litert(vae, tmp_path / "encoder.tflite")
    assert export.path.read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["encoder.tflite"]
