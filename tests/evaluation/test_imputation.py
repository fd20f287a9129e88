"""Imputation against the exact conditional distribution of linear-Gaussian models and of enumerated ones."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy import special, stats

import tfvae
from tfvae import evaluation, likelihoods, posteriors
from tfvae.core.errors import InvalidInput

NAN = float("nan")
WEIGHTS = np.array([[1.0, -0.5, 0.8, 0.3], [0.2, 0.9, -0.4, 0.7]], "float32")  # [latent, columns]
BIAS = np.array([0.5, -1.0, 0.0, 2.0], "float32")
SCALE = 0.6
REPEATS = 64


def _linear(likelihood, weights=WEIGHTS, bias=BIAS, **options):
    """A model x = z W + b + noise, with q(z|x) near the prior: its importance weights hardly vary."""
    vae = tfvae.VAE(
        tfvae.networks.linear(),
        keras.layers.Identity(),
        posteriors.Normal(len(weights)),
        likelihood,
        **options,
    )
    inner = getattr(likelihood, "likelihood", likelihood)
    inner.head.dense.kernel.assign(weights)
    inner.head.dense.bias.assign(bias)
    vae.posterior.head.dense.kernel.assign(0.05 * np.array(vae.posterior.head.dense.kernel))
    vae.posterior.head.dense.bias.assign(np.tile([0.0, np.log(np.expm1(1.0))], len(weights)))
    return vae


def _conditional(row):
    """Mean and covariance of the missing columns given the seen ones, under N(b, W'W + s^2 I)."""
    covariance = WEIGHTS.T @ WEIGHTS + SCALE**2 * np.eye(4)
    gone, seen = np.isnan(row), ~np.isnan(row)
    gain = covariance[np.ix_(gone, seen)] @ np.linalg.inv(covariance[np.ix_(seen, seen)])
    mean = BIAS[gone] + gain @ (row[seen] - BIAS[seen])
    return mean, covariance[np.ix_(gone, gone)] - gain @ covariance[np.ix_(seen, gone)]


@pytest.fixture(scope="module")
def gaussian():
    return _linear(likelihoods.MissingAtRandom(likelihoods.Normal((4,), SCALE)))


ROWS = [[1.0, NAN, 0.5, NAN], [NAN, 0.0, NAN, NAN], [NAN] * 4, [2.0, -1.5, NAN, 2.5]]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: str(int(np.isnan(row).sum())))
def test_single_imputation_is_the_exact_conditional_mean(gaussian, row):
    """Each of the copies of a row has draws of its own: their spread is the estimate's error."""
    row = np.array(row, "float32")
    filled = evaluation.impute(gaussian, np.tile(row, (REPEATS, 1)), num_samples=2000, seed=1)
    gone = np.isnan(row)
    np.testing.assert_array_equal(filled[:, ~gone], np.tile(row[~gone], (REPEATS, 1)))
    error = filled[:, gone].std(axis=0, ddof=1) / np.sqrt(REPEATS)
    assert (np.abs(filled[:, gone].mean(axis=0) - _conditional(row)[0]) < 4 * error).all()
    assert (error < 0.01).all()


def test_multiple_imputations_have_the_exact_mean_and_covariance(gaussian):
    """400 draws for each of 64 copies; those of one copy share its z, so copies are what is averaged."""
    row = np.array([1.0, NAN, 0.5, NAN], "float32")
    filled = evaluation.multiple_imputations(
        gaussian, np.tile(row, (REPEATS, 1)), num_imputations=400, num_samples=2000, seed=2
    )
    assert filled.shape == (400, REPEATS, 4)
    assert (filled[..., 0] == 1.0).all()
    draws = filled[..., [1, 3]].astype("float64")
    mean, covariance = _conditional(row)
    centered = draws - mean
    moments = np.einsum("mbi,mbj->bij", centered, centered) / 400
    for each, exact in ((draws.mean(axis=0), mean), (moments, covariance)):
        error = each.std(axis=0, ddof=1) / np.sqrt(REPEATS)
        assert (np.abs(each.mean(axis=0) - exact) < 4 * error).all()
        assert (error < 0.01).all()


def test_imputations_follow_from_the_seed(gaussian):
    x = np.array(ROWS)
    for fill in (evaluation.impute, evaluation.multiple_imputations):
        first, second, third = (fill(gaussian, x, num_samples=10, seed=seed) for seed in (3, 3, 4))
        np.testing.assert_array_equal(first, second)
        assert (first != third)[..., np.isnan(x)].all()


def test_with_nothing_missing_x_is_unchanged(gaussian):
    x = np.random.default_rng(0).normal(size=(5, 4)).astype("float32")
    np.testing.assert_array_equal(evaluation.impute(gaussian, x, num_samples=3), x)
    np.testing.assert_array_equal(
        evaluation.multiple_imputations(gaussian, x, 2, num_samples=3), np.stack([x, x])
    )


# Values that are missing not at random.

SLOPE, INTERCEPT = np.array([0.7, -2.0], "float32"), np.array([0.2, 1.0], "float32")
PAIR = np.array([[1.0, 1.2]], "float32")


