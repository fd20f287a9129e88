"""A model whose training ended in NaN: the message names its weights, whatever the kind of export."""

import numpy as np
import pytest

import tfvae
from tfvae.anomaly import VAEDetector
from tfvae.export.result import ExportError


def _spoil(model, value):
    weight = model.decoder.trainable_weights[0]
    array = np.array(weight)
    array.flat[3] = value
    weight.assign(array)
    return weight.path


@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("export", ["saved_model", "litert", "web"])
def test_the_first_weight_that_is_not_finite_is_named(tmp_path, export, value):
    vae = tfvae.zoo.vae((4,), latent_dim=2)
    path = _spoil(vae, value)
    target = tmp_path / ("m.tflite" if export == "litert" else "m")
    with pytest.raises(ExportError) as raised:
        getattr(tfvae.export, export)(vae, target)
    message = str(raised.value)
    assert path in message
    assert message.startswith("the model's weights: expected finite numbers, received 1 of ")
    assert "learning rate" in message
    assert not target.exists()


def test_a_detectors_weights_are_those_of_its_model(tmp_path):
    x = np.random.default_rng(0).normal(size=(200, 3))
    detector = VAEDetector(epochs=1).fit(x)
    path = _spoil(detector.scorer_.model, np.nan)
    with pytest.raises(ExportError, match=path):
        tfvae.export.saved_model(detector, tmp_path / "m")
