"""Mean-field inference of a mixture of Gaussians: the bound where the exact posterior cannot be computed.

Compared with `gaussian_mixture.py` the parameters are latent variables too, with the priors

    pi ~ Dirichlet(a),  Lambda_k ~ Wishart(W, v),  mu_k | Lambda_k ~ N(m, (b Lambda_k)^-1)

The approximate posterior is the best of those that factorize as q(c, pi, mu, Lambda) =
q(c) q(pi, mu, Lambda). Given one factor, the other has a closed form. Updating them in turns (coordinate
ascent) never lowers the evidence lower bound, which here bounds the log p(x) of all examples together.

NumPy and float64, for reading.

Source: Bishop 2006, section 10.2.
"""

from __future__ import annotations

import dataclasses

import numpy as np
from scipy import special

__all__ = ["DirichletGaussWishart", "bound", "fit", "responsibilities", "update"]


@dataclasses.dataclass(frozen=True)
class DirichletGaussWishart:
    """A Dirichlet over the weights and a Gauss-Wishart over each component: a prior or a posterior.

    Attributes:
        concentration: a of the Dirichlet, [K].
        precision: b, the number of examples that the mean counts for, [K].
        mean: m, [K, D].
        degrees_of_freedom: v of the Wishart, above D - 1, [K].
        inverse_scale: W^-1 of the Wishart, [K, D, D].

    Example:
        >>> ones = np.ones(2)
        >>> prior = DirichletGaussWishart(ones, ones, np.zeros((2, 1)), ones, np.ones((2, 1, 1)))
        >>> prior.expected_log_weights.tolist()    # digamma(1) - digamma(2)
        [-1.0, -1.0]
    """

    concentration: np.ndarray
    precision: np.ndarray
    mean: np.ndarray
    degrees_of_freedom: np.ndarray
    inverse_scale: np.ndarray

    @property
    def expected_log_weights(self) -> np.ndarray:
        """E log pi, [K]."""
        return special.digamma(self.concentration) - special.digamma(self.concentration.sum())

    @property
    def expected_log_det(self) -> np.ndarray:
        """E log det Lambda, [K]."""
        size = self.mean.shape[1]
        halves = 0.5 * (self.degrees_of_freedom[:, np.newaxis] - np.arange(size))
        return special.digamma(halves).sum(1) + size * np.log(2) - np.linalg.slogdet(self.inverse_scale)[1]

    def expected_distance(self, x: np.ndarray) -> np.ndarray:
        """Return E (x - mu)^T Lambda (x - mu), [N, K].

        Args:
            x: data [N, D].
        """
        centered = x[:, np.newaxis] - self.mean
        squared = np.einsum("nkd,kde,nke->nk", centered, np.linalg.inv(self.inverse_scale), centered)
        return x.shape[1] / self.precision + self.degrees_of_freedom * squared


def responsibilities(q_parameters: DirichletGaussWishart, x: np.ndarray) -> np.ndarray:
    """Return the best q(c = k) of each example for a given q(pi, mu, Lambda), [N, K].

    q(c = k) is proportional to exp(E log p(x, c = k | pi, mu, Lambda)).

    Args:
        q_parameters: q(pi, mu, Lambda).
        x: data [N, D].

    Source: Bishop 2006, equations 10.46 and 10.49.

    Example:
        >>> ones = np.ones(2)
        >>> prior = DirichletGaussWishart(ones, ones, np.zeros((2, 1)), ones, np.ones((2, 1, 1)))
        >>> responsibilities(prior, np.array([[0.3]]))    # both components are alike
        array([[0.5, 0.5]])
    """
    return special.softmax(_expected_log_joint(q_parameters, x), axis=1)


def update(prior: DirichletGaussWishart, x: np.ndarray, q: np.ndarray) -> DirichletGaussWishart:
    """Return the best q(pi, mu, Lambda) for a given q(c).

    Args:
        prior: p(pi, mu, Lambda).
        x: data [N, D].
        q: q(c) of each example, [N, K].

    Source: Bishop 2006, equations 10.58 to 10.63.

    Example:
        >>> ones = np.ones(2)
        >>> prior = DirichletGaussWishart(ones, ones, np.zeros((2, 1)), ones, np.ones((2, 1, 1)))
        >>> update(prior, np.array([[2.0], [4.0]]), np.eye(2)).mean.ravel().tolist()    # halfway from 0
        [1.0, 2.0]
    """
    counts = q.sum(axis=0)
    precision = prior.precision + counts
    mean = (prior.precision[:, np.newaxis] * prior.mean + q.T @ x) / precision[:, np.newaxis]
    # Scatter of the data and of the prior's mean around the new mean, so that nothing is divided by a count.
    centered, shift = x[:, np.newaxis] - mean, prior.mean - mean
    scatter = np.einsum("nk,nkd,nke->kde", q, centered, centered)
    scatter += prior.precision[:, np.newaxis, np.newaxis] * shift[:, :, np.newaxis] * shift[:, np.newaxis]
    return DirichletGaussWishart(
        prior.concentration + counts,
        precision,
        mean,
        prior.degrees_of_freedom + counts,
        prior.inverse_scale + scatter,
    )