@pytest.fixture(scope="module")
def not_at_random():
    likelihood = likelihoods.MissingNotAtRandom(likelihoods.Normal((2,), SCALE))
    vae = _linear(likelihood, PAIR, np.zeros(2, "float32"))
    likelihood.slope.assign(SLOPE)
    likelihood.intercept.assign(INTERCEPT)
    return vae


def _hidden_moments(first):
    """Mean and variance of x_2 given x_1 and that x_2 is hidden, on a grid over z and x_2."""
    z, x = np.linspace(-7, 7, 701)[:, np.newaxis], np.linspace(-10, 10, 2001)
    density = stats.norm.pdf(z) * stats.norm.pdf(first, PAIR[0, 0] * z, SCALE)
    density = density * stats.norm.pdf(x, PAIR[0, 1] * z, SCALE) * special.expit(-SLOPE[1] * x - INTERCEPT[1])
    density = density.sum(axis=0) / density.sum()
    mean = density @ x
    return mean, density @ np.square(x - mean)


def test_values_missing_not_at_random_are_imputed_given_the_mask(not_at_random):
    row = np.array([-0.4, NAN], "float32")
    mean, variance = _hidden_moments(row[0])
    at_random = PAIR[0, 1] * PAIR[0, 0] / (1 + SCALE**2) * row[0]
    assert mean - at_random > 0.3  # the mask tells more than the other column
    copies = np.tile(row, (REPEATS, 1))
    filled = evaluation.impute(not_at_random, copies, num_samples=2000, seed=1)[:, 1]
    error = filled.std(ddof=1) / np.sqrt(REPEATS)
    assert abs(filled.mean() - mean) < 4 * error
    assert error < 0.01
    draws = evaluation.multiple_imputations(not_at_random, copies, 400, num_samples=2000, seed=2)[..., 1]
    for each, exact in ((draws.mean(axis=0), mean), (np.square(draws - mean).mean(axis=0), variance)):
        error = each.std(ddof=1) / np.sqrt(REPEATS)
        assert abs(each.mean() - exact) < 4 * error
        assert error < 0.01


@pytest.mark.parametrize("slope", [0.0, 1.5, -4.0, 12.0])
def test_hidden_draws_have_the_hidden_density(slope):
    """Kolmogorov's distance to the distribution function found by summing on a grid."""
    likelihood = likelihoods.MissingNotAtRandom(likelihoods.Normal((1,), 0.5))
    likelihood.slope.assign([slope])
    likelihood.intercept.assign([-0.7])
    draws = likelihood.missing_draw({"loc": tf.fill((20000, 1), 0.3)}, tf.constant([1, 2]))[:, 0].numpy()
    grid = np.linspace(-8, 8, 40001)
    density = stats.norm.pdf(grid, 0.3, 0.5) * special.expit(0.7 - slope * grid)
    distribution = np.cumsum(density) / density.sum()
    assert stats.kstest(draws, lambda x: np.interp(x, grid, distribution)).pvalue > 1e-3


def test_a_mask_without_slope_imputes_as_if_missing_at_random(gaussian):
    likelihood = likelihoods.MissingNotAtRandom(likelihoods.Normal((4,), SCALE))
    masked = _linear(likelihood)
    masked.posterior.set_weights(gaussian.posterior.get_weights())
    likelihood.intercept.assign([0.3, -0.2, 1.0, 0.0])
    x = np.array(ROWS)
    ours, theirs = (evaluation.impute(model, x, num_samples=50, seed=5) for model in (masked, gaussian))
    np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-5)
    seen, hidden = (-np.logaddexp(0, sign * np.array(likelihood.intercept)) for sign in (-1, 1))
    constant = np.where(np.isnan(x), hidden, seen).sum(axis=1)
    bounds = (model.log_likelihood(x, num_samples=50, seed=5) for model in (masked, gaussian))
    np.testing.assert_allclose(next(bounds) - constant, next(bounds), rtol=1e-5, atol=1e-5)


def test_with_nothing_missing_miwae_has_the_bound_of_the_iwae(gaussian):
    objective = tfvae.objectives.ImportanceWeighted(5)
    plain = _linear(likelihoods.Normal((4,), SCALE), objective=objective)
    miwae = _linear(likelihoods.MissingAtRandom(likelihoods.Normal((4,), SCALE)), objective=objective)
    miwae.set_weights(plain.get_weights())
    x = np.random.default_rng(0).normal(size=(32, 4)).astype("float32")
    ours, theirs = (model.evaluate(x, verbose=0, return_dict=True) for model in (miwae, plain))
    assert ours == pytest.approx(theirs, rel=1e-6)
    np.testing.assert_allclose(
        miwae.log_likelihood(x, num_samples=50, seed=3),
        plain.log_likelihood(x, num_samples=50, seed=3),
        rtol=1e-6,
    )


# Tables.


