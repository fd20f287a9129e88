"""Two exports for many tests: one takes numbers, the other the bytes of image files."""

import importlib.util

import keras
import pytest
import tensorflow as tf

import tfvae


@pytest.fixture(scope="session")
def vae():
    keras.utils.set_random_seed(7)
    return tfvae.zoo.vae((8, 8, 1), latent_dim=3)


@pytest.fixture(scope="session")
def exported(vae, tmp_path_factory):
    folder = tmp_path_factory.mktemp("models") / "digits"
    return tfvae.export.saved_model(vae, folder, version=2, num_samples=16)


@pytest.fixture(scope="session")
def signatures(exported):
    return tf.saved_model.load(str(exported.path)).signatures


@pytest.fixture(scope="session")
def pictures(vae, tmp_path_factory):
    """The same model, with the bytes of PNG and JPEG files as input."""
    folder = tmp_path_factory.mktemp("models") / "pictures"
    card = tfvae.export.ModelCard(data={"source": "a | b"}, license="CC BY 4.0")
    layer = tfvae.export.EncodedPixels((8, 8, 1))
    return tfvae.export.saved_model(vae, folder, preprocessing=layer, num_samples=4, card=card)


@pytest.fixture(scope="session")
def c_session():
    """Return the class that loads a SavedModel with TensorFlow's C++ loader in this process."""
    folder = tfvae.export.__path__[0] + "/verification"
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(folder)
        for name in ("check_common", "check_messages"):
            importlib.import_module(name)
        spec = importlib.util.spec_from_file_location("check_c_api", f"{folder}/check_c_api.py")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    return module.Session
