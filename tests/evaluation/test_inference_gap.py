"""The two parts of the gap against closed forms of linear models, and quadrature."""

import keras
import numpy as np
import pytest
from scipy import optimize, stats
from scipy.special import logsumexp

import tfvae
from tfvae import likelihoods, posteriors, priors
from tfvae.core.errors import InvalidInput
from tfvae.evaluation import inference_gap

SCALE = 0.7
ORTHOGONAL = np.array([[1.0, 2.0, 0.0, -1.0, 0.0, 0.5], [1.0, 0.0, -0.5, 1.0, 1.0, 0.0]])
CORRELATED = np.array([[1.0, 2.0, 0.0, -1.0, 0.0, 0.5], [1.0, 1.5, -0.5, 0.0, 1.0, 0.5]])


def _linear(weights, shift=0.0):
    """A linear VAE whose encoder is the best diagonal Gaussian, with its mean shifted.

    The exact posterior is N(P^-1 W x / s^2, P^-1) with P = I + W W' / s^2; the best diagonal Gaussian has its
    mean, and variances 1 / P_jj.
    """
    vae = tfvae.zoo.linear_vae((6,), latent_dim=2)
    vae.likelihood.head.dense.kernel.assign(weights)
    vae.likelihood.scale.log_scale.assign(np.log(SCALE))
    precision = np.eye(2) + weights @ weights.T / SCALE**2
    kernel, bias = np.zeros((6, 2, 2)), np.zeros((2, 2))
    kernel[..., 0] = weights.T @ np.linalg.inv(precision) / SCALE**2
    bias[:, 0] = shift
    bias[:, 1] = np.log(np.expm1(np.diag(precision) ** -0.5 - vae.posterior.floor))
    vae.posterior.head.dense.kernel.assign(kernel.reshape(6, 4))
    vae.posterior.head.dense.bias.assign(bias.ravel())
    rng = np.random.default_rng(0)
    x = (rng.normal(size=(48, 2)) @ weights + SCALE * rng.normal(size=(48, 6))).astype("float32")
    exact = stats.multivariate_normal(np.zeros(6), weights.T @ weights + SCALE**2 * np.eye(6)).logpdf(x)
    return vae, x, exact, precision


def _agrees(estimate, expected, slack):
    return abs(estimate.mean - expected) < 3 * estimate.standard_error + slack


def test_both_gaps_are_zero_for_the_exact_posterior():
    assert ORTHOGONAL[0] @ ORTHOGONAL[1] == 0
    vae, x, exact, _ = _linear(ORTHOGONAL)
    gap = inference_gap(vae, x, exact, num_steps=50)
    assert gap.approximation_gap.standard_error < 0.05
    assert _agrees(gap.approximation_gap, 0.0, 0.01)
    assert _agrees(gap.amortization_gap, 0.0, 0.003)
    assert gap.amortization_gap.standard_error < 0.01


def test_a_spoiled_encoder_has_the_amortization_gap_of_the_closed_form():
    """KL(q || p(z|x)) = 1/2 sum_j shift^2 P_jj for a shifted mean."""
    vae, x, exact, precision = _linear(ORTHOGONAL, shift=0.4)
    gap = inference_gap(vae, x, exact, num_steps=150)
    expected = 0.5 * 0.4**2 * np.trace(precision)
    assert expected > 1
    assert gap.amortization_gap.standard_error < 0.1
    assert _agrees(gap.amortization_gap, expected, 0.02)
    assert _agrees(gap.approximation_gap, 0.0, 0.02)


def test_a_correlated_posterior_has_the_approximation_gap_of_the_closed_form():
    """KL(q* || p(z|x)) = 1/2 (sum_j log P_jj - log det P) for the best diagonal q*."""
    vae, x, exact, precision = _linear(CORRELATED, shift=0.3)
    gap = inference_gap(vae, x, exact, num_steps=150)
    best = 0.5 * (np.log(np.diag(precision)).sum() - np.linalg.slogdet(precision)[1])
    assert best > 0.2
    assert _agrees(gap.approximation_gap, best, 0.02)
    shift = np.full(2, 0.3)
    assert _agrees(gap.amortization_gap, 0.5 * shift @ precision @ shift, 0.02)


