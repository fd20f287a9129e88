"""A matched posterior is the one given what is seen, where that is known."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import tfvae
from tfvae import evaluation, likelihoods, posteriors
from tfvae.core.errors import InvalidInput
from tfvae.layers.masking import MaskElements, RandomMask
from tfvae.models import PosteriorMatching

# Rows are orthogonal in the first three columns and in the last three: exact posteriors are diagonal.
WEIGHTS = np.array([[1.0, 1.0, 0.0, 1.0, 0.5, -1.0], [1.0, -1.0, 0.5, 0.5, 1.0, 1.0]], "float32")
SCALE = 0.7
SEEN = np.arange(6) < 3


class HideLast(RandomMask):
    """Always the last three columns."""

    def hidden(self, shape, rank, seed):
        return tf.broadcast_to(~SEEN, shape)


def _posterior(x, weights):
    """Exact mean [n, 2] and variance [2] of z given columns x of x = z W + noise."""
    variance = SCALE**2 / (np.square(weights).sum(axis=1) + SCALE**2)
    return x @ weights.T * variance / SCALE**2, variance


def _draws(n):
    rng = np.random.default_rng(0)
    return (rng.normal(size=(n, 2)) @ WEIGHTS + SCALE * rng.normal(size=(n, 6))).astype("float32")


def _trained():
    """The linear model with its exact posterior as q(z|x)."""
    vae = tfvae.VAE(
        tfvae.networks.linear(),
        keras.layers.Identity(),
        posteriors.Normal(2, floor=1e-6),
        likelihoods.Normal((6,), SCALE),
    )
    vae.likelihood.head.dense.kernel.assign(WEIGHTS)
    gain, variance = _posterior(np.eye(6), WEIGHTS)
    kernel, bias = np.zeros((6, 4)), np.zeros(4)
    kernel[:, ::2], bias[1::2] = gain, np.log(np.expm1(np.sqrt(variance)))
    vae.posterior.head.dense.kernel.assign(kernel)
    vae.posterior.head.dense.bias.assign(bias)
    return vae


@pytest.fixture(scope="module")
def matching():
    keras.utils.set_random_seed(1)
    matching = PosteriorMatching(
        _trained(), tfvae.networks.linear(), posteriors.Normal(2), HideLast(), seed=2
    )
    steps = 20 * -(-16000 // 256)
    matching.compile(keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(0.02, steps)))
    before = [np.array(variable) for variable in matching.trained.variables]
    matching.fit(_draws(16000), batch_size=256, epochs=20, verbose=0)
    for variable, value in zip(matching.trained.variables, before, strict=True):
        np.testing.assert_array_equal(variable, value, err_msg=variable.path)
    return matching


def test_it_becomes_the_posterior_given_what_is_seen(matching):
    x = _draws(500)
    mean, variance = _posterior(x[:, SEEN], WEIGHTS[:, SEEN])
    r = matching.model.encode(np.where(SEEN, x, np.nan).astype("float32"))
    ratio = variance / np.square(np.array(r.stddev(), "float64"))
    distance = np.square(mean - np.array(r.mean())) / np.square(np.array(r.stddev()))
    divergence = 0.5 * (ratio - 1 - np.log(ratio) + distance).sum(axis=1)  # KL(p(z|x_obs) || r)
    assert divergence.mean() < 0.005
    given_all = _posterior(x, WEIGHTS)[1]
    assert (variance > 1.5 * given_all).all()  # another posterior than the one of complete data


def test_its_weights_are_even_and_its_imputation_exact(matching):
    row = np.where(SEEN, _draws(5)[4], np.nan).astype("float32")
    copies = np.tile(row, (64, 1))
    log_weights = matching.model.trace(copies, num_samples=200).log_weights.numpy()
    assert log_weights.std(axis=0).max() < 0.3
    filled = evaluation.impute(matching.model, copies, num_samples=500, seed=3)
    mean, _ = _posterior(row[SEEN], WEIGHTS[:, SEEN])
    error = filled[:, ~SEEN].std(axis=0, ddof=1) / np.sqrt(64)
    assert (np.abs(filled[:, ~SEEN].mean(axis=0) - mean @ WEIGHTS[:, ~SEEN]) < 4 * error).all()
    assert (error < 0.01).all()


def test_the_loss_is_the_cross_entropy_of_the_draws(matching):
    """At the exact partial posterior it is that posterior's entropy, the least there is."""
    exact = _posterior(np.eye(6)[:, SEEN], WEIGHTS[:, SEEN])[1]
    entropy = 0.5 * np.log(2 * np.pi * np.e * exact).sum()
    losses = matching(_draws(20000)).numpy()
    error = losses.std() / np.sqrt(len(losses))
    assert abs(losses.mean() - entropy) < 4 * error + 0.005
    assert error < 0.01