def test_categories_are_the_most_probable_ones_over_all_z():
    """One latent dimension, summed on a grid: the most probable category is not that at E[z|x]."""
    columns = (likelihoods.Real(), likelihoods.Category(3), likelihoods.Ordinal(3), likelihoods.Positive())
    likelihood = likelihoods.MixedColumns(columns)
    vae = tfvae.VAE(tfvae.networks.linear(), keras.layers.Identity(), posteriors.Normal(1), likelihood)
    vae.posterior.head.dense.kernel.assign(np.zeros(vae.posterior.head.dense.kernel.shape))
    vae.posterior.head.dense.bias.assign([0.0, np.log(np.expm1(1.0))])
    rng = np.random.default_rng(1)
    for variable in (likelihood.head.dense.kernel, likelihood.head.dense.bias):
        variable.assign(rng.normal(size=variable.shape))
    x = np.array([[0.7, NAN, NAN, NAN]], "float32")
    z = np.linspace(-6, 6, 2001, dtype="float32")[:, np.newaxis]
    params = likelihood(z)
    px = likelihood.distribution(params)
    weights = np.exp(px.log_prob(x).numpy() + stats.norm.logpdf(z[:, 0]))
    weights /= weights.sum()

    def likely(column, size):
        rows = np.full((size, 1, 4), NAN, "float32")
        rows[:, 0, column] = np.arange(size)
        return np.argmax(np.exp(px.log_prob(rows).numpy()) @ weights)

    filled = evaluation.impute(vae, np.tile(x, (REPEATS, 1)), num_samples=2000, seed=1)
    np.testing.assert_array_equal(filled[:, 1], likely(1, 3))
    np.testing.assert_array_equal(filled[:, 2], likely(2, 3))
    # Positive numbers by their geometric mean: the medians of log-normals are the means of their logarithms.
    log_medians = np.log(
        likelihoods.Positive().estimate(likelihood.missing_statistic(params)[:, -1:]).numpy()
    )
    logs = np.log(filled[:, 3])
    error = logs.std(ddof=1) / np.sqrt(REPEATS)
    assert abs(logs.mean() - weights @ log_medians) < 4 * error
    draws = evaluation.multiple_imputations(vae, x, 50, num_samples=100)
    assert set(np.unique(draws[..., 1:3])) <= {0.0, 1.0, 2.0}
    assert (draws[..., 3] > 0).all()


def test_images_of_categories_keep_their_shape():
    likelihood = likelihoods.MissingAtRandom(likelihoods.Categorical((2, 3), 4))
    vae = tfvae.VAE(tfvae.networks.mlp((8,)), tfvae.networks.mlp((8,)), posteriors.Normal(2), likelihood)
    x = np.array([[[0.0, NAN, 3.0], [NAN, NAN, 1.0]]])
    for filled in (evaluation.impute(vae, x, 20), evaluation.multiple_imputations(vae, x, 3, 20)[0]):
        assert filled.shape == (1, 2, 3)
        np.testing.assert_array_equal(filled[~np.isnan(x)], x[~np.isnan(x)])
        assert np.isin(filled, range(4)).all()


@pytest.mark.parametrize("cell", [1e20, -1e30, 9.96921e36])
def test_an_observed_value_that_overflows_counts_as_missing(gaussian, cell):
    x = np.float32([ROWS[0]])
    observed = np.flatnonzero(~np.isnan(x[0]))[0]
    without, extreme = x.copy(), x.copy()
    without[0, observed], extreme[0, observed] = np.nan, cell
    with pytest.warns(UserWarning, match="is 0 in float32; such values are treated as missing"):
        filled = evaluation.impute(gaussian, extreme, num_samples=200)
    assert filled[0, observed] == np.float32(cell)
    expected = evaluation.impute(gaussian, without, num_samples=200)
    hidden = np.isnan(x[0])
    np.testing.assert_array_equal(filled[0, hidden], expected[0, hidden])
    with pytest.warns(UserWarning, match="treated as missing"):
        assert np.isfinite(evaluation.multiple_imputations(gaussian, extreme, 3, 50)).all()


def test_other_models_and_numbers_are_rejected(gaussian):
    x = np.zeros((2, 4))
    plain = _linear(likelihoods.Normal((4,), SCALE))
    with pytest.raises(
        InvalidInput, match="model: expected one whose likelihood takes NaN .* received Normal"
    ):
        evaluation.impute(plain, x)
    point = tfvae.VAE(
        tfvae.networks.linear(),
        tfvae.networks.linear(),
        posteriors.Point(2),
        likelihoods.MissingAtRandom(likelihoods.Normal((4,))),
        objective=tfvae.objectives.Reconstruction(),
    )
    with pytest.raises(InvalidInput, match="model: expected one whose .* density, received Point"):
        evaluation.multiple_imputations(point, x)
    with pytest.raises(InvalidInput, match="num_samples"):
        evaluation.impute(gaussian, x, num_samples=0)
    with pytest.raises(InvalidInput, match="num_imputations"):
        evaluation.multiple_imputations(gaussian, x, num_imputations=0)
    with pytest.raises(InvalidInput, match="infinite"):
        evaluation.impute(gaussian, np.full((2, 4), np.inf))
