"""Discrete choices: made of normal noise, their distributions, and gradients through them."""

from __future__ import annotations

import math
from collections.abc import Iterable

import tensorflow as tf
import tensorflow_probability as tfp
from tensorflow_probability import distributions as tfd

from tfvae.core.checks import integer
from tfvae.core.errors import InvalidInput
from tfvae.core.replicas import sum_over_replicas
from tfvae.distributions.base import BaseDistribution

_SMALLEST = 1e-30  # of an entry of a relaxed code: its logarithm and its inverse fit float32


def gumbel(noise: tf.Tensor) -> tf.Tensor:
    """Return standard Gumbel numbers -log(-log u), u the normal CDF of the noise, exact in both tails."""
    return -tf.math.log(-tfd.Normal(0.0, 1.0).log_cdf(noise))


def choose(logits: tf.Tensor, noise: tf.Tensor) -> tf.Tensor:
    """Draw from categorical distributions.

    index = number of k < K with w_1 + ... + w_k < Phi(noise),  w = softmax(logits), Phi the normal CDF

    Args:
        logits: unnormalized log probabilities [..., K].
        noise: standard normal, broadcast against [...].

    Returns:
        The numbers of the categories, int32 in [0, K).

    Example:
        >>> choose(tf.zeros([3]), tf.constant([-1.0, 0.0, 1.0])).numpy()
        array([0, 1, 2], dtype=int32)
    """
    # Compared on the scale of the noise, which keeps its tails, leaves nothing to clip and for fixed
    # weights costs no special function in an export. The last edge is left out, so that a rounded sum
    # cannot lead past the last index.
    edges = tf.math.ndtri(tf.minimum(tf.cumsum(tf.nn.softmax(logits), axis=-1)[..., :-1], 1.0))
    return tf.reduce_sum(tf.cast(noise[..., tf.newaxis] > edges, tf.int32), axis=-1)


def each_size(num_codes: int | tuple[int, ...], num_positions: int) -> tuple[int, ...]:
    """Return the number of codes at each position, of one for all positions or one for each.

    Raises:
        InvalidInput: for a number below 2, or for not as many as there are positions.

    Example:
        >>> each_size(4, 3), each_size([4, 8], 2)
        ((4, 4, 4), (4, 8))
    """
    several = isinstance(num_codes, Iterable)
    sizes = tuple(num_codes) if several else (num_codes,) * num_positions
    if len(sizes) != num_positions:
        raise InvalidInput("num_codes", f"one number, or one for each of {num_positions} positions", sizes)
    return tuple(integer("num_codes", size, 2) for size in sizes)


def one_size(sizes: tuple[int, ...]) -> int | tuple[int, ...]:
    """Return the number of codes that all positions share, or the numbers where they differ.

    Example:
        >>> one_size((4, 4, 4)), one_size((4, 8))
        (4, (4, 8))
    """
    return sizes[0] if len(set(sizes)) == 1 else sizes


def within(sizes: tuple[int, ...]) -> tf.Tensor:
    """Return logits [P, K] of the uniform distributions over `sizes` codes; -inf for those past them.

    Example:
        >>> within((1, 2)).numpy()
        array([[  0., -inf],
               [  0.,   0.]], dtype=float32)
    """
    return tf.where(tf.sequence_mask(sizes, max(sizes)), 0.0, -math.inf)


def score_function(loss: tf.Tensor, log_q: tf.Tensor) -> tf.Tensor:
    """Return the loss with the gradient of an expectation over draws that carry none themselves.

    value:     loss_b
    gradient:  d loss_b + (loss_b - baseline_b) d sum_s log q(z_bs)

    The baseline is the mean loss of all other examples, on whatever replica they are. It does not
    depend on the example's own draws, so the estimate stays unbiased. A part of the loss that does not
    depend on the draws, such as a KL in closed form, has its own gradient in `d loss_b` and is
    multiplied here with a score whose expectation is zero: it adds variance, and no bias. The loss of
    an example must not depend on the draws of another.

    Args:
        loss: loss of each example, [B].
        log_q: log probability of each draw, differentiable in the parameters alone, [S, B].

    Source: Williams 1992, REINFORCE; Mnih and Rezende 2016, section 2.

    Example:
        >>> float(score_function(tf.constant([2.0, 3.0]), tf.zeros([1, 2]))[0])
        2.0
    """
    fixed = tf.stop_gradient(loss)
    count = sum_over_replicas(tf.cast(tf.shape(loss)[0], loss.dtype))
    baseline = (sum_over_replicas(tf.reduce_sum(fixed)) - fixed) / tf.maximum(count - 1.0, 1.0)
    score = tf.reduce_sum(log_q, axis=0)
    return loss + (fixed - baseline) * (score - tf.stop_gradient(score))


