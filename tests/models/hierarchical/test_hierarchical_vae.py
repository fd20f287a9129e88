"""Hierarchies against what is known exactly: one layer, linear Gaussian layers, products of normals."""

import itertools

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy import stats

import tfvae
from tfvae import networks, objectives, posteriors, priors
from tfvae.core.errors import InvalidInput
from tfvae.models import BottomUpInference, HierarchicalVAE, LadderInference, MarkovPrior
from tfvae.models.hierarchical.inference import merged

BOTH = pytest.mark.parametrize("inference", [BottomUpInference, LadderInference])


def _hierarchy(inference, dims=(5, 3, 2), size=64, objective=None, network=lambda: networks.mlp((16,))):
    levels = [priors.Conditional(dim, network(), above) for dim, above in itertools.pairwise(dims)]
    return HierarchicalVAE(
        inference([network() for _ in dims], [posteriors.Normal(dim) for dim in dims]),
        MarkovPrior([*levels, priors.StandardNormal(dims[-1])]),
        network(),
        tfvae.likelihoods.Bernoulli((size,)),
        objective,
    )


@pytest.fixture(scope="module", params=[BottomUpInference, LadderInference])
def trained(request, flat):
    """A hierarchy of three layers after a few steps."""
    keras.utils.set_random_seed(1)
    model = _hierarchy(request.param)
    model.compile(tfvae.optimizers.Adam(3e-3))
    model.fit(flat[:512], epochs=4, batch_size=64, verbose=0)
    return model


@BOTH
def test_one_layer_is_the_plain_vae(inference, flat):
    one = _hierarchy(inference, dims=(4,))
    plain = tfvae.VAE(
        networks.mlp((16,)), networks.mlp((16,)), posteriors.Normal(4), tfvae.likelihoods.Bernoulli((64,))
    )
    for network in ("encoder", "decoder", "posterior", "likelihood"):
        mine = {"encoder": one.inference.encoders[0], "posterior": one.inference.posteriors[0]}
        getattr(plain, network).set_weights((mine.get(network) or getattr(one, network)).get_weights())
    inputs, noise = {"x": tf.constant(flat[:20])}, plain.noise(7, 20, tf.constant([1, 2]))
    ours, theirs = (model.trace_with_noise(inputs, noise) for model in (one, plain))
    for name in ("elbo", "rate", "distortion", "log_weights", "log_p", "log_q", "z"):
        np.testing.assert_allclose(getattr(ours, name), getattr(theirs, name), rtol=2e-6, atol=2e-6)
    np.testing.assert_array_equal(one.log_likelihood(flat[:5], 8).shape, (5,))
    np.testing.assert_allclose(one.sample(3, seed=4), plain.sample(3, seed=4), rtol=1e-6)
    np.testing.assert_allclose(one.reconstruct(flat[:5]), plain.reconstruct(flat[:5]), rtol=1e-6)


def test_the_rate_is_the_sum_of_the_layers_and_the_elbo_is_made_of_it(trained, flat):
    x = flat[:40]
    rates = trained.layer_rates(x, num_samples=3, seed=5)
    assert rates.shape == (40, 3)
    np.testing.assert_allclose(
        -trained.distortion(x, num_samples=3, seed=5) - rates.sum(axis=1),
        trained.elbo(x, num_samples=3, seed=5),
        rtol=1e-5,
    )


def test_rates_agree_with_sampled_densities(trained, flat):
    """A conditional KL and log q - log p have one expectation; for every layer and example."""
    trace = trained.trace(flat[:8], num_samples=20000, seed=2)
    # On what p and q are at the draws, closed KL and sampled log ratio are both unbiased for E_q of the rate.
    difference = trace.record["rates"] - sampled_ratio(trace, trained.layer_dims)
    mean, spread = np.mean(difference, axis=0), np.std(difference, axis=0)
    assert np.all(np.abs(mean) <= 4.5 * spread / np.sqrt(20000) + 1e-5)
    total = trace.log_q - trace.log_p
    np.testing.assert_allclose(
        np.mean(total, axis=0), trace.rate, atol=4.5 * np.std(total - trace.record["rates"].numpy().sum(-1))
        / np.sqrt(20000) + 1e-4,
    )  # fmt: skip