def test_the_parts_add_up_and_have_the_errors_of_their_means():
    vae, x, exact, _ = _linear(CORRELATED, shift=0.3)
    gap = inference_gap(vae, x, exact, num_steps=5, seed=2)
    whole = gap.log_likelihood.mean - gap.encoder_elbo.mean
    assert whole == pytest.approx(gap.approximation_gap.mean + gap.amortization_gap.mean, abs=1e-6)
    assert gap.log_likelihood.mean == pytest.approx(exact.mean())
    assert gap.log_likelihood.standard_error == pytest.approx(exact.std(ddof=1) / np.sqrt(48))
    assert gap.refined_elbo.mean - gap.encoder_elbo.mean == pytest.approx(gap.amortization_gap.mean, abs=1e-6)
    assert inference_gap(vae, x, exact, num_steps=5, seed=2) == gap
    assert inference_gap(vae, x, exact, num_steps=5, seed=3) != gap


def test_a_mixture_prior_agrees_with_quadrature():
    """Prior 0.7 N(-1, 0.5^2) + 0.3 N(1, 0.6^2), x = z + 0.8 noise, q Gaussian: the posterior is a mixture."""
    vae = tfvae.VAE(
        keras.layers.Dense(2),
        keras.layers.Identity(),
        posteriors.Normal(1),
        likelihoods.Normal((1,), 0.8),
        priors.Mixture(1, 2),
    )
    parts = ((0.7, -1.0, 0.5), (0.3, 1.0, 0.6))
    vae.prior.logits.assign(np.log([0.7, 0.3]))
    vae.prior.loc.assign([[-1.0], [1.0]])
    vae.prior.raw_scale.assign(np.log(np.expm1(np.array([[0.5], [0.6]]) - 1e-3)))
    vae.likelihood.head.dense.kernel.assign([[1.0]])
    vae.encoder.kernel.assign([[1.0, 0.0]])  # as many features as parameters of q, for every q in reach
    vae.posterior.head.dense.kernel.assign([[0.5, 0.02], [0.0, 1.0]])
    vae.posterior.head.dense.bias.assign([0.0, 0.5])
    x = np.array([[-1.5], [-0.5], [2.0], [2.5]], "float32")
    z = np.linspace(-8, 8, 8001)
    log_p = logsumexp([np.log(w) + stats.norm.logpdf(z, m, s) for w, m, s in parts], axis=0)

    def elbo(loc, scale, row):
        log_q = stats.norm.logpdf(z, loc, scale)
        return np.sum(np.exp(log_q) * (stats.norm.logpdf(row, z, 0.8) + log_p - log_q)) * (z[1] - z[0])

    exact = [logsumexp(stats.norm.logpdf(row, z, 0.8) + log_p) + np.log(z[1] - z[0]) for row in x]
    params = vae.posterior(vae.encoder(x))
    starts = np.concatenate([params["loc"], params["scale"]], axis=1).astype("float64")
    encoder = [elbo(*start, row) for start, row in zip(starts, x, strict=True)]
    best = [
        -optimize.minimize(
            lambda at, row: -elbo(at[0], np.exp(at[1]), row), [a, np.log(b)], (row,), "Nelder-Mead"
        ).fun
        for (a, b), row in zip(starts, x, strict=True)
    ]
    gap = inference_gap(vae, x, exact, num_steps=300, num_samples=20000)
    for estimate, expected in (
        (gap.encoder_elbo, encoder),
        (gap.refined_elbo, best),
        (gap.approximation_gap, np.subtract(exact, best)),
        (gap.amortization_gap, np.subtract(best, encoder)),
    ):
        assert estimate.mean == pytest.approx(np.mean(expected), abs=0.01)
    assert gap.approximation_gap.mean > 0.01
    assert gap.amortization_gap.mean > 0.05


def test_other_models_and_values_are_rejected():
    vae, x, exact, _ = _linear(ORTHOGONAL)
    with pytest.raises(InvalidInput, match="model: expected a VAE"):
        inference_gap(tfvae.zoo.ladder_vae((6,)), x, exact)
    with pytest.raises(InvalidInput, match="model: expected one without a condition"):
        inference_gap(tfvae.zoo.cvae((6,), condition_dim=2), x, exact)
    with pytest.raises(InvalidInput, match="model: expected a posterior with a density"):
        inference_gap(tfvae.zoo.autoencoder((6,)), x, exact)
    with pytest.raises(InvalidInput, match=r"log_likelihood: expected shape \(48,\)"):
        inference_gap(vae, x, exact[:3])
    with pytest.raises(InvalidInput, match="log_likelihood: expected finite numbers"):
        inference_gap(vae, x, np.full(48, np.nan))
    with pytest.raises(InvalidInput, match="num_samples"):
        inference_gap(vae, x, exact, num_samples=0)
