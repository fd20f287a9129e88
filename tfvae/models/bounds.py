"""The bounds of log p(x) that every latent-variable model has: arrays of any size, in bounded memory."""

from __future__ import annotations

import abc
import functools
from collections.abc import Callable

import numpy as np
import tensorflow as tf

from tfvae.core import inputs as user
from tfvae.core.checks import integer
from tfvae.core.errors import InvalidInput
from tfvae.core.importance import log_mean_weight
from tfvae.core.noise import as_seed
from tfvae.core.trace import Trace
from tfvae.core.tracing import without_retracing_hints
from tfvae.core.types import Inputs, Tensor, Tensors


class Bounds(abc.ABC):
    """ELBO, distortion and log-likelihood of each example; mixed into a model, abstract.

    Every method takes an explicit seed and leaves the state of training unchanged.

    Attributes:
        decoded_at_once: latent points that `log_likelihood` decodes at a time; memory is proportional to it.
    """

    decoded_at_once = 16384

    @property
    @abc.abstractmethod
    def has_density(self) -> bool:
        """Whether q(z|x) has a density, without which there is no bound."""

    @property
    @abc.abstractmethod
    def draws_at_random(self) -> bool:
        """Whether z is random given x."""

    @abc.abstractmethod
    def checked(self, inputs: Inputs) -> Tensors:
        """Return inputs as tensors, every value checked."""

    @abc.abstractmethod
    def draw_trace(self, inputs: Tensors, num_samples: int | Tensor, seed: Tensor) -> Trace:
        """Return the trace of one pass with `num_samples` draws for each example."""

    def elbo(self, inputs: Inputs, num_samples: int = 1, seed: int = 0, batch_size: int = 512) -> np.ndarray:
        """Return the evidence lower bound of each example, [B] nats, whatever the objective.

        Args:
            inputs: data [B, *event].
            num_samples: draws over which the distortion is averaged.
            seed: start of the random numbers; the same seed and batch size give the same values.
            batch_size: examples evaluated at once.
        """
        self._check_bound("elbo", num_samples)
        return self._evaluate(
            functools.partial(self._elbo, tf.constant(num_samples)), inputs, seed, batch_size
        )

    def distortion(
        self, inputs: Inputs, num_samples: int = 1, seed: int = 0, batch_size: int = 512
    ) -> np.ndarray:
        """Return -E_q log p(x|z) of each example, [B] nats, which every model has.

        Args as in `elbo`.
        """
        integer("num_samples", num_samples)
        function = functools.partial(self._distortion, tf.constant(num_samples))
        return self._evaluate(function, inputs, seed, batch_size)

    def log_likelihood(
        self, inputs: Inputs, num_samples: int = 512, seed: int = 0, batch_size: int = 128
    ) -> np.ndarray:
        """Estimate log p(x) of each example by importance sampling, [B] nats.

        log p(x) ~ log((1/K) sum_k p(x|z_k) p(z_k) / q(z_k|x)),  z_k ~ q(z|x)

        A lower bound in expectation, which tightens with K = `num_samples`.

        Source: Burda et al. 2016, equation 8.
        """
        return self.log_likelihood_with_error(inputs, num_samples, seed, batch_size)[0]

    def log_likelihood_with_error(
        self, inputs: Inputs, num_samples: int = 512, seed: int = 0, batch_size: int = 128
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return `log_likelihood` and its standard error over the draws, each [B] nats; NaN for one draw."""
        self._check_bound("log_likelihood", num_samples)
        if not self.draws_at_random:
            expected = "a model whose q(z|x) draws z at random; without that the bound is elbo, for any K"
            raise InvalidInput("log_likelihood", expected, "a model whose z is a function of x")
        function = functools.partial(self._log_likelihood, tf.constant(num_samples))
        estimates = self._evaluate(function, inputs, seed, batch_size)
        return tuple(estimates.T if isinstance(estimates, np.ndarray) else tf.unstack(estimates, axis=-1))

    def _check_bound(self, name: str, num_samples: int) -> None:
        if not self.has_density:
            raise InvalidInput(name, "a model whose q(z|x) has a density", "a model without one")
        integer("num_samples", num_samples)

    def _evaluate(
        self, function: Callable[[Tensors, Tensor], Tensor], inputs: Inputs, seed: int, batch_size: int
    ) -> np.ndarray | Tensor:
        """Return function(batch, seed) of all batches as an array, or in a graph a tensor of all inputs."""
        integer("batch_size", batch_size)
        tensors = self.checked(inputs)
        if any(map(user.is_symbolic, tensors.values())):
            return function(tensors, as_seed(seed))
        results = []
        with without_retracing_hints():
            for index, batch in enumerate(user.in_batches(tensors, batch_size)):
                batch_seed = tf.random.experimental.stateless_fold_in(as_seed(seed), index)
                results.append(function(batch, batch_seed).numpy())
        return np.concatenate(results)

    @tf.function(reduce_retracing=True, autograph=False)
    def _elbo(self, num_samples: Tensor, inputs: Tensors, seed: Tensor) -> Tensor:
        return self.draw_trace(inputs, num_samples, seed).elbo

    @tf.function(reduce_retracing=True, autograph=False)
    def _distortion(self, num_samples: Tensor, inputs: Tensors, seed: Tensor) -> Tensor:
        return self.draw_trace(inputs, num_samples, seed).distortion

    @tf.function(reduce_retracing=True)  # with autograph, for the loop of the importance weights
    def _log_likelihood(self, num_samples: Tensor, inputs: Tensors, seed: Tensor) -> Tensor:
        def log_weights(draws: Tensor, draw_seed: Tensor) -> Tensor:
            return self.draw_trace(inputs, draws, draw_seed).log_weights

        chunk = max(1, self.decoded_at_once // (next(iter(inputs.values())).shape[0] or 128))
        return tf.stack(log_mean_weight(log_weights, num_samples, chunk, seed), axis=-1)