def sampled_ratio(trace, dims):
    """Log q - log p of each layer at its draw, [S, B, L]."""
    q = trace.q.distribution.log_prob(trace.z)
    p = trace.p.distribution.log_prob(trace.z)
    return np.stack([tf.reduce_sum(part, -1) for part in tf.split(q - p, dims, axis=-1)], axis=-1)


def test_densities_are_those_of_the_chain(trained, flat):
    """Log p of the trace against the chain walked by hand; q by hand from its own definition."""
    trace = trained.trace(flat[:6], num_samples=2)
    z = tf.split(tf.reshape(trace.z, (12, 10)), trained.layer_dims, axis=-1)
    levels = trained.prior.levels
    log_p = levels[2].distribution().log_prob(z[2])
    log_p += levels[1].distribution(condition=z[2]).log_prob(z[1])
    log_p += levels[0].distribution(condition=z[1]).log_prob(z[0])
    np.testing.assert_allclose(tf.reshape(trace.log_p, -1), log_p, rtol=1e-5)
    again = trained.retrace(trace, trace.z, trace.log_q)
    for name in ("log_p", "log_x", "log_weights"):
        np.testing.assert_allclose(getattr(again, name), getattr(trace, name), rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(
        tf.reduce_sum(trace.q.log_prob(trace.z)), tf.reduce_sum(trace.log_q), rtol=1e-5
    )
    if isinstance(trained.inference, BottomUpInference):
        params = [trained.inference.posteriors[i](trained.inference.encoders[i](below))
                  for i, below in enumerate((np.tile(flat[:6], (2, 1)), z[0], z[1]))]  # fmt: skip
        q = [trained.inference.posteriors[i].distribution(params[i]).log_prob(z[i]) for i in range(3)]
        np.testing.assert_allclose(tf.reshape(trace.log_q, -1), sum(q), rtol=1e-4, atol=1e-5)


def test_several_draws_are_as_many_passes(trained, flat):
    """Rows of draws and examples are folded into one axis and come back to their own places."""
    inputs, noise = {"x": tf.constant(flat[:3])}, trained.noise(2, 3, tf.constant([1, 2]))
    both = trained.trace_with_noise(inputs, noise)
    for draw in range(2):
        one = trained.trace_with_noise(inputs, noise[draw : draw + 1])
        for name in ("z", "log_q", "log_p", "log_x"):
            expected, received = getattr(one, name)[0], getattr(both, name)[draw]
            np.testing.assert_allclose(received, expected, rtol=1e-4, atol=1e-5)


def test_merged_is_the_product_of_the_two_densities():
    rng = np.random.default_rng(0)
    loc, scale = rng.normal(size=(2, 6)), np.exp(rng.normal(size=(2, 6)))
    one, other = (
        {"loc": tf.constant(loc[i], tf.float32), "scale": tf.constant(scale[i], tf.float32)} for i in range(2)
    )
    both = merged(one, other)
    grid = np.linspace(-4, 4, 9)[:, np.newaxis]
    product = stats.norm(loc[0], scale[0]).logpdf(grid) + stats.norm(loc[1], scale[1]).logpdf(grid)
    difference = stats.norm(both["loc"], both["scale"]).logpdf(grid) - product
    np.testing.assert_allclose(difference, np.broadcast_to(difference[:1], difference.shape), atol=1e-3)
    # The normalizer is itself a normal density, of the distance of the two.
    evidence = stats.norm(0, np.hypot(*scale)).logpdf(loc[0] - loc[1])
    np.testing.assert_allclose(-difference[0], evidence, atol=1e-3)


@pytest.mark.parametrize("ratio", [1e-4, 1e4])
def test_merged_holds_at_extreme_ratios(ratio):
    one = {"loc": tf.constant(1.0), "scale": tf.constant(ratio)}
    other = {"loc": tf.constant(3.0), "scale": tf.constant(1.0)}
    precision = 1 / np.float64(ratio) ** 2 + 1
    np.testing.assert_allclose(merged(one, other)["scale"], precision**-0.5, rtol=1e-5)
    expected = (1 / np.float64(ratio) ** 2 + 3) / precision
    np.testing.assert_allclose(merged(one, other)["loc"], expected, rtol=1e-5)


def test_the_temperature_runs_from_the_mean_path_to_the_sample(trained):
    np.testing.assert_array_equal(trained.sample_at(1.0, 4, seed=3), trained.sample(4, seed=3))
    still = trained.sample_at(0.0, 4, seed=3)
    np.testing.assert_allclose(still, np.broadcast_to(still[:1], still.shape), rtol=1e-6)
    top = tf.zeros((1, 2))
    middle = trained.prior.levels[1].distribution(condition=top).mean()
    z = trained.prior.levels[0].distribution(condition=middle).mean()
    np.testing.assert_allclose(
        still[:1], trained.likelihood.mean(trained.likelihood(trained.decoder(z))), rtol=1e-5
    )
    assert 0 < trained.sample_at(0.5, 64).var(axis=0).sum() < trained.sample(64).var(axis=0).sum()
    with pytest.raises(InvalidInput, match="temperature"):
        trained.sample_at(-0.1)


def test_draws_from_the_prior_have_its_density(trained):
    """A change of variables: log N(noise) less the logarithms of the chain's own scales."""
    noise = tf.random.stateless_normal((4000, 10), [1, 2])
    z = tf.split(trained.prior_draw(noise), trained.layer_dims, axis=-1)
    log_p = tf.add_n(trained.follow(z)[0])
    scales = [trained.prior.conditional(i, z).stddev() * tf.ones_like(z[i]) for i in range(3)]
    expected = stats.norm.logpdf(noise).sum(axis=1) - tf.reduce_sum(tf.math.log(tf.concat(scales, 1)), axis=1)
    np.testing.assert_allclose(log_p, expected, rtol=1e-4, atol=1e-3)


def _linear(inference):
    """Linear layers with weights set by hand, and a q wide enough for importance weights to behave."""
    model = HierarchicalVAE(
        inference([networks.linear(), networks.linear()], [posteriors.Normal(2), posteriors.Normal(2)]),
        MarkovPrior([priors.Conditional(2, networks.linear(), 2), priors.StandardNormal(2)]),
        networks.linear(),
        tfvae.likelihoods.Normal((3,), tfvae.scales.Learned()),
    )
    rng = np.random.default_rng(1)
    q = [(part.head.dense, 0.1, 1.5) for part in model.inference.posteriors]
    for dense, size, raw in (*q, (model.prior.levels[0].normal.head.dense, 0.5, 0.3)):
        kernel = size * rng.normal(size=(dense.kernel.shape[0], 2, 2))
        kernel[..., 1] = 0  # the scale of z_1 is not to depend on z_2
        dense.kernel.assign(kernel.reshape(dense.kernel.shape))
        dense.bias.assign([0.4, raw, -0.2, raw])
    return model, rng.normal(size=(300, 3)).astype("float32")


def _exact(model, x):
    """Log density of x ~ N(b + W a, W (A A' + D^2) W' + s^2 I), in float64."""
    dense, head = model.likelihood.head.dense, model.prior.levels[0].normal.head.dense
    w, b = np.array(dense.kernel, "float64"), np.array(dense.bias, "float64")
    a = np.array(head.kernel, "float64").reshape(2, 2, 2)[..., 0]
    shift, raw = np.array(head.bias, "float64").reshape(2, 2).T
    within = np.diag((1e-4 + np.log1p(np.exp(raw))) ** 2)
    variance = float(model.likelihood.scale.scale([])) ** 2
    covariance = w.T @ (a.T @ a + within) @ w + variance * np.eye(3)
    return stats.multivariate_normal(b + shift @ w, covariance).logpdf(x)


@BOTH
def test_linear_gaussian_layers_have_their_exact_likelihood(inference):
    """The errors of 300 examples are independent: their normed values are spread as they should be."""
    model, x = _linear(inference)
    exact = _exact(model, x)
    assert model.elbo(x, num_samples=200).mean() < exact.mean() - 0.1
    estimate, error = model.log_likelihood_with_error(x, num_samples=3000, seed=3)
    assert np.median(error) < 0.1
    z = (estimate - exact) / error
    assert abs(z.mean()) < 4 / np.sqrt(len(z))
    assert 0.8 < z.std() < 1.25


@pytest.mark.parametrize(
    "objective",
    [
        objectives.StickingTheLanding(),
        objectives.DoublyReparameterized(2),
        objectives.ThermodynamicCovariance(2),
        objectives.ForwardKL(4),
        objectives.BetaTCVAE(6.0, 100),
        objectives.DIPVAE1(),
        objectives.DIPVAE2(),
        objectives.SparseAutoencoder(),
    ],
    ids=lambda objective: type(objective).__name__,
)
def test_objectives_that_need_one_density_or_location_are_refused(objective):
    with pytest.raises(InvalidInput, match=r"posterior Ladder.*which needs"):
        _hierarchy(LadderInference, objective=objective)


@pytest.mark.parametrize(
    "objective",
    [
        objectives.ELBO(free_bits=0.5, num_samples=2),
        objectives.ImportanceWeighted(5),
        objectives.PartiallyImportanceWeighted(2, 3),
        objectives.InfoVAE(),
        objectives.FactorVAE(),
    ],
    ids=lambda objective: type(objective).__name__,
)
def test_the_others_train(objective, flat):
    model = _hierarchy(LadderInference, dims=(4, 2), objective=objective)
    model.compile(tfvae.optimizers.Adam(3e-3))
    history = model.fit(flat[:512], epochs=3, batch_size=64, verbose=0).history
    assert history["distortion"][-1] < history["distortion"][0]


def test_it_has_no_single_density_to_decompose(trained, flat):
    with pytest.raises(InvalidInput, match="a VAE"):
        tfvae.evaluation.rate_decomposition(trained, flat[:5])


def test_free_bits_are_those_of_each_layer(flat):
    model = _hierarchy(LadderInference, objective=objectives.ELBO(free_bits=50.0))
    trace = model.trace(flat[:16])
    assert np.all(np.mean(trace.rates, axis=0) < 50)
    charged = model.objective.loss(trace, model)["loss"] - trace.distortion
    np.testing.assert_allclose(charged, 3 * 50.0, rtol=1e-5)


def test_what_does_not_fit_together_is_refused():
    normal = posteriors.Normal
    with pytest.raises(InvalidInput, match="StandardNormal on top"):
        MarkovPrior([priors.StandardNormal(3), priors.StandardNormal(2)])
    with pytest.raises(InvalidInput, match="StandardNormal on top"):
        MarkovPrior([])
    with pytest.raises(InvalidInput, match="condition_dim 2"):
        MarkovPrior([priors.Conditional(3, networks.mlp((4,)), 5), priors.StandardNormal(2)])
    with pytest.raises(InvalidInput, match="2 networks"):
        LadderInference([networks.mlp((4,))], [normal(3), normal(2)])
    with pytest.raises(InvalidInput, match="a posterior Normal for each"):
        BottomUpInference([networks.mlp((4,))], [posteriors.FullNormal(3)])
    with pytest.raises(InvalidInput, match="sizes of the posterior"):
        HierarchicalVAE(
            LadderInference([networks.mlp((4,))], [normal(3)]),
            MarkovPrior([priors.StandardNormal(2)]),
            networks.mlp((4,)),
            tfvae.likelihoods.Bernoulli((4,)),
        )


def test_a_loaded_model_is_the_same(trained, flat, tmp_path):
    trained.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(again.layer_rates(flat[:9]), trained.layer_rates(flat[:9]))
