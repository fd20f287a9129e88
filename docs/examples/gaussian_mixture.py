"""The evidence lower bound, worked out for a mixture of Gaussians, where everything can be computed.

The model is p(x, c) = pi_c N(x; mu_c, S_c). The latent variable c is one of K numbers, so the exact posterior
p(c|x) can be computed. Then both terms of the identity behind every variational autoencoder are known:

    log p(x) = E_q log p(x, c) - E_q log q(c) + KL(q(c) || p(c|x))     for any q

The first two terms are the evidence lower bound (ELBO), the last is its gap. Expectation maximization (EM)
alternates two steps. The E-step sets q = p(c|x), which closes the gap. The M-step raises the bound over the
parameters. In a variational autoencoder q cannot be the exact posterior, so its E-step, amortized inference
by an encoder, only narrows the gap.

NumPy and float64, for reading. To train a mixture prior, use `tfvae.priors.Mixture`.

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
        weights: probabilities of the components, [K].
        means: [K, D].
        covariances: positive definite, [K, D, D].

    Example:
        >>> mixture = GaussianMixture(np.ones(1), np.zeros((1, 1)), np.ones((1, 1, 1)))
        >>> mixture.log_prob(np.zeros((1, 1))).round(4)    # -log(2 pi) / 2
        array([-0.9189])
    """

    weights: np.ndarray
    means: np.ndarray
    covariances: np.ndarray

    def log_joint(self, x: np.ndarray) -> np.ndarray:
        """Return log p(x, c = k), [N, K].

        Args:
            x: data [N, D].
        """
        cholesky = np.linalg.cholesky(self.covariances)
        centered = (x[:, np.newaxis] - self.means)[..., np.newaxis]  # [N, K, D, 1]
        squared = np.square(np.linalg.solve(cholesky, centered)[..., 0]).sum(axis=-1)
        half_log_det = np.log(np.diagonal(cholesky, axis1=1, axis2=2)).sum(axis=-1)
        constant = 0.5 * x.shape[1] * np.log(2 * np.pi)
        return np.log(self.weights) - constant - half_log_det - 0.5 * squared

    def log_prob(self, x: np.ndarray) -> np.ndarray:
        """Return log p(x) of each example, [N] nats.

        Args:
            x: data [N, D].
        """
        return special.logsumexp(self.log_joint(x), axis=1)


def lower_bound(mixture: GaussianMixture, x: np.ndarray, q: np.ndarray) -> np.ndarray:
    """Return the ELBO of each example, E_q log p(x, c) - E_q log q(c), [N] nats.

    It is never above log p(x), and equal to it if q is the exact posterior.

    Args:
        mixture: the model.
        x: data [N, D].
        q: any q(c|x), rows that add up to 1, [N, K].

    Source: Bishop 2006, equation 9.71.

    Example:
        >>> mixture = GaussianMixture(np.full(2, 0.5), np.array([[-1.0], [1.0]]), np.ones((2, 1, 1)))
        >>> x = np.array([[0.3]])
        >>> bool(lower_bound(mixture, x, np.array([[0.5, 0.5]])) < mixture.log_prob(x))
        True
        >>> bool(np.isclose(lower_bound(mixture, x, expectation(mixture, x)), mixture.log_prob(x)))
        True
    """
    return (q * mixture.log_joint(x)).sum(axis=1) - special.xlogy(q, q).sum(axis=1)


def expectation(mixture: GaussianMixture, x: np.ndarray) -> np.ndarray:
    """Return the exact posterior p(c = k|x), [N, K]: the q for which the bound is log p(x). The E-step.

    Args:
        mixture: the model.
        x: data [N, D].

    Source: Bishop 2006, equation 9.23.

    Example:
        >>> mixture = GaussianMixture(np.full(2, 0.5), np.array([[-1.0], [1.0]]), np.ones((2, 1, 1)))
        >>> expectation(mixture, np.array([[0.0], [2.0]])).round(2)
        array([[0.5 , 0.5 ],
               [0.02, 0.98]])
    """
    return special.softmax(mixture.log_joint(x), axis=1)


def maximization(x: np.ndarray, q: np.ndarray, ridge: float = 0.0) -> GaussianMixture:
    """Return the parameters with the highest bound for a given q(c|x). The M-step.

    Args:
        x: data [N, D].
        q: rows that add up to 1, [N, K]; each component needs a share of the data.
        ridge: variance added to each covariance. With 0, a component that collapses to one point has
            variance 0; otherwise the step does not maximize the bound exactly.

    Raises:
        InvalidInput: for shapes that do not match.

    Source: Bishop 2006, equations 9.24 to 9.26.

    Example:
        >>> x = np.array([[-2.0], [-1.0], [4.0]])
        >>> q = np.array([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
        >>> maximization(x, q).means.tolist()
        [[-1.5], [4.0]]
    """
    x, q = np.asarray(x, "float64"), np.asarray(q, "float64")
    if x.ndim != 2 or q.ndim != 2 or len(x) != len(q):
        raise InvalidInput("q", f"a row for each of the examples {x.shape}", q.shape)
    counts = q.sum(axis=0)
    means = q.T @ x / counts[:, np.newaxis]
    centered = x[:, np.newaxis] - means
    covariances = np.einsum("nk,nkd,nke->kde", q, centered, centered) / counts[:, np.newaxis, np.newaxis]
    return GaussianMixture(counts / len(x), means, covariances + ridge * np.eye(x.shape[1]))


def em(
    x: np.ndarray, initial: GaussianMixture, steps: int, ridge: float = 0.0
) -> tuple[GaussianMixture, np.ndarray]:
    """Return the mixture after EM, and the mean of log p(x) before each step and at the end, [steps + 1].

    Args:
        x: data [N, D].
        initial: the mixture to start from.
        steps: number of E-steps and M-steps.
        ridge: as for `maximization`.

    Source: Bishop 2006, section 9.2.2.

    Example:
        >>> x = np.array([[-2.1], [-1.9], [1.8], [2.2]])
        >>> initial = GaussianMixture(np.full(2, 0.5), np.array([[-1.0], [1.0]]), np.ones((2, 1, 1)))
        >>> mixture, history = em(x, initial, 20)
        >>> mixture.means.round(2).tolist(), bool(np.diff(history).min() > -1e-12)
        ([[-2.0], [2.0]], True)
    """
    mixture, history = initial, []
    for _ in range(steps):
        history.append(mixture.log_prob(x).mean())
        mixture = maximization(x, expectation(mixture, x), ridge)
    return mixture, np.array([*history, mixture.log_prob(x).mean()])
