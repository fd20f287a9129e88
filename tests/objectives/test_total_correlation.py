"""The three parts of the rate against closed forms of a Gaussian, enumeration, and each other."""

import itertools

import numpy as np
import pytest
import tensorflow as tf
from scipy.special import logsumexp
from scipy.stats import norm
from tensorflow_probability import distributions as tfd

import tfvae
from tfvae.core.errors import InvalidInput
from tfvae.objectives.total_correlation import BetaTCVAE
from tfvae.posteriors import Normal

PARTS = ("mutual_information", "total_correlation", "dimension_kl")


class Model:
    """What the objective asks of a model."""

    posterior = Normal(2)
    step = tf.constant(0.0)


def _trace(loc, scale, noise):
    """A trace with these Gaussians as posteriors; x is one zero for each."""
    params = {"loc": tf.cast(loc, tf.float32), "scale": tf.fill(loc.shape, tf.cast(scale, tf.float32))}
    z, log_q = Model.posterior.transform(params, tf.cast(noise, tf.float32))
    x = tf.zeros((len(loc), 1))
    return tfvae.Trace(
        x=x,
        given=None,
        q=Model.posterior.distribution(params),
        p=tfvae.priors.StandardNormal(2).distribution(),
        px=tfvae.likelihoods.Normal((1,), scale=1.0).distribution({"loc": x[tf.newaxis]}),
        z=z,
        log_q=log_q,
        record={"posterior": params},
    )


def _estimates(size, repeats):
    """Batch means of the parts for data sets of `size` draws of a correlated Gaussian, [repeats, 3]."""
    covariance, scale, rng = np.array([[0.8, 0.5], [0.5, 0.7]]), 0.7, np.random.default_rng(4)
    means = []
    for _ in range(repeats):
        loc = rng.multivariate_normal(np.zeros(2), covariance, size)
        trace = _trace(loc, scale, rng.normal(size=(1, size, 2)))
        terms = BetaTCVAE(1.0, dataset_size=size).loss(trace, Model)
        means.append([np.mean(terms[name]) for name in PARTS])
    return np.array(means), covariance + scale**2 * np.eye(2), scale


def test_parts_approach_those_of_a_gaussian_as_the_data_grow():
    """q(z) = N(0, A) with A = Cov(loc) + scale^2 I gives all three in closed form."""
    many, aggregate, scale = _estimates(1024, repeats=8)
    few, _, _ = _estimates(24, repeats=80)
    variances = np.diag(aggregate)
    exact = [
        0.5 * np.log(np.linalg.det(aggregate) / scale**4),
        0.5 * np.log(variances.prod() / np.linalg.det(aggregate)),
        0.5 * np.sum(variances - 1 - np.log(variances)),
    ]
    errors = many.std(axis=0, ddof=1) / np.sqrt(len(many))
    assert np.all(np.abs(many.mean(axis=0) - exact) < 4 * errors)
    assert np.abs(many.mean(axis=0) - exact).sum() < np.abs(few.mean(axis=0) - exact).sum() / 2


def test_the_estimate_of_the_density_is_unbiased_over_all_batches():
    """Averaged over the batches of 3 that hold one example of 5, the estimate of q(z) is exact."""
    rng = np.random.default_rng(0)
    loc, noise = rng.normal(size=(5, 2)), rng.normal(size=(1, 3, 2))
    objective, joint, by_dimension = BetaTCVAE(1.0, dataset_size=5), [], []
    for others in itertools.combinations(range(1, 5), 2):
        trace = _trace(loc[[0, *others]], 0.8, noise)
        sum_log_marginals, log_joint = objective._aggregate(trace, Model)
        joint.append(np.exp(log_joint[0, 0]))
        z = trace.z[0, 0].numpy()
        by_dimension.append(sum_log_marginals[0, 0])
    exact = np.exp(norm.logpdf(z, loc, 0.8).sum(axis=1)).mean()
    assert np.mean(joint) == pytest.approx(exact, rel=1e-5)
    assert np.std(joint) > 0.01 * exact  # they do differ
    assert np.std(by_dimension) > 0


def test_a_batch_of_all_the_data_is_exact():
    rng = np.random.default_rng(1)
    loc = rng.normal(size=(9, 2))
    trace = _trace(loc, 0.5, rng.normal(size=(4, 9, 2)))
    marginals, joint = BetaTCVAE(1.0, dataset_size=9)._aggregate(trace, Model)
    pairs = norm.logpdf(trace.z.numpy()[:, :, None], loc, 0.5)
    np.testing.assert_allclose(joint, logsumexp(pairs.sum(axis=3), axis=2) - np.log(9), rtol=1e-4)
    np.testing.assert_allclose(
        marginals, (logsumexp(pairs, axis=2) - np.log(9)).sum(axis=2), rtol=1e-4, atol=1e-5
    )


@pytest.mark.parametrize("dataset_size", [30, 1_000_000])
def test_the_parts_add_up_to_the_rate_and_weights_of_one_to_the_elbo(small_vae, flat, dataset_size):
    vae = small_vae(objective=BetaTCVAE(1.0, dataset_size))
    trace = vae.trace(flat[:30], num_samples=5)
    terms = vae.objective.loss(trace, vae)
    rate = tf.reduce_mean(trace.log_q - trace.log_p, axis=0)
    np.testing.assert_allclose(sum(terms[name] for name in PARTS), rate, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(terms["loss"], trace.distortion + rate, rtol=1e-5)
    np.testing.assert_array_equal(terms["elbo"], trace.elbo)


def test_weights_are_the_parts_own(small_vae, flat):
    vae = small_vae(objective=BetaTCVAE(6.0, 100, alpha=2.0, gamma=3.0))
    terms = vae.objective.loss(vae.trace(flat[:30]), vae)
    expected = terms["distortion"] + sum(w * terms[name] for w, name in zip((2, 6, 3), PARTS, strict=True))
    np.testing.assert_allclose(terms["loss"], expected, rtol=1e-5)


class Correlated(Normal):
    """A posterior whose distribution is of one piece."""

    def distribution(self, params):
        return tfd.MultivariateNormalDiag(params["loc"], params["scale"])


def test_a_posterior_of_one_piece_is_refused(small_vae):
    with pytest.raises(InvalidInput, match="posterior Correlated, received BetaTCVAE, which needs"):
        small_vae(Correlated(4), BetaTCVAE(1.0, 10))
