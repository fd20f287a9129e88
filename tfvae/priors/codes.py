"""The uniform prior over the codes of a codebook."""

from __future__ import annotations

import math
from collections.abc import Callable

import tensorflow as tf
from tensorflow_probability import distributions as tfd

from tfvae.core.checks import integer
from tfvae.core.errors import InvalidInput
from tfvae.distributions.base import BaseDistribution
from tfvae.distributions.discrete import choose, each_size, one_size, within
from tfvae.posteriors import Posterior
from tfvae.posteriors.code_posterior import CodePosterior
from tfvae.priors.base import Encode, Prior


class UniformCodes(Prior):
    """p(z) = prod_i 1 / K_i: P positions, each any of K_i vectors of the posterior's codebook.

    The codebook is the posterior's own, which `attach` makes known; the model does so when it is made.

    Args:
        num_codes: vectors that each position chooses from; a tuple of one for each position where these
            differ, as those of two codebooks do.
        code_dim: length of each.
        num_positions: number P of codes for one example.

    Source: van den Oord et al. 2017, section 3.1.

    Example:
        >>> prior = UniformCodes(16, code_dim=4, num_positions=9)
        >>> float(prior.distribution().log_prob(tf.zeros([36])))    # -9 log 16
        -24.95329...
    """

    space = "codes"

    def __init__(
        self,
        num_codes: int | tuple[int, ...],
        code_dim: int,
        num_positions: int = 1,
        *,
        name: str | None = None,
        dtype: object = None,
    ):
        super().__init__(name=name, dtype=dtype)
        self.code_dim = integer("code_dim", code_dim)
        self.num_positions = integer("num_positions", num_positions)
        self._sizes = each_size(num_codes, num_positions)
        self.num_codes = one_size(self._sizes)
        self.latent_dim = num_positions * code_dim
        self._embed: Callable[[tf.Tensor], tf.Tensor] | None = None

    def attach(self, posterior: Posterior) -> None:
        """Take the codebook of this posterior.

        Raises:
            InvalidInput: for a posterior without a codebook, or with one of another size.
        """
        sizes = (self.num_codes, self.code_dim, self.num_positions)
        if not isinstance(posterior, CodePosterior):
            ours, theirs = type(self).__name__, type(posterior).__name__
            raise InvalidInput("prior", f"one that goes with the posterior {theirs}", ours)
        theirs = (posterior.num_codes, posterior.code_dim, posterior.num_positions)
        if sizes != theirs:
            expected = f"the posterior's num_codes, code_dim and num_positions {theirs}"
            raise InvalidInput("prior", expected, sizes)
        self._embed = posterior.embed

    def noise_dim(self, posterior: Posterior) -> int:
        """Return one number for each position."""
        return self.num_positions

    def distribution(
        self, encode: Encode | None = None, condition: tf.Tensor | None = None
    ) -> tfd.Distribution:
        """Return the uniform distribution over codes, batch shape []; any z is taken to be a code."""
        return _Uniform(sum(map(math.log, self._sizes)), self.latent_dim, self.transform)

    def transform(
        self, noise: tf.Tensor, encode: Encode | None = None, condition: tf.Tensor | None = None
    ) -> tf.Tensor:
        """Return embedded codes z [B, latent_dim] for noise [B, num_positions]."""
        if self._embed is None:
            raise InvalidInput("prior", "one that `attach` has given a codebook", type(self).__name__)
        # At most the last code, past which a rounded sum of probabilities can lead.
        codes = tf.minimum(choose(within(self._sizes), noise), tf.constant(self._sizes) - 1)
        return self._embed(codes)


class _Uniform(BaseDistribution):
    """Codes of equal probability, by their entropy."""

    def __init__(self, entropy: float, size: int, draw: Callable, name: str = "UniformCodes"):
        self._given_entropy, self._size, self._draw = entropy, size, draw
        super().__init__({"entropy": entropy, "size": size, "draw": draw, "name": name}, name=name)

    def _log_prob(self, x: tf.Tensor) -> tf.Tensor:
        return tf.fill(tf.shape(x)[:-1], -self._given_entropy)

    def _entropy(self) -> tf.Tensor:
        return tf.constant(self._given_entropy, tf.float32)

    def _batch_shape(self) -> tf.TensorShape:
        return tf.TensorShape([])

    def _batch_shape_tensor(self) -> tf.Tensor:
        return tf.constant([], tf.int32)

    def _event_shape(self) -> tf.TensorShape:
        return tf.TensorShape([self._size])

    def _event_shape_tensor(self) -> tf.Tensor:
        return tf.constant([self._size])
