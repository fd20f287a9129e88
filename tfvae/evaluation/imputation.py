"""Imputation of missing values, given the observed ones."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator

import numpy as np
import tensorflow as tf

from tfvae.core.checks import integer
from tfvae.core.errors import InvalidInput
from tfvae.core.inputs import in_batches
from tfvae.core.noise import as_seed
from tfvae.core.trace import Trace
from tfvae.core.types import Inputs, Tensor, Tensors
from tfvae.models import VAE

_DECODED_AT_ONCE = 16384  # latent points


def impute(model: VAE, x: Inputs, num_samples: int = 1000, seed: int = 0) -> np.ndarray:
    """Return data whose missing values are replaced by E[x_mis|x_obs], by importance sampling.

    E[x_mis|x_obs] ~ sum_k v_k E[x_mis|z_k],  z_k ~ q(z|x_obs),  k = 1..K
    v_k = w_k / sum_j w_j,  w_k = p(x_obs|z_k) p(z_k) / q(z_k|x_obs)

    Categories and ranks are replaced by the most probable one under sum_k v_k p(x_mis|z_k), columns of
    `likelihoods.Positive` by exp(E[log x_mis|x_obs]), as the mean of a log-normal can be far out. If the
    likelihood models the mask s of what is missing (`MissingNotAtRandom`), the estimate is E[x_mis|x_obs, s]:
    the weights contain p(x_obs, s|z_k), and the average is of E[x_mis|z_k, s]. The error falls with the
    square root of the effective sample size 1 / sum_k v_k^2, the bias with 1/K.

    Observed values that overflow float32, such as 1e20, are treated as missing, with a warning.

    Args:
        model: a model whose likelihood takes NaN as missing, such as `MissingAtRandom`, and whose posterior
            has a density.
        x: data [B, *event], NaN where missing, or the model's inputs by name.
        num_samples: K; above 16384 the memory needed is proportional to it.
        seed: seed of the draws.

    Returns:
        The data, float32 [B, *event]; observed values are unchanged.

    Raises:
        InvalidInput: for another model, and values that its likelihood does not take.

    Source: Mattei and Frellsen 2019 (MIWAE), section 4; Ipsen et al. 2021 (not-MIWAE).

    Example:
        >>> import tfvae
        >>> model = tfvae.zoo.miwae((3,), latent_dim=2)
        >>> x = np.array([[0.5, 1.0, 2.0], [0.5, np.nan, 2.0]])
        >>> filled = impute(model, x, num_samples=20)
        >>> filled[0].tolist(), bool(np.isfinite(filled).all())
        ([0.5, 1.0, 2.0], True)
    """
    filled = []
    for given, trace, _ in _passes(model, x, num_samples, seed):
        weights = tf.nn.softmax(trace.log_weights, axis=0)
        statistic = model.likelihood.missing_statistic(trace.record["likelihood"])
        average = tf.einsum("kb,kbn->bn", weights, tf.reshape(statistic, (*weights.shape, -1)))
        average = tf.reshape(average, statistic.shape[1:])
        filled.append(_replace_missing(given, model.likelihood.missing_estimate(average)))
    return np.concatenate(filled)


def multiple_imputations(
    model: VAE, x: Inputs, num_imputations: int = 20, num_samples: int = 1000, seed: int = 0
) -> np.ndarray:
    """Return M copies of data whose missing values are draws from p(x_mis|x_obs).

    k_m ~ Categorical(v),  x_mis ~ p(x_mis|z_(k_m)),  m = 1..M,  with z_k and v_k as in `impute`

    Sampling importance resampling: the draws have the distribution p(x_mis|x_obs) as K grows. With a small
    effective sample size they are too similar, as the same z is chosen again. If the likelihood models the
    mask, they are conditioned on it too.

    Args:
        model: a model whose likelihood takes NaN as missing, such as `MissingAtRandom`, and whose posterior
            has a density.
        x: data [B, *event], NaN where missing, or the model's inputs by name.
        num_imputations: M, the number of copies.
        num_samples: K; above 16384 the memory needed is proportional to it.
        seed: seed of the draws.

    Returns:
        The copies, float32 [M, B, *event]; observed values are unchanged.

    Raises:
        InvalidInput: for another model, and values that its likelihood does not take.

    Source: Mattei and Frellsen 2019 (MIWAE), section 4; Rubin 1987.

    Example:
        >>> import tfvae
        >>> model = tfvae.zoo.miwae((3,), latent_dim=2)
        >>> multiple_imputations(model, [[0.5, np.nan, 2.0]], num_imputations=5, num_samples=20).shape
        (5, 1, 3)
    """
    integer("num_imputations", num_imputations)
    filled = []
    for given, trace, batch_seed in _passes(model, x, num_samples, seed):
        choice_seed, draw_seed = tf.unstack(tf.random.experimental.stateless_split(batch_seed, 2))
        log_weights = tf.transpose(trace.log_weights)
        choice = tf.random.stateless_categorical(log_weights, num_imputations, choice_seed, dtype=tf.int32)
        chosen = tf.transpose(choice)  # [M, B]
        rows = tf.broadcast_to(tf.range(tf.shape(chosen)[1]), tf.shape(chosen))
        indices = tf.stack([chosen, rows], axis=-1)
        params = {name: tf.gather_nd(v, indices) for name, v in trace.record["likelihood"].items()}
        filled.append(_replace_missing(given, model.likelihood.missing_draw(params, draw_seed)))
    return np.concatenate(filled, axis=1)


def _passes(model: VAE, x: Inputs, num_samples: int, seed: int) -> Iterator[tuple[np.ndarray, Trace, Tensor]]:
    """Yield batches of x [b, *event], their traces with K draws, and a seed for each."""
    integer("num_samples", num_samples)
    if not model.likelihood.support.missing:
        raise InvalidInput(
            "model",
            "one whose likelihood takes NaN as missing, such as MissingAtRandom",
            type(model.likelihood).__name__,
        )
    if not model.has_density:
        raise InvalidInput("model", "one whose q(z|x) has a density", type(model.posterior).__name__)
    for index, batch in enumerate(in_batches(model.checked(x), max(1, _DECODED_AT_ONCE // num_samples))):
        noise_seed, batch_seed = tf.unstack(
            tf.random.experimental.stateless_split(
                tf.random.experimental.stateless_fold_in(as_seed(seed), index), 2
            )
        )
        noise = model.noise(num_samples, batch["x"].shape[0], noise_seed)
        yield batch["x"].numpy(), _finite_trace(model, batch, noise), batch_seed


def _finite_trace(model: VAE, inputs: Tensors, noise: Tensor) -> Trace:
    """Return the trace of a pass; observed values that overflow float32 are treated as missing.

    Where the average over draws would be NaN, the largest observed value of the row is left out, and so on.
    """
    trace = model.trace_with_noise(inputs, noise)
    for _ in range(math.prod(model.event_shape)):
        usable = tf.math.is_finite(tf.reduce_logsumexp(trace.log_weights, axis=0))
        x = inputs["x"].numpy().reshape(len(usable), -1)
        rows = np.flatnonzero(~usable.numpy() & ~np.isnan(x).all(axis=1))
        if not len(rows):
            break
        columns = np.nanargmax(np.abs(x[rows]), axis=1)
        warnings.warn(
            f"x: the density of an observed {x[rows[0], columns[0]]:g} is 0 in float32; such values are "
            "treated as missing",
            stacklevel=4,
        )
        x[rows, columns] = np.nan
        inputs = {**inputs, "x": tf.reshape(tf.constant(x), inputs["x"].shape)}
        trace = model.trace_with_noise(inputs, noise)
    return trace


def _replace_missing(x: np.ndarray, values: tf.Tensor) -> np.ndarray:
    return np.where(np.isnan(x), values.numpy(), x)