class OneHotRows(tfd.Independent):
    """Independent one-hot variables, their rows laid one after the other: an event of V K numbers.

    Args:
        logits: unnormalized log probabilities [..., V, K].
    """

    def __init__(self, logits: tf.Tensor, name: str = "OneHotRows"):
        self._rows = tuple(logits.shape[-2:])
        super().__init__(
            tfd.OneHotCategorical(logits=logits, dtype=tf.float32), reinterpreted_batch_ndims=1, name=name
        )
        self._parameters = {"logits": logits, "name": name}

    @classmethod
    def _parameter_properties(cls, dtype: object, num_classes: int | None = None) -> dict:
        return {"logits": tfp.util.ParameterProperties(event_ndims=2)}

    def _event_shape(self) -> tf.TensorShape:
        return tf.TensorShape([math.prod(self._rows)])

    def _event_shape_tensor(self) -> tf.Tensor:
        return tf.constant([math.prod(self._rows)])

    def _log_prob(self, x: tf.Tensor) -> tf.Tensor:
        terms = _rows(x, self._rows) * tf.nn.log_softmax(self.distribution.logits)
        return tf.reduce_sum(terms, axis=(-2, -1))

    def _sample_n(self, n: tf.Tensor, seed: object = None) -> tf.Tensor:
        return _flat(super()._sample_n(n, seed))

    def _mean(self) -> tf.Tensor:
        return _flat(super()._mean())

    def _mode(self) -> tf.Tensor:
        return _flat(super()._mode())


class Concrete(BaseDistribution):
    """Independent concrete variables, their rows laid one after the other: an event of V K numbers.

    log p(z) = sum_v log (K - 1)! + (K - 1) log t + sum_k (a_k - (t + 1) log z_k)
               - K log sum_k exp(a_k - t log z_k)

    with logits a and temperature t, a density over each row's first K - 1 entries. Entries below 1e-30
    are taken as 1e-30.

    Args:
        temperature: t > 0.
        logits: unnormalized log probabilities a, [..., V, K].

    Source: Maddison et al. 2017, definition 1; Jang et al. 2017, appendix B.
    """

    def __init__(self, temperature: float, logits: tf.Tensor, name: str = "Concrete"):
        parameters = {"temperature": temperature, "logits": logits, "name": name}
        self._temperature, self._logits = temperature, logits
        self._rows = tuple(logits.shape[-2:])
        super().__init__(parameters, tfd.FULLY_REPARAMETERIZED, name=name)

    @classmethod
    def _parameter_properties(cls, dtype: object, num_classes: int | None = None) -> dict:
        return {
            "temperature": tfp.util.ParameterProperties(),
            "logits": tfp.util.ParameterProperties(event_ndims=2),
        }

    def made_of(self, noise: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Return the draw [..., V K] made of standard normal noise of the same shape, and its log density.

        z = softmax((a + g) / t),  g the Gumbel numbers of the noise
        """
        scores = (self._logits + gumbel(_rows(noise, self._rows))) / self._temperature
        log_z = tf.maximum(tf.nn.log_softmax(scores), math.log(_SMALLEST))
        return _flat(tf.exp(log_z)), self._log_density(log_z)

    def _log_density(self, log_z: tf.Tensor) -> tf.Tensor:
        categories, temperature = self._rows[1], self._temperature
        constant = math.lgamma(categories) + (categories - 1) * math.log(temperature)
        inverse = self._logits - temperature * log_z
        terms = tf.reduce_sum(inverse - log_z, axis=-1) - categories * tf.reduce_logsumexp(inverse, axis=-1)
        return tf.reduce_sum(constant + terms, axis=-1)

    def _log_prob(self, x: tf.Tensor) -> tf.Tensor:
        return self._log_density(tf.math.log(tf.maximum(_rows(x, self._rows), _SMALLEST)))

    def _sample_n(self, n: tf.Tensor, seed: object = None) -> tf.Tensor:
        return self.made_of(tfd.Normal(tf.zeros(tf.shape(_flat(self._logits))), 1.0).sample(n, seed=seed))[0]

    def _batch_shape(self) -> tf.TensorShape:
        return self._logits.shape[:-2]

    def _batch_shape_tensor(self) -> tf.Tensor:
        return tf.shape(self._logits)[:-2]

    def _event_shape(self) -> tf.TensorShape:
        return tf.TensorShape([math.prod(self._rows)])

    def _event_shape_tensor(self) -> tf.Tensor:
        return tf.constant([math.prod(self._rows)])


def _rows(flat: tf.Tensor, shape: tuple[int, int]) -> tf.Tensor:
    return tf.reshape(flat, tf.concat([tf.shape(flat)[:-1], shape], axis=0))


def _flat(rows: tf.Tensor) -> tf.Tensor:
    shape = tf.concat([tf.shape(rows)[:-2], [math.prod(rows.shape[-2:])]], axis=0)
    return tf.reshape(rows, shape)
