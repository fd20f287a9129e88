"""The same request has the same answer to the last bit: in Python, in the SavedModel, in the C++ loader."""

import importlib

import numpy as np
import pytest
import tensorflow as tf

import tfvae
from tfvae.export.endpoints.base import endpoints, example_inputs

_COLUMNS = ("real", "positive", "count", "category:2", "ordinal:3")
_MODELS = {
    "images": lambda: tfvae.zoo.vae((8, 8, 1), latent_dim=3),
    "table": lambda: tfvae.zoo.hi_vae((5,), columns=_COLUMNS),
    "layers": lambda: tfvae.zoo.ladder_vae((16,)),
}


@pytest.mark.parametrize("name", _MODELS)
@pytest.mark.slow
def test_the_same_request_has_the_same_bytes(name, tmp_path, c_session):
    """With several threads, and memory used in another order in each call."""
    model = _MODELS[name]()
    functions = endpoints(model, None, 4)
    importlib.import_module("tfvae.export.serving.saved_model").write(model, functions, None, tmp_path)
    loaded, session = tf.saved_model.load(str(tmp_path)).signatures, c_session(tmp_path)
    examples = example_inputs(model, None, 33)
    for endpoint in functions:
        inputs = {key: np.asarray(examples[key]) for key in endpoint.specs}
        compiled = tf.function(endpoint.__call__, input_signature=endpoint.signature)
        answers = [
            {key: value.numpy() for key, value in compiled(*inputs.values()).items()},
            session.run(endpoint.name, inputs),
        ]
        answers += [
            {key: value.numpy() for key, value in loaded[endpoint.name](**inputs).items()} for _ in range(100)
        ]
        for answer in answers[1:]:
            for key, value in answers[0].items():
                assert answer[key].tobytes() == value.tobytes(), (endpoint.name, key)
