"""Semi-amortized inference: the posterior of each example refined by gradient ascent on its ELBO."""

from __future__ import annotations

import dataclasses
from typing import Any, NamedTuple

import keras
import numpy as np
import tensorflow as tf

from tfvae.core.checks import integer
from tfvae.core.errors import InvalidInput
from tfvae.core.inputs import in_batches
from tfvae.core.noise import as_seed
from tfvae.core.trace import Trace
from tfvae.core.types import ArrayLike, Inputs, Tensor, Tensors
from tfvae.models import VAE

_FINAL_FACTOR = 16  # draws of the final comparison for each draw of a step


class Refined(NamedTuple):
    """Refined posteriors and their bounds.

    Attributes:
        features: features of each example that replace the encoder's output, [B, ...].
        elbo: the ELBO with these features, [B] nats.
        encoder_elbo: the ELBO with the encoder's output and the same draws, [B] nats.
    """

    features: np.ndarray
    elbo: np.ndarray
    encoder_elbo: np.ndarray


def refine(
    model: VAE,
    x: Inputs,
    num_steps: int = 200,
    learning_rate: float = 0.05,
    num_samples: int = 4,
    seed: int = 0,
    batch_size: int = 256,
) -> Refined:
    """Return q(z) of each example refined by gradient ascent on its ELBO, starting from the encoder's q(z|x).

    lambda_0 = encoder(x),  lambda_(t+1) = lambda_t + Adam's step along the gradient of ELBO(lambda_t; x)

    What is refined are the features lambda, which the posterior projects to the parameters of q: with at
    least as many features as parameters and a projection of full rank, every q of the family can be reached.
    Model and encoder are not changed. Each step has new draws. At the end both bounds, the encoder's and the
    refined one, are computed with the same further draws, and each example keeps the better of the two, so
    that none ends below its encoder. As this selects by these draws, report `refined_elbo` with another seed.
    The difference of the two bounds is the amortization gap.

    Args:
        model: a model whose posterior has a density in closed form and draws that carry gradients.
        x: data [B, *event], or the model's inputs by name.
        num_steps: number of steps of each example.
        learning_rate: of the first step; it decays to 0 along a cosine.
        num_samples: number of draws of each step; the final comparison has sixteen times as many.
        seed: seed of the draws.
        batch_size: number of examples refined at once.

    Returns:
        The features and both bounds.

    Raises:
        InvalidInput: for another model, and numbers below 1.

    Source: Kim et al. 2018 (semi-amortized inference); Cremer et al. 2018 (the amortization gap).

    Example:
        >>> import tfvae
        >>> vae = tfvae.zoo.vae((4,), latent_dim=2)
        >>> refined = refine(vae, np.ones((3, 4)), num_steps=10)
        >>> bool((refined.elbo >= refined.encoder_elbo).all())
        True
    """
    _check(model, num_steps=num_steps, num_samples=num_samples, batch_size=batch_size)
    parts = [
        _refined(model, batch, num_steps, learning_rate, num_samples, _batch_seed(seed, index))
        for index, batch in enumerate(in_batches(model.checked(x), batch_size))
    ]
    return Refined(*(np.concatenate(each) for each in zip(*parts, strict=True)))


def refined_elbo(
    model: VAE,
    x: Inputs,
    features: ArrayLike,
    num_samples: int = 32,
    seed: int = 1,
    batch_size: int = 256,
) -> np.ndarray:
    """Return the ELBO of each example with refined features, [B] nats.

    Args:
        model: the model.
        x: data [B, *event], or the model's inputs by name.
        features: those of `Refined`.
        num_samples: number of draws for each example.
        seed: seed of the draws; another one than that of `refine` gives an unbiased estimate.
        batch_size: number of examples evaluated at once.

    Raises:
        InvalidInput: for a model that `refine` does not take, and numbers below 1.

    Example:
        >>> import tfvae
        >>> vae, x = tfvae.zoo.vae((4,), latent_dim=2), np.ones((3, 4))
        >>> refined_elbo(vae, x, refine(vae, x, num_steps=10).features).shape
        (3,)
    """
    _check(model, num_samples=num_samples, batch_size=batch_size)
    inputs = {**model.checked(x), "features": tf.cast(features, tf.float32)}
    bounds = []
    for index, batch in enumerate(in_batches(inputs, batch_size)):
        given = batch.pop("features")
        noise = model.noise(num_samples, given.shape[0], _batch_seed(seed, index))
        bounds.append(_with_features(model, model.trace_with_noise(batch, noise[:1]), given, noise).elbo)
    return np.concatenate(bounds)


def _refined(
    model: VAE, inputs: Tensors, num_steps: int, learning_rate: float, num_samples: int, seed: Tensor
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    features = keras.Variable(_features(model, inputs), dtype="float32")
    schedule: Any = keras.optimizers.schedules.CosineDecay(learning_rate, num_steps)
    optimizer = keras.optimizers.Adam(schedule)
    optimizer.build([features])
    end_seed, step_seed = tf.unstack(tf.random.experimental.stateless_split(seed, 2))
    count = features.shape[0]
    fixed = model.noise(_FINAL_FACTOR * num_samples, count, end_seed)
    encoder_trace = model.trace_with_noise(inputs, fixed[:1])

    @tf.function(autograph=False)
    def step(number: Tensor) -> None:
        noise = model.noise(num_samples, count, tf.random.experimental.stateless_fold_in(step_seed, number))
        with tf.GradientTape() as tape:
            loss = -tf.reduce_sum(_with_features(model, encoder_trace, features.value, noise).elbo)
        optimizer.apply([tape.gradient(loss, features.value)])

    first = features.numpy()
    for number in range(num_steps):
        step(tf.constant(number))
    ends = (first, features.numpy())
    before, after = (
        _with_features(model, encoder_trace, tf.constant(end), fixed).elbo.numpy() for end in ends
    )
    better = after > before  # False for NaN
    rows = better.reshape(-1, *(1,) * (first.ndim - 1))
    return np.where(rows, ends[1], first), np.where(better, after, before), before


def _features(model: VAE, inputs: Tensors) -> Tensor:
    return tf.cast(model.encoder(model.likelihood.encoder_input(inputs["x"])), tf.float32)


def _with_features(model: VAE, encoder_trace: Trace, features: Tensor, noise: Tensor) -> Trace:
    """Return the trace of a pass in which `features` replace the encoder's output."""
    params = model.posterior(features)
    trace = model.retrace(encoder_trace, *model.posterior.transform(params, noise))
    return dataclasses.replace(trace, q=model.posterior.distribution(params))


def _batch_seed(seed: int, index: int) -> Tensor:
    return tf.random.experimental.stateless_fold_in(as_seed(seed), index)


def _check(model: VAE, **numbers: int) -> None:
    for name, value in numbers.items():
        integer(name, value)
    posterior = model.posterior
    if not (posterior.has_density and posterior.explicit_density and posterior.reparameterized):
        raise InvalidInput(
            "model",
            "a posterior with a density in closed form, and draws that carry gradients",
            type(posterior).__name__,
        )
