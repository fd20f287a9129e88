"""A model's endpoints in this process: several raw inputs, and errors that name the input."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import tfvae
from tfvae.core.errors import InvalidInput
from tfvae.export.endpoints.base import Endpoint, endpoints, example_inputs


class Columns(keras.layers.Layer):
    """Three raw columns of three types: a size in metres, a color by name, an integer."""

    @property
    def specs(self):
        kinds = {"size": tf.float32, "color": tf.string, "number": tf.int64}
        return {name: tf.TensorSpec((None,), kind) for name, kind in kinds.items()}

    def call(self, raw):
        red = tf.cast(raw["color"] == "red", tf.float32)
        return tf.stack([raw["size"] / 100, red, tf.cast(raw["number"], tf.float32)], axis=1)

    def inverse(self, x):
        size, red, number = tf.unstack(x, axis=1)
        color = tf.where(red > 0.5, "red", "blue")
        return {"size": 100 * size, "color": color, "number": tf.cast(tf.round(number), tf.int64)}


def _by_name(*arguments):
    return {endpoint.name: endpoint for endpoint in endpoints(*arguments)}


def test_a_table_has_an_input_for_each_column():
    model = tfvae.zoo.vae((3,), latent_dim=2)
    layer = Columns()
    made = _by_name(model, layer, 4)
    assert set(made["encode"].specs) == {"size", "color", "number"}
    assert set(made["decode"].specs) == {"z"}
    raw = {"size": tf.constant([150.0, 20.0]), "color": tf.constant(["red", "green"]),
           "number": tf.constant([3, 4], tf.int64)}  # fmt: skip
    x = np.array([[1.5, 1, 3], [0.2, 0, 4]], "float32")
    encode = tf.function(made["encode"].__call__, input_signature=made["encode"].signature)
    np.testing.assert_allclose(encode(*raw.values())["location"], model.encode(x).mean(), atol=1e-6)
    rebuilt = made["reconstruct"](*raw.values())
    np.testing.assert_allclose(rebuilt["size"], 100 * model.reconstruct(x)[:, 0], rtol=1e-5)
    assert set(rebuilt["color"].numpy()) <= {b"red", b"blue"}
    examples = example_inputs(model, layer, 7)
    for name, spec in made["encode"].specs.items():
        assert spec.is_compatible_with(examples[name])


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_numbers_outside_the_support_are_named(bad):
    """In a graph, where Python does not check the values."""
    made = _by_name(tfvae.zoo.vae((3,), latent_dim=2), None, 4)
    x = np.zeros((5, 3), "float32")
    x[4, 1] = bad
    for name in ("encode", "reconstruct", "score", "log_likelihood"):
        endpoint = tf.function(made[name].__call__, input_signature=made[name].signature)
        endpoint(tf.zeros((5, 3)))
        with pytest.raises(tf.errors.InvalidArgumentError, match="x: expected .*finite numbers"):
            endpoint(x)
    for name, width in (("decode", "z"), ("sample", "noise")):
        endpoint = tf.function(made[name].__call__, input_signature=made[name].signature)
        with pytest.raises(tf.errors.InvalidArgumentError, match=f"{width}: expected finite numbers"):
            endpoint(x[:, :2])


def test_pixels_that_were_not_scaled_are_rejected():
    """A model that accepted 0 to 255 instead of 0 to 1 would compute wrong scores."""
    score = _by_name(tfvae.zoo.vae((8, 8, 1), latent_dim=2), None, 4)["score"]
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"x: expected finite numbers in \[0, 1\]"):
        score(tf.fill((2, 8, 8, 1), 255.0))


def test_missing_values_are_accepted_if_the_model_accepts_them():
    score = _by_name(tfvae.zoo.miwae((3,), latent_dim=2), None, 4)["score"]
    x = tf.constant([[np.nan, 1.0, 2.0], [np.nan] * 3])
    assert np.isfinite(score(x)["score"]).all()
    with pytest.raises(tf.errors.InvalidArgumentError, match="x: expected finite numbers, or NaN"):
        score(tf.fill((1, 3), np.inf))


def test_a_condition_is_named():
    decode = _by_name(tfvae.zoo.cvae((4,), condition_dim=2, latent_dim=2), None, 4)["decode"]
    with pytest.raises(tf.errors.InvalidArgumentError, match="condition: expected finite numbers"):
        decode(tf.zeros((1, 2)), tf.fill((1, 2), np.nan))


def test_a_request_without_examples_is_rejected():
    for endpoint in endpoints(tfvae.zoo.vae((8, 8, 1), latent_dim=2), None, 4):
        ((name, spec),) = endpoint.specs.items()
        with pytest.raises(tf.errors.InvalidArgumentError, match=f"{name}: expected at least one example"):
            endpoint(tf.zeros((0, *spec.shape[1:])))


def test_a_single_condition_is_not_broadcast():
    encode = _by_name(tfvae.zoo.cvae((4,), condition_dim=2, latent_dim=2), None, 4)["encode"]
    with pytest.raises(tf.errors.InvalidArgumentError, match="condition: expected as many examples as"):
        encode(tf.zeros((3, 4)), tf.zeros((1, 2)))


def test_scalars_and_fixed_batches_are_rejected():
    for shape in ((), (3,), (3, 2)):
        with pytest.raises(InvalidInput, match="score, seed: expected shapes with a batch of any size"):
            Endpoint("score", {"seed": tf.TensorSpec(shape)}, dict)


def test_other_objects_are_rejected():
    with pytest.raises(InvalidInput, match="subject: expected a model of tfvae.* received Dense"):
        endpoints(keras.layers.Dense(2), None, 1)
