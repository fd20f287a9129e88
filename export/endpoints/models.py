"""The endpoints of a latent-variable model."""

from __future__ import annotations

import keras
import tensorflow as tf

from tfvae.core.inputs import Input
from tfvae.core.noise import as_seed
from tfvae.core.support import Support
from tfvae.core.types import Shape, Tensor, Tensors
from tfvae.export.endpoints.base import Endpoint, endpoints, example_inputs, layers
from tfvae.export.endpoints.input_checks import require_supported, within
from tfvae.export.endpoints.raw_inputs import examples_of, from_x, raw_specs, to_x
from tfvae.models import LatentModel

_NOISE_SEED = 0
_UNITS = {
    "z": "of the latent space",
    "location": "of the latent space",
    "scale": "of the latent space",
    "noise": "standard normal numbers",
    **dict.fromkeys(("score", "distortion", "rate", "log_likelihood"), "nats"),
}


@endpoints.register
def model_endpoints(
    subject: LatentModel, preprocessing: keras.Layer | None, num_samples: int
) -> list[Endpoint]:
    """Return the endpoints of a model, the default one first.

    encode(x): `location` and `scale` of q(z|x).
    decode(z): `mean`, E[x|z].
    reconstruct(x): `reconstruction`, E[x|z] at the location of q(z|x).
    sample(noise): `sample`, E[x|z] for z computed from standard normal noise [B, latent_dim].
    score(x): `score`, the negative ELBO in nats over `num_samples` fixed draws, and its terms
        `distortion` and `rate`.
    log_likelihood(x): `log_likelihood`, by importance sampling in nats over the same draws.

    A condition, or another input that x is generated from, is an input of each endpoint. A multimodal model
    has an input for each modality instead of x, and outputs with their names; so has a preprocessing layer
    with several raw inputs.

    If q(z|x) has no density, there is no bound: `score` is the distortion alone. Where z is a function of x,
    there is no `log_likelihood`.

    Args:
        subject: the model.
        preprocessing: layer from raw features to the model's x, with `inverse`; densities are those of the
            model's x.
        num_samples: draws, stored in the graph and shared by all examples.
    """
    model = subject
    noise = tf.constant(model.noise(num_samples, 1, as_seed(_NOISE_SEED)))
    own = {name: _numbers(expected.shape) for name, expected in model.accepts.items()}
    given = model.given(own)
    raw = raw_specs(preprocessing, model.event_shape) if "x" in own else {}
    specs = raw | {name: spec for name, spec in own.items() if name != "x"}
    units = _UNITS | getattr(preprocessing, "units", {})
    titles = {} if "x" in raw else {"x": f"x, computed from {', '.join(raw)}"}

    def to_model(inputs: Tensors) -> Tensors:
        ready = {name: value for name, value in inputs.items() if name not in raw}
        if raw:
            ready = {"x": to_x(preprocessing, {name: inputs[name] for name in raw}), **ready}
        require_supported(ready, model.accepts, titles)
        return ready

    def to_raw(name: str, mean: Tensor | Tensors) -> Tensors:
        return mean if isinstance(mean, dict) else from_x(preprocessing, mean, name)

    def encode(inputs: Tensors) -> Tensors:
        return model.posterior_summary(to_model(inputs))

    def decode(inputs: Tensors) -> Tensors:
        require_supported(inputs, model.accepts, titles)
        return to_raw("mean", model.decoded_mean(inputs["z"], model.given(inputs)))

    def reconstruct(inputs: Tensors) -> Tensors:
        return to_raw("reconstruction", model.describe(to_model(inputs))["reconstruction"])

    def sample(inputs: Tensors) -> Tensors:
        require_supported(inputs, model.accepts, titles)
        conditions = model.given(inputs)
        z = model.prior_draw(inputs["noise"], conditions)
        return to_raw("sample", model.decoded_mean(z, conditions))

    def score(inputs: Tensors) -> Tensors:
        trace = model.trace_with_noise(to_model(inputs), noise)
        if not model.has_density:
            return {"score": trace.distortion, "distortion": trace.distortion}
        return {"score": -trace.elbo, "distortion": trace.distortion, "rate": trace.rate}

    def log_likelihood(inputs: Tensors) -> Tensors:
        log_weights = model.trace_with_noise(to_model(inputs), noise).log_weights
        count = tf.cast(num_samples, tf.float32)
        return {"log_likelihood": tf.reduce_logsumexp(log_weights, axis=0) - tf.math.log(count)}

    made = [
        Endpoint("encode", specs, encode, units),
        Endpoint("decode", {"z": _numbers((model.latent_dim,)), **given}, decode, units),
        Endpoint("reconstruct", specs, reconstruct, units),
        Endpoint("sample", {"noise": _numbers((model.prior_noise_dim,)), **given}, sample, units),
        Endpoint("score", specs, score, units),
    ]
    if model.draws_at_random:
        made.append(Endpoint("log_likelihood", specs, log_likelihood, units))
    return made


@example_inputs.register
def model_examples(subject: LatentModel, preprocessing: keras.Layer | None, count: int = 5) -> Tensors:
    """Return examples of the endpoints' inputs, drawn from the model.

    Args:
        subject: the model.
        preprocessing: layer from raw features to the model's x.
        count: number of examples.
    """
    model, seed = subject, as_seed(_NOISE_SEED)
    noise = tf.random.stateless_normal((count, model.prior_noise_dim), seed)
    given = {
        name: _example(expected, count, tf.random.experimental.stateless_fold_in(seed, index))
        for index, (name, expected) in enumerate(model.given(model.accepts).items())
    }
    z = model.prior_draw(noise, given)
    mean = model.decoded_mean(z, given)
    data = mean if isinstance(mean, dict) else {"x": mean}
    data = {name: within(model.accepts[name].support, value) for name, value in data.items()}
    if "x" in data:
        names = list(raw_specs(preprocessing, model.event_shape))
        data = examples_of(preprocessing, data.pop("x"), names) | data
    return {**data, "z": z, "noise": noise, **given}


@layers.register
def model_layers(subject: LatentModel) -> list[keras.Layer]:
    """Return the model, which holds all weights.

    Args:
        subject: the model.
    """
    return [subject]


def _numbers(shape: Shape) -> tf.TensorSpec:
    return tf.TensorSpec((None, *shape), tf.float32)


def _example(expected: Input, count: int, seed: Tensor) -> Tensor:
    shape = (count, *expected.shape)
    if isinstance(expected.support, Support) and expected.support.bounded:
        return tf.fill(shape, expected.support.fill_value)
    return tf.random.stateless_normal(shape, seed)
