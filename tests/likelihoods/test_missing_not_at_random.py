"""Data that hide themselves: each element's mask, gradients, and a mask model against its truth."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy import special
from tensorflow_probability import distributions as tfd

import tfvae
from tfvae import scales
from tfvae.core.errors import InvalidInput
from tfvae.distributions import SelfMaskedNormal
from tfvae.likelihoods import Bernoulli, MissingAtRandom, MissingNotAtRandom, Normal

NAN = float("nan")


def _with_mask(slope, intercept, scale=1.0, **options):
    likelihood = MissingNotAtRandom(Normal(np.shape(slope), scale), **options)
    likelihood.slope.assign(slope)
    likelihood.intercept.assign(intercept)
    return likelihood


def test_each_element_has_its_own_mask():
    likelihood = _with_mask([2.0, -1.0], [0.5, 0.0], 0.8)
    params = {"loc": tf.constant([[0.4, -0.3]])}
    normal = tfd.Normal(params["loc"], 0.8)
    elements = SelfMaskedNormal(normal, tf.constant([2.0, -1.0]), tf.constant([0.5, 0.0]), 20)
    px = likelihood.distribution(params)
    for x in ([[NAN, NAN]], [[0.3, NAN]], [[1.0, -2.0]]):
        np.testing.assert_allclose(px.log_prob(x), tf.reduce_sum(elements.log_prob(x), -1), rtol=1e-6)
    np.testing.assert_allclose(likelihood.missing_statistic(params), elements.missing_mean(), rtol=1e-6)
    seed = tf.constant([1, 2])
    np.testing.assert_allclose(likelihood.missing_draw(params, seed), elements.missing_draw(seed), rtol=1e-6)
    assert (np.abs(likelihood.missing_statistic(params) - likelihood.mean(params)) > 0.1).all()


def test_a_mask_that_does_not_depend_on_x_adds_a_constant():
    """With slope 0 the density is that of `MissingAtRandom` and the mask's own."""
    intercept = np.array([-1.0, 0.0, 2.0], "float32")
    likelihood = _with_mask(np.zeros(3, "float32"), intercept)
    params = {"loc": tf.random.stateless_normal((5, 4, 3), (1, 2))}
    x = np.random.default_rng(0).normal(size=(4, 3)).astype("float32")
    x[0, 1] = x[2] = NAN
    seen = ~np.isnan(x)
    constant = np.where(seen, special.log_expit(intercept), special.log_expit(-intercept)).sum(-1)
    plain = MissingAtRandom(Normal((3,), 1.0)).distribution(params).log_prob(x)
    np.testing.assert_allclose(
        likelihood.distribution(params).log_prob(x), plain + constant, rtol=1e-5, atol=1e-5
    )


def test_gradients_are_finite_at_missing_and_extreme_elements():
    likelihood = MissingNotAtRandom(Normal((4,), scales.PerElement()))
    likelihood.slope.assign([0.0, 1e3, -1e3, 50.0])
    params = {
        "loc": tf.constant([[0.0, 1e3, -5.0, 5.0]]),
        "raw_scale": tf.constant([[-90.0, 9.0, 90.0, 0.0]]),
    }
    for x in ([[NAN] * 4], [[1.0, NAN, 1e3, -1e3]]):
        with tf.GradientTape() as tape:
            tape.watch(params)
            log_prob = likelihood.distribution(params).log_prob(x)
        gradients = tape.gradient(log_prob, [params, likelihood.trainable_variables])
        for value in (log_prob, *tf.nest.flatten(gradients)):
            assert np.isfinite(value).all()


def test_it_finds_the_mask_and_the_mean_that_the_observed_mean_hides():
    """N(0, 1) data seen with probability sigmoid(3 - 6 x) - so from below; only the mask model finds 0."""
    x = np.random.default_rng(0).normal(size=(4000, 1)).astype("float32")
    incomplete = np.where(np.random.default_rng(1).random(x.shape) < special.expit(3 - 6 * x), x, NAN)
    likelihood = MissingNotAtRandom(Normal((1,), scales.Learned()))
    loc = tf.Variable([[0.0]])
    variables = [loc, *likelihood.trainable_variables]
    optimizer = keras.optimizers.Adam(0.05)

    @tf.function
    def step():
        with tf.GradientTape() as tape:
            loss = -tf.reduce_mean(likelihood.distribution({"loc": loc + 0.0}).log_prob(incomplete))
        optimizer.apply(tape.gradient(loss, variables), variables)

    optimizer.build(variables)
    for _ in range(300):
        step()
    naive = np.nanmean(incomplete)
    assert naive < -0.2
    assert abs(float(loc[0, 0])) < 0.4 * abs(naive)
    assert float(likelihood.slope[0]) < -2


@pytest.mark.parametrize(
    ("make", "argument"),
    [
        (lambda: MissingNotAtRandom(Bernoulli((3,))), "likelihood"),
        (lambda: MissingNotAtRandom(Normal((3,)), 0), "num_nodes"),
        (lambda: MissingNotAtRandom(Normal((3,)), 101), "num_nodes"),
    ],
)
def test_bad_arguments_are_rejected(make, argument):
    with pytest.raises(InvalidInput, match=f"^{argument}: expected"):
        make()


def test_it_trains_saves_and_is_loaded(flat, tmp_path):
    x = flat[:256].copy()
    x[np.random.default_rng(0).random(x.shape) < x / 2] = NAN
    vae = tfvae.VAE(
        tfvae.networks.mlp((16,), "tanh"),
        tfvae.networks.mlp((16,), "tanh"),
        tfvae.posteriors.Normal(3),
        MissingNotAtRandom(Normal((64,), scales.PerElement(0.1)), num_nodes=12),
    )
    with tf.GradientTape() as tape:
        loss = vae.compute_loss(x=x[:64], y_pred=vae(x[:64], training=True))
    for weight, gradient in zip(
        vae.trainable_weights, tape.gradient(loss, vae.trainable_weights), strict=True
    ):
        assert np.isfinite(gradient).all(), weight.path
        assert np.abs(gradient).max() > 0, weight.path
    vae.compile(optimizer=keras.optimizers.Adam(1e-2))
    history = vae.fit(x, epochs=3, verbose=0).history
    assert history["loss"][-1] < history["loss"][0]
    vae.save(tmp_path / "vae.keras")
    again = keras.saving.load_model(tmp_path / "vae.keras")
    np.testing.assert_array_equal(again.elbo(x), vae.elbo(x))
    assert again.likelihood.num_nodes == 12
    assert np.isfinite(vae.reconstruct(x)).all()
