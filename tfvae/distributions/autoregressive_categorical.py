"""Texts whose tokens are drawn one after the other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tensorflow as tf
import tensorflow_probability as tfp
from tensorflow_probability import distributions as tfd

from tfvae.core.types import Tensor
from tfvae.distributions.base import UnvalidatedDistribution

_SMALLEST = 1e-30  # uniform number, so that its logarithm is finite


class AutoregressiveCategorical(UnvalidatedDistribution):
    """Texts x [T] of tokens 0, 1, ..., K - 1, each given the tokens before it; NaN after the last token.

    p(x) = prod over the tokens of p(x_t|x_1, ..., x_(t-1)). A draw has T tokens: the length is given, and
    no part of the distribution.

    Args:
        features: what the two functions take beside the tokens, [..., n].
        shown: 1 for each token that the later ones see and 0 for one that they do not, [..., T].
        logits: function of texts [..., T] without NaN, the features and what is shown to the logits of every
            token, [..., T, K], each given the tokens before.
        generate: function of the features, a number n of texts for each of the N features, and a function
            from a step and its logits [n N, K] to scores of that shape, to texts [n N, T] generated token by
            token: at each step the one of the highest score.
        name: of the distribution.

    Source: Bowman et al. 2016, section 3.

    Example:
        >>> from tfvae.likelihoods import AutoregressiveCategorical as Likelihood
        >>> likelihood = Likelihood((4,), num_categories=3, units=5)
        >>> params = likelihood(tf.ones([2, 6]))
        >>> p = AutoregressiveCategorical(**params, logits=likelihood.logits, generate=likelihood.generate)
        >>> p.log_prob(p.sample(seed=(1, 2))).shape
        TensorShape([2])
    """

    def __init__(
        self,
        features: Tensor,
        shown: Tensor,
        logits: Callable[[Tensor, Tensor, Tensor], Tensor],
        generate: Callable[[Tensor, int | Tensor, Callable[[Tensor, Tensor], Tensor]], Tensor],
        name: str = "AutoregressiveCategorical",
    ):
        parameters = dict(locals())
        self._features, self._shown, self._logits, self._in_turn = features, shown, logits, generate
        super().__init__(parameters, name=name)

    @classmethod
    def _parameter_properties(cls, dtype: Any, num_classes: int | None = None) -> dict[str, Any]:
        return {name: tfp.util.ParameterProperties(event_ndims=1) for name in ("features", "shown")}

    def _event_shape(self) -> tf.TensorShape:
        return self._shown.shape[-1:]

    def _event_shape_tensor(self, **_: Any) -> Tensor:
        return tf.shape(self._shown)[-1:]

    def _log_prob(self, x: Tensor) -> Tensor:
        there = ~tf.math.is_nan(x)
        x = tf.where(there, x, 0.0)
        logits = self._logits(x, self._features, self._shown)
        log_probs = tfd.Categorical(logits=logits).log_prob(tf.cast(x, tf.int32))
        return tf.reduce_sum(tf.where(there, log_probs, 0.0), axis=-1)

    def _sample_n(self, n: Tensor, seed: Any = None) -> Tensor:
        seed = tfp.random.sanitize_seed(seed)

        def score(step: Tensor, logits: Tensor) -> Tensor:
            uniform = tf.random.stateless_uniform(
                tf.shape(logits), tf.random.experimental.stateless_fold_in(seed, step), minval=_SMALLEST
            )
            return logits - tf.math.log(-tf.math.log(uniform))  # the highest is a draw from the softmax

        return tf.reshape(self._in_turn(self._features, n, score), tf.concat([[n], tf.shape(self._shown)], 0))
