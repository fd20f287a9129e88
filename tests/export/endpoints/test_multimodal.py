"""Exports of a multimodal model: an input for each modality, NaN if it is missing."""

import numpy as np
import tensorflow as tf

import tfvae


def _model():
    return tfvae.zoo.mmvae({"image": (8, 8, 1), "table": (3,)}, latent_dim=2)


def test_a_served_model_takes_missing_modalities(tmp_path):
    model = _model()
    export = tfvae.export.saved_model(model, tmp_path / "servable", num_samples=4)
    served = tf.saved_model.load(str(export.path)).signatures
    rng = np.random.default_rng(0)
    image, table = rng.random((4, 8, 8, 1)).astype("float32"), rng.normal(size=(4, 3)).astype("float32")
    image[:2], table[1:3] = np.nan, np.nan
    inputs = {"image": tf.constant(image), "table": tf.constant(table)}
    rebuilt, expected = served["reconstruct"](**inputs), model.reconstruct({"image": image, "table": table})
    assert set(rebuilt) == {"image", "table"}
    for name, value in expected.items():
        np.testing.assert_allclose(rebuilt[name], value, atol=1e-5)
    assert abs(served["score"](**inputs)["score"].numpy()[1]) < 1e-5  # both are missing
    assert np.isfinite(served["log_likelihood"](**inputs)["log_likelihood"]).all()


def test_its_encoder_runs_on_a_device(tmp_path):
    from ai_edge_litert.interpreter import Interpreter

    model = _model()
    tfvae.export.litert(model, tmp_path / "encoder.tflite")
    encode = Interpreter(str(tmp_path / "encoder.tflite")).get_signature_runner("encode")
    image, table = np.full((2, 8, 8, 1), 0.5, "float32"), np.ones((2, 3), "float32")
    image[0], table[1] = np.nan, np.nan
    location = encode(image=image, table=table)["location"]
    np.testing.assert_allclose(location, model.latent({"image": image, "table": table}), atol=1e-5)
