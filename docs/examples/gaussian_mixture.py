"""The evidence lower bound worked out where everything is known: a mixture of Gaussians.

p(x, c) = pi_c N(x; mu_c, S_c). The latent variable c is one of K numbers, so that the exact posterior p(c|x)
can be had, and with it the two halves of the story that variational autoencoders continue:

    log p(x) = E_q log p(x, c) - E_q log q(c) + KL(q(c) || p(c|x))     for any q

Expectation maximization raises the right side in turns: q = p(c|x) makes the bound touch log p(x), then
the parameters raise the bound. Where q cannot be the exact posterior, as in a VAE, the first step only
narrows the gap. In numpy, float64, for reading; `tfvae.priors.Mixture` is the one to train with.

Source: Bishop 2006, chapter 9; Prince 2023, chapter 17; Dempster et al. 1977; Neal and Hinton 1998.
"""

from __future__ import annotations

import dataclasses

import numpy as np
from scipy import special

from tfvae import InvalidInput

__all__ = ["GaussianMixture", "em", "expectation", "lower_bound", "maximization"]


@dataclasses.dataclass(frozen=True)
class GaussianMixture:
    """p(x) = sum_k weights_k N(x; means_k, covariances_k).

    Attributes:
        weights: shares of the components, [K], positive, of sum 1.
        means: [K, D].
        covariances: [K, D, D], positive definite.

    Example:
        >>> mixture = GaussianMixture(np.ones(1), np.zeros((1, 1)), np.ones((1, 1, 1)))
        >>> mixture.log_prob(np.zeros((1, 1))).round(4)    # -log(2 pi) / 2
        array([-0.9189])
    """

    weights: np.ndarray
    means: np.ndarray
    covariances: np.ndarray

    def log_joint(self, x: np.ndarray) -> np.ndarray:
        """Return log p(x, c = k), [N, K], for x [N, D]."""
        roots = np.linalg.cholesky(self.covariances)
        apart = (x[:, np.newaxis] - self.means)[..., np.newaxis]  # [N, K, D, 1]
        squared = np.square(np.linalg.solve(roots, apart)[..., 0]).sum(axis=-1)
        log_volume = np.log(np.diagonal(roots, axis1=1, axis2=2)).sum(axis=-1)
        constant = 0.5 * x.shape[1] * np.log(2 * np.pi)
        return np.log(self.weights) - constant - log_volume - 0.5 * squared

    def log_prob(self, x: np.ndarray) -> np.ndarray:
        """Return log p(x), [N] nats."""
        return special.logsumexp(self.log_joint(x), axis=1)


def lower_bound(mixture: GaussianMixture, x: np.ndarray, q: np.ndarray) -> np.ndarray:
    """Return E_q log p(x, c) - E_q log q(c) of each example, [N] nats, for any q(c|x), [N, K].

    Never above log p(x), and equal to it where q is the exact posterior.

    Source: Bishop 2006, equation 9.71.

    Example:
        >>> mixture = GaussianMixture(np.full(2, 0.5), np.array([[-1.0], [1.0]]), np.ones((2, 1, 1)))
        >>> x = np.array([[0.3]])
        >>> bool(lower_bound(mixture, x, np.array([[0.5, 0.5]])) < mixture.log_prob(x))
        True
    """
    return (q * mixture.log_joint(x)).sum(axis=1) - special.xlogy(q, q).sum(axis=1)


def expectation(mixture: GaussianMixture, x: np.ndarray) -> np.ndarray:
    """Return the exact posterior p(c = k|x), [N, K]: the q that makes the bound touch log p(x).

    Source: Bishop 2006, equation 9.23.
    """
    return special.softmax(mixture.log_joint(x), axis=1)


def maximization(x: np.ndarray, q: np.ndarray, ridge: float = 0.0) -> GaussianMixture:
    """Return the parameters that raise the bound the most for this q(c|x).

    Args:
        x: data [N, D].
        q: [N, K], rows of sum 1; every component needs a share of the data.
        ridge: variance added to each covariance; with 0 a component that closes in on one point has
            none, and with another value the step is not exactly the best one.

    Raises:
        InvalidInput: for shapes that do not go together.

    Source: Bishop 2006, equations 9.24 to 9.26.
    """
    x, q = np.asarray(x, "float64"), np.asarray(q, "float64")
    if x.ndim != 2 or q.ndim != 2 or len(x) != len(q):
        raise InvalidInput("q", f"a row for each of the examples {x.shape}", q.shape)
    counts = q.sum(axis=0)
    means = q.T @ x / counts[:, np.newaxis]
    apart = x[:, np.newaxis] - means
    covariances = np.einsum("nk,nkd,nke->kde", q, apart, apart) / counts[:, np.newaxis, np.newaxis]
    return GaussianMixture(counts / len(x), means, covariances + ridge * np.eye(x.shape[1]))


def em(
    x: np.ndarray, start: GaussianMixture, steps: int, ridge: float = 0.0
) -> tuple[GaussianMixture, np.ndarray]:
    """Return the mixture after expectation maximization, and mean log p(x) before each step and at the end.

    Args:
        x: data [N, D].
        start: where it begins.
        steps: of expectation and maximization.
        ridge: as in `maximization`.

    Source: Bishop 2006, section 9.2.2.

    Example:
        >>> x = np.array([[-2.1], [-1.9], [1.8], [2.2]])
        >>> start = GaussianMixture(np.full(2, 0.5), np.array([[-1.0], [1.0]]), np.ones((2, 1, 1)))
        >>> em(x, start, 20)[0].means.round(2).tolist()
        [[-2.0], [2.0]]
    """
    mixture, history = start, []
    for _ in range(steps):
        history.append(mixture.log_prob(x).mean())
        mixture = maximization(x, expectation(mixture, x), ridge)
    return mixture, np.array([*history, mixture.log_prob(x).mean()])
