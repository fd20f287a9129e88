"""Mean-field inference of a mixture of Gaussians: the bound where the exact posterior is out of reach.

The parameters are latent variables as well, with priors

    pi ~ Dirichlet(a),  Lambda_k ~ Wishart(W, v),  mu_k | Lambda_k ~ N(m, (b Lambda_k)^-1)

and q(c, pi, mu, Lambda) = q(c) q(pi, mu, Lambda) is the best of the distributions that factorize so. Each
factor has a closed form given the other; taken in turns, they never lower the bound on log p(x).

Source: Bishop 2006, section 10.2.
"""

from __future__ import annotations

import dataclasses

import numpy as np
from scipy import special

__all__ = ["Belief", "bound", "fit", "responsibilities", "update"]


@dataclasses.dataclass(frozen=True)
class Belief:
    """A Dirichlet over the weights and a Gauss-Wishart over each component; a prior or a posterior.

    Attributes:
        concentration: of the Dirichlet, [K].
        precision: b, how many examples the mean is worth, [K].
        mean: [K, D].
        freedom: v of the Wishart, [K], above D - 1.
        inverse_scale: W^-1 of the Wishart, [K, D, D].
    """

    concentration: np.ndarray
    precision: np.ndarray
    mean: np.ndarray
    freedom: np.ndarray
    inverse_scale: np.ndarray

    @property
    def log_weights(self) -> np.ndarray:
        """E log pi, [K]."""
        return special.digamma(self.concentration) - special.digamma(self.concentration.sum())

    @property
    def log_precision(self) -> np.ndarray:
        """E log det Lambda, [K]."""
        size = self.mean.shape[1]
        halves = 0.5 * (self.freedom[:, np.newaxis] - np.arange(size))
        return special.digamma(halves).sum(1) + size * np.log(2) - np.linalg.slogdet(self.inverse_scale)[1]

    def distance(self, x: np.ndarray) -> np.ndarray:
        """E (x - mu)^T Lambda (x - mu), [N, K]."""
        apart = x[:, np.newaxis] - self.mean
        inside = np.einsum("nkd,kde,nke->nk", apart, np.linalg.inv(self.inverse_scale), apart)
        return x.shape[1] / self.precision + self.freedom * inside


def responsibilities(belief: Belief, x: np.ndarray) -> np.ndarray:
    """Return the best q(c = k) of each example given q of the parameters, [N, K].

    Source: Bishop 2006, equations 10.46 and 10.49.
    """
    return special.softmax(_expected_log_joint(belief, x), axis=1)


def update(prior: Belief, x: np.ndarray, q: np.ndarray) -> Belief:
    """Return the best q(pi, mu, Lambda) given q(c), [N, K].

    Source: Bishop 2006, equations 10.58 to 10.63.
    """
    counts = q.sum(axis=0)
    precision = prior.precision + counts
    mean = (prior.precision[:, np.newaxis] * prior.mean + q.T @ x) / precision[:, np.newaxis]
    # Scatter about the new mean, of the data and of the prior's mean: no division by a count of zero.
    apart, shift = x[:, np.newaxis] - mean, prior.mean - mean
    scatter = np.einsum("nk,nkd,nke->kde", q, apart, apart)
    scatter += prior.precision[:, np.newaxis, np.newaxis] * shift[:, :, np.newaxis] * shift[:, np.newaxis]
    return Belief(
        prior.concentration + counts, precision, mean, prior.freedom + counts, prior.inverse_scale + scatter
    )


def bound(prior: Belief, belief: Belief, x: np.ndarray, q: np.ndarray) -> float:
    """Return E_q log p(x, c, pi, mu, Lambda) - E_q log q, in nats over all examples; at most log p(x).

    Source: Bishop 2006, equation 10.70, here as E log p(x, c) + H(q(c)) - KL of Dirichlet and Gauss-Wishart.
    """
    fit = (q * _expected_log_joint(belief, x)).sum() - special.xlogy(q, q).sum()
    return float(fit - _dirichlet_kl(belief, prior) - _gauss_wishart_kl(belief, prior).sum())


def fit(x: np.ndarray, prior: Belief, q: np.ndarray, steps: int) -> tuple[Belief, np.ndarray, np.ndarray]:
    """Return q(pi, mu, Lambda), q(c) and the bound after each step, from a first q(c), [N, K].

    Example:
        >>> x = np.array([[-2.1], [-1.9], [1.8], [2.2]])
        >>> ones = np.ones(2)
        >>> prior = Belief(ones, 0.1 * ones, np.zeros((2, 1)), ones, np.ones((2, 1, 1)))
        >>> belief, _, bounds = fit(x, prior, np.repeat(np.eye(2), 2, axis=0), 10)
        >>> belief.mean.round(1).ravel().tolist(), bool(np.diff(bounds).min() >= -1e-9)
        ([-1.9, 1.9], True)
    """
    bounds = []
    for _ in range(steps):
        belief = update(prior, x, q)
        q = responsibilities(belief, x)
        bounds.append(bound(prior, belief, x, q))
    return belief, q, np.array(bounds)


def _expected_log_joint(belief: Belief, x: np.ndarray) -> np.ndarray:
    """E log p(x, c = k | pi, mu, Lambda), [N, K]."""
    gaussian = 0.5 * (belief.log_precision - x.shape[1] * np.log(2 * np.pi) - belief.distance(x))
    return belief.log_weights + gaussian


def _dirichlet_kl(q: Belief, p: Belief) -> float:
    def log_normalizer(a: np.ndarray) -> float:
        return special.gammaln(a.sum()) - special.gammaln(a).sum()

    apart = (q.concentration - p.concentration) * q.log_weights
    return log_normalizer(q.concentration) - log_normalizer(p.concentration) + apart.sum()


def _gauss_wishart_kl(q: Belief, p: Belief) -> np.ndarray:
    """KL of each component's q(mu, Lambda) and p(mu, Lambda), [K]."""
    size = q.mean.shape[1]
    ratio = p.precision / q.precision
    shift = q.mean - p.mean
    scale = np.linalg.inv(q.inverse_scale)
    moved = p.precision * q.freedom * np.einsum("kd,kde,ke->k", shift, scale, shift)
    of_mean = 0.5 * (size * (ratio - 1 - np.log(ratio)) + moved)
    trace = np.einsum("kde,ked->k", p.inverse_scale, scale)
    of_precision = (
        _wishart_normalizer(q)
        - _wishart_normalizer(p)
        + 0.5 * (q.freedom - p.freedom) * q.log_precision
        + 0.5 * q.freedom * (trace - size)
    )
    return of_mean + of_precision


def _wishart_normalizer(belief: Belief) -> np.ndarray:
    """Minus the logarithm of the integral of the Wishart's kernel, [K]."""
    size, v = belief.mean.shape[1], belief.freedom
    log_gamma = np.array([special.multigammaln(0.5 * value, size) for value in v])
    return 0.5 * v * np.linalg.slogdet(belief.inverse_scale)[1] - 0.5 * v * size * np.log(2) - log_gamma
