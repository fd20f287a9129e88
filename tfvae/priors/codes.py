"""The uniform prior over the codes of a codebook."""

from __future__ import annotations

import tensorflow as tf
from tensorflow_probability import distributions as tfd

from tfvae import distributions
from tfvae.core.types import Tensor
from tfvae.distributions.codebook_sizes import uniform_logits
from tfvae.priors.base import Encode
from tfvae.priors.codes_prior import CodesPrior


class UniformCodes(CodesPrior):
    """p(z) = prod_i 1 / K_i: P positions, each with any of K_i vectors of the posterior's codebook.

    The codebook is the posterior's own, which `attach` makes known; the model does so when it is made.

    Args:
        num_codes: number of vectors that each position chooses from; a tuple of one for each position where
            these differ, as those of two codebooks do.
        code_dim: length of each vector.
        num_positions: number P of codes for one example; z has P code_dim entries.

    Source: van den Oord et al. 2017, section 3.1.

    Example:
        >>> prior = UniformCodes(16, code_dim=4, num_positions=9)
        >>> float(prior.distribution().log_prob(tf.zeros([36])))    # -9 log 16
        -24.95329...
    """

    def distribution(self, encode: Encode | None = None, condition: Tensor | None = None) -> tfd.Distribution:
        """Return the uniform distribution over codes, batch shape []; any z is taken to be a code."""
        return distributions.UniformCodes(self._sizes, self.latent_dim)

    def transform(
        self, noise: Tensor, encode: Encode | None = None, condition: Tensor | None = None
    ) -> Tensor:
        """Return embedded codes z [B, latent_dim] for noise [B, num_positions]."""
        codes = distributions.draw_categorical(uniform_logits(self._sizes), noise)
        # At most the last code, past which a rounded sum of probabilities can lead.
        return self.vectors(tf.minimum(codes, tf.constant(self._sizes) - 1))