def bound(
    prior: DirichletGaussWishart, q_parameters: DirichletGaussWishart, x: np.ndarray, q: np.ndarray
) -> float:
    """Return the ELBO, E_q log p(x, c, pi, mu, Lambda) - E_q log q, in nats over all examples.

    Computed as E_q log p(x, c | pi, mu, Lambda) + H(q(c)) - KL(q(pi, mu, Lambda) || p(pi, mu, Lambda)).

    Args:
        prior: p(pi, mu, Lambda).
        q_parameters: q(pi, mu, Lambda).
        x: data [N, D].
        q: q(c) of each example, [N, K].

    Source: Bishop 2006, equation 10.70.

    Example:
        >>> ones, x, q = np.ones(2), np.array([[2.0], [4.0]]), np.eye(2)
        >>> prior = DirichletGaussWishart(ones, ones, np.zeros((2, 1)), ones, np.ones((2, 1, 1)))
        >>> bound(prior, update(prior, x, q), x, q) > bound(prior, prior, x, q)
        True
    """
    expected = (q * _expected_log_joint(q_parameters, x)).sum() - special.xlogy(q, q).sum()
    return float(expected - _dirichlet_kl(q_parameters, prior) - _gauss_wishart_kl(q_parameters, prior).sum())


def fit(
    x: np.ndarray, prior: DirichletGaussWishart, q: np.ndarray, steps: int
) -> tuple[DirichletGaussWishart, np.ndarray, np.ndarray]:
    """Return q(pi, mu, Lambda), q(c) [N, K], and the bound after each step, [steps].

    Args:
        x: data [N, D].
        prior: p(pi, mu, Lambda).
        q: initial q(c) of each example, [N, K].
        steps: number of updates of both factors.

    Example:
        >>> x = np.array([[-2.1], [-1.9], [1.8], [2.2]])
        >>> ones = np.ones(2)
        >>> prior = DirichletGaussWishart(ones, 0.1 * ones, np.zeros((2, 1)), ones, np.ones((2, 1, 1)))
        >>> q_parameters, _, bounds = fit(x, prior, np.repeat(np.eye(2), 2, axis=0), 10)
        >>> q_parameters.mean.round(1).ravel().tolist(), bool(np.diff(bounds).min() >= -1e-9)
        ([-1.9, 1.9], True)
    """
    bounds, q_parameters = [], prior
    for _ in range(steps):
        q_parameters = update(prior, x, q)
        q = responsibilities(q_parameters, x)
        bounds.append(bound(prior, q_parameters, x, q))
    return q_parameters, q, np.array(bounds)


def _expected_log_joint(q_parameters: DirichletGaussWishart, x: np.ndarray) -> np.ndarray:
    """E log p(x, c = k | pi, mu, Lambda), [N, K]."""
    log_normalizer = q_parameters.expected_log_det - x.shape[1] * np.log(2 * np.pi)
    gaussian = 0.5 * (log_normalizer - q_parameters.expected_distance(x))
    return q_parameters.expected_log_weights + gaussian


def _dirichlet_kl(q: DirichletGaussWishart, p: DirichletGaussWishart) -> float:
    def log_normalizer(a: np.ndarray) -> float:
        return special.gammaln(a.sum()) - special.gammaln(a).sum()

    difference = (q.concentration - p.concentration) * q.expected_log_weights
    return log_normalizer(q.concentration) - log_normalizer(p.concentration) + difference.sum()


def _gauss_wishart_kl(q: DirichletGaussWishart, p: DirichletGaussWishart) -> np.ndarray:
    """KL(q(mu, Lambda) || p(mu, Lambda)) of each component, [K]."""
    size = q.mean.shape[1]
    ratio = p.precision / q.precision
    shift = q.mean - p.mean
    scale = np.linalg.inv(q.inverse_scale)
    squared_shift = p.precision * q.degrees_of_freedom * np.einsum("kd,kde,ke->k", shift, scale, shift)
    of_mean = 0.5 * (size * (ratio - 1 - np.log(ratio)) + squared_shift)
    trace = np.einsum("kde,ked->k", p.inverse_scale, scale)
    of_precision = (
        _wishart_log_normalizer(q)
        - _wishart_log_normalizer(p)
        + 0.5 * (q.degrees_of_freedom - p.degrees_of_freedom) * q.expected_log_det
        + 0.5 * q.degrees_of_freedom * (trace - size)
    )
    return of_mean + of_precision


def _wishart_log_normalizer(q: DirichletGaussWishart) -> np.ndarray:
    """Minus the logarithm of the integral of the Wishart's kernel, [K]."""
    size, v = q.mean.shape[1], q.degrees_of_freedom
    log_gamma = np.array([special.multigammaln(0.5 * value, size) for value in v])
    return 0.5 * v * np.linalg.slogdet(q.inverse_scale)[1] - 0.5 * v * size * np.log(2) - log_gamma
