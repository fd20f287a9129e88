"""A model's endpoints as functions from tensors to named tensors, with all randomness fixed.

Every endpoint has one input with the batch on axis 0 and begins with a shape check: a server can then
batch requests, and a request of the wrong rank is an error instead of the end of the process.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import keras
import tensorflow as tf

from tfvae.models import VAE
from tfvae.noise import as_seed

_NOISE_SEED = 0


@dataclasses.dataclass(frozen=True)
class Endpoint:
    """A function of one named tensor [B, *shape], float32.

    Attributes:
        name: the endpoint's name.
        argument: the input's name.
        shape: shape of one item of the input.
        function: from that tensor to a dict of named tensors [B, ...].
    """

    name: str
    argument: str
    shape: tuple[int, ...]
    function: Callable[[tf.Tensor], dict[str, tf.Tensor]]

    @property
    def signature(self) -> tf.TensorSpec:
        """The input's specification."""
        return tf.TensorSpec((None, *self.shape), tf.float32, name=self.argument)

    def __call__(self, value: tf.Tensor) -> dict[str, tf.Tensor]:
        """Check the shape, then apply the function."""
        return self.function(tf.ensure_shape(value, (None, *self.shape)))


def endpoints(model: VAE, preprocessing: keras.Layer | None, num_samples: int) -> list[Endpoint]:
    """Return the endpoints of a VAE, the default one first.

    encode(x): `location` and `scale` of q(z|x).
    decode(z): `mean`, E[x|z].
    reconstruct(x): `reconstruction`, E[x|z] at the location of q(z|x).
    sample(noise): `sample`, E[x|z] for z made of standard normal noise [B, latent_dim].
    score(x): `score`, the negative ELBO in nats over `num_samples` fixed draws, and its terms
        `distortion` and `rate`.
    log_likelihood(x): `log_likelihood`, importance sampled in nats over the same draws.

    A model whose q(z|x) has no density has no bound: its `score` is the distortion alone, and
    `log_likelihood` is left out.

    Args:
        model: the model.
        preprocessing: layer from raw features to the model's x, with `inverse`; densities stay those
            of the model's x.
        num_samples: draws, stored in the graph and shared by all examples.
    """
    before = preprocessing if preprocessing is not None else tf.identity
    after = preprocessing.inverse if preprocessing is not None else tf.identity
    noise = tf.constant(model.noise(num_samples, 1, as_seed(_NOISE_SEED)))

    def encode(x: tf.Tensor) -> dict[str, tf.Tensor]:
        return model.posterior_summary({"x": before(x)})

    def decode(z: tf.Tensor) -> dict[str, tf.Tensor]:
        return {"mean": after(model.decoded_mean(z))}

    def reconstruct(x: tf.Tensor) -> dict[str, tf.Tensor]:
        return {"reconstruction": after(model.describe({"x": before(x)})["reconstruction"])}

    def sample(noise: tf.Tensor) -> dict[str, tf.Tensor]:
        return {"sample": after(model.decoded_mean(model.prior_draw(noise)))}

    def score(x: tf.Tensor) -> dict[str, tf.Tensor]:
        trace = model.trace_with_noise({"x": before(x)}, noise)
        if not model.has_density:
            return {"score": trace.distortion, "distortion": trace.distortion}
        return {"score": -trace.elbo, "distortion": trace.distortion, "rate": trace.rate}

    def log_likelihood(x: tf.Tensor) -> dict[str, tf.Tensor]:
        log_weights = model.trace_with_noise({"x": before(x)}, noise).log_weights
        count = tf.cast(num_samples, tf.float32)
        return {"log_likelihood": tf.reduce_logsumexp(log_weights, axis=0) - tf.math.log(count)}

    event, latent = tuple(model.event_shape), (model.latent_dim,)
    given = [
        Endpoint("encode", "x", event, encode),
        Endpoint("decode", "z", latent, decode),
        Endpoint("reconstruct", "x", event, reconstruct),
        Endpoint("sample", "noise", (model.prior_noise_dim,), sample),
        Endpoint("score", "x", event, score),
    ]
    if model.has_density:
        given.append(Endpoint("log_likelihood", "x", event, log_likelihood))
    return given


def example_inputs(model: VAE, preprocessing: keras.Layer | None, count: int = 5) -> dict[str, tf.Tensor]:
    """Return inputs by argument name that the endpoints take: draws from the model itself."""
    noise = tf.random.stateless_normal((count, model.prior_noise_dim), as_seed(_NOISE_SEED))
    z = model.prior_draw(noise)
    x = model.decoded_mean(z)
    return {"x": x if preprocessing is None else preprocessing.inverse(x), "z": z, "noise": noise}
