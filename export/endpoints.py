"""A model's endpoints as functions from tensors to named tensors, with all randomness fixed.

Every input has the batch on axis 0 and a shape check: a server can then batch requests, and a request of the
wrong rank is an error instead of the end of the process.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import keras
import tensorflow as tf

from tfvae.inputs import Input
from tfvae.models import LatentModel
from tfvae.noise import as_seed

_NOISE_SEED = 0


@dataclasses.dataclass(frozen=True)
class Endpoint:
    """A function of named tensors [B, *shape], float32.

    Attributes:
        name: the endpoint's name.
        shapes: shape of one item of each input, by the input's name.
        function: from those tensors, by name, to a dict of named tensors [B, ...].
    """

    name: str
    shapes: dict[str, tuple[int, ...]]
    function: Callable[[dict[str, tf.Tensor]], dict[str, tf.Tensor]]

    @property
    def signature(self) -> list[tf.TensorSpec]:
        """The inputs' specifications."""
        return [tf.TensorSpec((None, *shape), tf.float32, name) for name, shape in self.shapes.items()]

    def __call__(self, *values: tf.Tensor) -> dict[str, tf.Tensor]:
        """Check the shapes, then apply the function."""
        named = zip(self.shapes.items(), values, strict=True)
        return self.function({name: tf.ensure_shape(value, (None, *shape)) for (name, shape), value in named})


def endpoints(model: LatentModel, preprocessing: keras.Layer | None, num_samples: int) -> list[Endpoint]:
    """Return the endpoints of a model, the default one first.

    encode(x): `location` and `scale` of q(z|x).
    decode(z): `mean`, E[x|z].
    reconstruct(x): `reconstruction`, E[x|z] at the location of q(z|x).
    sample(noise): `sample`, E[x|z] for z made of standard normal noise [B, latent_dim].
    score(x): `score`, the negative ELBO in nats over `num_samples` fixed draws, and its terms
        `distortion` and `rate`.
    log_likelihood(x): `log_likelihood`, importance sampled in nats over the same draws.

    What x is generated from, such as a condition, is one more input of each of them. A model of several
    kinds of data has an input for each in the place of x, and outputs of their names.

    A model whose q(z|x) has no density has no bound: its `score` is the distortion alone, and
    `log_likelihood` is left out.

    Args:
        model: the model.
        preprocessing: layer from raw features to the model's x, with `inverse`; densities stay those
            of the model's x.
        num_samples: draws, stored in the graph and shared by all examples.
    """
    after = preprocessing.inverse if preprocessing is not None else tf.identity
    noise = tf.constant(model.noise(num_samples, 1, as_seed(_NOISE_SEED)))
    shapes = {name: expected.shape for name, expected in model.accepts.items()}
    given = model.given(shapes)

    def before(inputs: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        return inputs if preprocessing is None else {**inputs, "x": preprocessing(inputs["x"])}

    def encode(inputs: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        return model.posterior_summary(before(inputs))

    def decode(inputs: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        return _named("mean", after, model.decoded_mean(inputs["z"], model.given(inputs)))

    def reconstruct(inputs: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        return _named("reconstruction", after, model.describe(before(inputs))["reconstruction"])

    def sample(inputs: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        conditions = model.given(inputs)
        z = model.prior_draw(inputs["noise"], conditions)
        return _named("sample", after, model.decoded_mean(z, conditions))

    def score(inputs: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        trace = model.trace_with_noise(before(inputs), noise)
        if not model.has_density:
            return {"score": trace.distortion, "distortion": trace.distortion}
        return {"score": -trace.elbo, "distortion": trace.distortion, "rate": trace.rate}

    def log_likelihood(inputs: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        log_weights = model.trace_with_noise(before(inputs), noise).log_weights
        count = tf.cast(num_samples, tf.float32)
        return {"log_likelihood": tf.reduce_logsumexp(log_weights, axis=0) - tf.math.log(count)}

    made = [
        Endpoint("encode", shapes, encode),
        Endpoint("decode", {"z": (model.latent_dim,), **given}, decode),
        Endpoint("reconstruct", shapes, reconstruct),
        Endpoint("sample", {"noise": (model.prior_noise_dim,), **given}, sample),
        Endpoint("score", shapes, score),
    ]
    if model.has_density:
        made.append(Endpoint("log_likelihood", shapes, log_likelihood))
    return made


def example_inputs(
    model: LatentModel, preprocessing: keras.Layer | None, count: int = 5
) -> dict[str, tf.Tensor]:
    """Return inputs by name that the endpoints take: draws from the model itself."""
    seed = as_seed(_NOISE_SEED)
    noise = tf.random.stateless_normal((count, model.prior_noise_dim), seed)
    given = {
        name: _example(expected, count, tf.random.experimental.stateless_fold_in(seed, index))
        for index, (name, expected) in enumerate(model.given(model.accepts).items())
    }
    z = model.prior_draw(noise, given)
    after = preprocessing.inverse if preprocessing is not None else tf.identity
    return {**_named("x", after, model.decoded_mean(z, given)), "z": z, "noise": noise, **given}


def _example(expected: Input, count: int, seed: tf.Tensor) -> tf.Tensor:
    shape = (count, *expected.shape)
    if expected.support.bounded:
        return tf.fill(shape, expected.support.inside)
    return tf.random.stateless_normal(shape, seed)


def _named(name: str, after: Callable[[tf.Tensor], tf.Tensor], value: object) -> dict[str, tf.Tensor]:
    """Return values by their own names where the model has several kinds of data."""
    return value if isinstance(value, dict) else {name: after(value)}
