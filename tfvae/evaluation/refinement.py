"""The posterior of each example fitted on its own, with the model as it is."""

from __future__ import annotations

import dataclasses
from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf

from tfvae.core.checks import integer
from tfvae.core.errors import InvalidInput
from tfvae.core.inputs import in_batches
from tfvae.core.noise import as_seed
from tfvae.core.trace import Trace
from tfvae.models import VAE

_AT_THE_END = 16  # times the draws of a step


class Refined(NamedTuple):
    """What `refine` returns.

    Attributes:
        features: what each example's q is made of in the place of the encoder's output, [B, ...].
        elbo: the bound with them, [B] nats.
        encoder_elbo: the bound with the encoder's own q and the same draws, [B] nats.
    """

    features: np.ndarray
    elbo: np.ndarray
    encoder_elbo: np.ndarray


def refine(
    model: VAE,
    x: object,
    num_steps: int = 200,
    learning_rate: float = 0.05,
    num_samples: int = 4,
    seed: int = 0,
    batch_size: int = 256,
) -> Refined:
    """Fit q(z) of each example by gradient ascent on its ELBO, from the encoder's q(z|x) on.

    lambda_0 = encoder(x),  lambda_(t+1) = lambda_t + Adam's step along the gradient of ELBO(lambda_t; x)

    The parameters are the features lambda that the posterior projects to those of q: with at least as
    many features as q has parameters, and a projection of full rank, every q of the family can be reached.
    Model and encoder stay as they are. Each step has draws of its own. In the end both bounds, the encoder's
    and the new one, are taken with the same other draws, and each example keeps the better of its two, so
    that none ends below its encoder. As that is a choice by these draws, take `elbo_of` with another seed for
    a figure to report. The difference of the two bounds is the amortization gap.

    Args:
        model: a model whose posterior has a density in closed form, and draws that carry gradients.
        x: data [B, *event].
        num_steps: steps of each example.
        learning_rate: of the first step; it falls to 0 along a cosine.
        num_samples: draws of each step, and sixteen times as many for the choice in the end.
        seed: start of the random numbers.
        batch_size: examples fitted side by side.

    Raises:
        InvalidInput: for another model, and for numbers below 1.

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
        _refined(model, batch, num_steps, learning_rate, num_samples, _folded(seed, index))
        for index, batch in enumerate(in_batches(model.checked(x), batch_size))
    ]
    return Refined(*(np.concatenate(each) for each in zip(*parts, strict=True)))


def elbo_of(
    model: VAE, x: object, features: np.ndarray, num_samples: int = 32, seed: int = 1, batch_size: int = 256
) -> np.ndarray:
    """Return the ELBO of each example with the q that `features` give, [B] nats.

    Args:
        model: the model.
        x: data [B, *event].
        features: as in `Refined`.
        num_samples: draws over which the distortion is averaged.
        seed: start of the random numbers; other than that of `refine` for a figure without its optimism.
        batch_size: examples evaluated at once.
    """
    _check(model, num_samples=num_samples, batch_size=batch_size)
    inputs = {**model.checked(x), "features": tf.cast(features, tf.float32)}
    bounds = []
    for index, batch in enumerate(in_batches(inputs, batch_size)):
        given = batch.pop("features")
        noise = model.noise(num_samples, given.shape[0], _folded(seed, index))
        bounds.append(_with_features(model, model.trace_with_noise(batch, noise[:1]), given, noise).elbo)
    return np.concatenate(bounds)


def _refined(
    model: VAE, inputs: dict, num_steps: int, learning_rate: float, num_samples: int, seed: tf.Tensor
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    features = keras.Variable(_features(model, inputs), dtype="float32")
    optimizer = keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(learning_rate, num_steps))
    optimizer.build([features])
    end_seed, step_seed = tf.unstack(tf.random.experimental.stateless_split(seed, 2))
    count = features.shape[0]
    fixed = model.noise(_AT_THE_END * num_samples, count, end_seed)
    usual = model.trace_with_noise(inputs, fixed[:1])

    @tf.function
    def step(number: tf.Tensor) -> None:
        noise = model.noise(num_samples, count, tf.random.experimental.stateless_fold_in(step_seed, number))
        with tf.GradientTape() as tape:
            loss = -tf.reduce_sum(_with_features(model, usual, features.value, noise).elbo)
        optimizer.apply([tape.gradient(loss, features.value)])

    first = features.numpy()
    for number in range(num_steps):
        step(tf.constant(number))
    ends = (first, features.numpy())
    before, after = (_with_features(model, usual, tf.constant(end), fixed).elbo.numpy() for end in ends)
    better = after > before  # not so where it is NaN
    rows = better.reshape(-1, *(1,) * (first.ndim - 1))
    return np.where(rows, ends[1], first), np.where(better, after, before), before


def _features(model: VAE, inputs: dict) -> tf.Tensor:
    return tf.cast(model.encoder(model.likelihood.encoder_input(inputs["x"])), tf.float32)


def _with_features(model: VAE, usual: Trace, features: tf.Tensor, noise: tf.Tensor) -> Trace:
    """Return the trace of a pass in which `features` take the place of the encoder's."""
    params = model.posterior(features)
    trace = model.retrace(usual, *model.posterior.transform(params, noise))
    return dataclasses.replace(trace, q=model.posterior.distribution(params))


def _folded(seed: int, index: int) -> tf.Tensor:
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