def test_its_model_is_saved_and_loaded(matching, tmp_path):
    x = np.where(SEEN, _draws(5), np.nan).astype("float32")
    matching.model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(
        evaluation.impute(again, x, num_samples=20), evaluation.impute(matching.model, x, num_samples=20)
    )


def test_what_does_not_go_together_is_refused(matching):
    def make(trained, posterior):
        return PosteriorMatching(trained, tfvae.networks.linear(), posterior, MaskElements(0.5))

    with pytest.raises(InvalidInput, match="^trained: expected a model of complete data"):
        make(tfvae.zoo.miwae((6,), 2), posteriors.Normal(2))
    with pytest.raises(InvalidInput, match="^posterior: expected one with a density"):
        make(_trained(), posteriors.Point(2))
    with pytest.raises(InvalidInput, match="^prior: expected the posterior's latent_dim"):
        make(_trained(), posteriors.Normal(3))
    with pytest.raises(InvalidInput, match="finite"):
        matching.fit(np.full((4, 6), np.nan), verbose=0)
    vamp = tfvae.zoo.vamp_vae((6,), 2)
    with pytest.raises(InvalidInput, match="^trained: expected a prior that is not made"):
        make(vamp, posteriors.Normal(2))


def test_the_trained_model_stays_as_it_is_with_its_batch_statistics(flat):
    """Batch normalization in the trained encoder keeps its averages; r's own ones follow the data."""
    batch_norm = keras.layers.BatchNormalization()
    trained = tfvae.zoo.vae(
        (64,), latent_dim=2, encoder=keras.Sequential([keras.layers.Dense(8), batch_norm])
    )
    before = [np.array(weight) for weight in trained.weights]
    matching = PosteriorMatching(
        trained,
        keras.Sequential([keras.layers.Dense(8), keras.layers.BatchNormalization()]),
        tfvae.posteriors.Normal(2),
        MaskElements(0.5),
        seed=1,
    )
    matching.compile("adam")
    matching.fit(flat[:128], verbose=0)
    for weight, old in zip(trained.weights, before, strict=True):
        np.testing.assert_array_equal(weight, old)
    assert np.abs(matching.model.encoder.layers[1].moving_mean).max() > 0


def test_losses_of_r_layers_count_once_also_on_two_replicas(flat, two_replicas):
    found = []
    for strategy in (tf.distribute.get_strategy(), two_replicas):
        keras.utils.set_random_seed(1)
        with strategy.scope():
            dense = keras.layers.Dense(8, kernel_regularizer=keras.regularizers.L2(100.0))
            matching = PosteriorMatching(
                tfvae.zoo.vae((64,), latent_dim=2), dense, tfvae.posteriors.Normal(2),
                MaskElements(0.5), seed=1,
            )  # fmt: skip
            matching.compile(keras.optimizers.SGD(1e-5))
        before = np.array(dense.kernel)
        matching.fit(flat[:75], batch_size=20, verbose=0)
        found.append(np.array(dense.kernel) / before)
    for ratio in found:  # the penalty's gradient, 200 kernel, is far above the other's
        np.testing.assert_allclose(np.median(ratio), (1 - 200 * 1e-5) ** 4, rtol=1e-4)
