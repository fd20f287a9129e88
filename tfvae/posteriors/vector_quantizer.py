"""The two codebooks: one learned by gradients, one of running averages."""

from __future__ import annotations

import tensorflow as tf

from tfvae.core.checks import positive
from tfvae.core.types import DType, Tensor, Tensors
from tfvae.posteriors.codebook import Codebook, squared_distance


class VectorQuantizer(Codebook):
    """A codebook learned by gradients: the codebook term is sum_i |sg(features_i) - e_k_i|^2.

    See `Codebook` for how a code is chosen and how the codebook starts. The objective is
    `VectorQuantization`; `usage` and `perplexity` show how many codes are in use.

    Args:
        num_codes: number K of vectors in the codebook.
        code_dim: length of each vector.
        num_positions: number P of codes for one example; z has P code_dim entries.
        decay: of the running averages over batches.
        restart: share of a uniform use below which a code is dead and moved, in [0, 1).

    Source: van den Oord et al. 2017, equations 1 to 3; normalized features: Yu et
    al. 2022, section 3.2; restarts: Dhariwal et al. 2020, section 3.1.

    Example:
        >>> posterior = VectorQuantizer(16, code_dim=4, num_positions=9)
        >>> params = posterior(tf.ones([5, 3, 3, 8]))
        >>> params["codes"].shape, posterior.location(params).shape
        (TensorShape([5, 9]), TensorShape([5, 36]))
    """

    _has_gradient = True

    def codebook_loss(self, params: Tensors) -> Tensor:
        """Return sum_i |sg(features_i) - e_k_i|^2, [B]."""
        return squared_distance(tf.stop_gradient(params["features"]), params["vectors"])

    def _updated(self, sums: Tensor, counts: Tensor, usage: Tensor) -> Tensor:
        return tf.convert_to_tensor(self.codebook)


class VectorQuantizerEMA(Codebook):
    """A codebook of running averages: each code is the mean of the features that chose it.

    N_k <- decay N_k + (1 - decay) n_k
    e_k <- e_k + (1 - decay) sum over the n_k features f that chose k of (f - e_k) / N'_k
    N'_k = (N_k + smoothing) / (N + K smoothing) N,  N = sum_k N_k

    With no smoothing this is e_k = m_k / N_k with the running average m_k of the features' sums, in steps
    that leave an unused code where it is. Sums run over all replicas. No gradient moves the codebook,
    and the codebook term is 0.

    Args:
        num_codes: number K of vectors in the codebook.
        code_dim: length of each vector.
        num_positions: number P of codes for one example; z has P code_dim entries.
        decay: of the running averages over batches.
        restart: share of a uniform use below which a code is dead and moved, in [0, 1).
        smoothing: added to each count, so that none is zero.

    Source: van den Oord et al. 2017, appendix A.1; normalized features: Yu et
    al. 2022, section 3.2; restarts: Dhariwal et al. 2020, section 3.1.

    Example:
        >>> posterior = VectorQuantizerEMA(16, code_dim=4, num_positions=9)
        >>> [weight.name for weight in posterior.trainable_weights]
        []
    """

    _has_gradient = False

    def __init__(
        self,
        num_codes: int,
        code_dim: int,
        num_positions: int = 1,
        decay: float = 0.99,
        restart: float = 0.03,
        smoothing: float = 1e-5,
        *,
        name: str | None = None,
        dtype: DType = None,
    ):
        super().__init__(num_codes, code_dim, num_positions, decay, restart, name=name, dtype=dtype)
        self.smoothing = positive("smoothing", smoothing)

    def codebook_loss(self, params: Tensors) -> Tensor:
        """Return zeros [B]."""
        return tf.zeros_like(params["features"][:, 0, 0])

    def _updated(self, sums: Tensor, counts: Tensor, usage: Tensor) -> Tensor:
        codebook, total = tf.convert_to_tensor(self.codebook), tf.reduce_sum(usage)
        smooth = (usage + self.smoothing) * total / (total + self.num_codes * self.smoothing)
        steps = (1.0 - self.decay) * (sums - counts[:, tf.newaxis] * codebook)
        return codebook + tf.math.divide_no_nan(steps, smooth[:, tf.newaxis])
