"""The sparse VAE: masks of 1 have no effect, the prior has its density, and known masks are recovered."""

import numpy as np
import pytest
import tensorflow as tf
from scipy import integrate, special

import tfvae
from tfvae.core.errors import InvalidInput
from tfvae.likelihoods import MaskedNormal
from tfvae.objectives import SpikeAndSlab


def test_masks_of_one_are_a_network_and_a_normal():
    likelihood = MaskedNormal((5,), (6, 4), "tanh")
    z = np.random.default_rng(0).normal(size=(7, 3)).astype("float32")
    params = likelihood(z)
    hidden = z
    for layer in likelihood.hidden:
        hidden = np.tanh(hidden @ layer.kernel.numpy() + layer.bias.numpy())
    loc = hidden @ likelihood.outputs.numpy().T + likelihood.bias.numpy()
    np.testing.assert_allclose(params["loc"], loc, rtol=1e-4, atol=1e-6)
    x = np.ones((7, 5), "float32")
    scale = 1.001
    expected = (-0.5 * ((x - loc) / scale) ** 2 - np.log(scale) - 0.5 * np.log(2 * np.pi)).sum(1)
    np.testing.assert_allclose(likelihood.distribution(params).log_prob(x), expected, rtol=1e-4)


def test_a_mask_of_zero_cuts_one_element_off():
    likelihood = MaskedNormal((5,), (6,))
    z = np.random.default_rng(0).normal(size=(2, 3)).astype("float32")
    likelihood.build((None, 3))
    masks = np.ones((5, 3), "float32")
    masks[2, 1] = 0.0
    likelihood.masks.assign(masks)
    moved = z + np.float32([0, 1, 0])
    same = likelihood(z)["loc"].numpy() == likelihood(moved)["loc"].numpy()
    np.testing.assert_array_equal(same, [[False, False, True, False, False]] * 2)


@pytest.fixture(scope="module")
def small():
    """A model of two latent dimensions and three elements, with masks and shares set."""
    model = tfvae.zoo.sparse_vae((3,), latent_dim=2, dataset_size=50)
    model.likelihood.masks.assign([[0.5, 0.0], [-0.01, 2.0], [1.0, 0.3]])
    model.objective.share_logits.assign([0.3, -1.0])
    return model


def test_penalty_is_the_density_written_out(small):
    masks, eta = small.likelihood.masks.numpy().astype("float64"), special.expit([0.3, -1.0])
    mixture = eta * 0.5 * np.exp(-np.abs(masks)) + (1 - eta) * 5 * np.exp(-10 * np.abs(masks))
    shares = 3 * (1 - eta) ** 2  # Beta(1, 3)
    expected = -(np.log(mixture).sum() + np.log(shares).sum()) / 50
    trace = small.trace(np.zeros((4, 3)))
    np.testing.assert_allclose(small.objective.penalty(trace, small), expected, rtol=1e-5)
    terms = small.objective.loss(trace, small)
    np.testing.assert_allclose(terms["loss"], -trace.elbo + expected, rtol=1e-5)


def test_the_prior_of_a_mask_has_mass_one(small):
    def density(value):
        slab, spike = small.objective.log_slab_and_spike(tf.fill((1, 2), float(value)))
        return float(np.exp(np.logaddexp(slab, spike))[0, 0])

    mass = 2 * (integrate.quad(density, 0, 2, limit=200)[0] + integrate.quad(density, 2, 30)[0])
    assert mass == pytest.approx(1.0, abs=1e-4)


def test_the_slope_on_a_mask_lies_between_slab_and_spike(small):
    """-d log p / d|w| = probability slab + (1 - probability) spike, as in the paper's EM algorithm."""
    masks = tf.constant([[0.5, 0.001], [0.05, 2.0]])
    with tf.GradientTape() as tape:
        tape.watch(masks)
        value = -tf.reduce_sum(tf.reduce_logsumexp(tf.stack(small.objective.log_slab_and_spike(masks)), 0))
    chance = small.objective.probability(masks).numpy()
    np.testing.assert_allclose(tape.gradient(value, masks), chance * 1.0 + (1 - chance) * 10.0, rtol=1e-4)


def _synthetic(count, seed):
    """Nine elements: two of each of three factors alone, and three of two factors each."""
    rng = np.random.default_rng(seed)
    support = np.zeros((9, 3), bool)
    support[np.arange(6), np.arange(6) % 3] = True
    support[6, [0, 1]] = support[7, [1, 2]] = support[8, [0, 2]] = True
    z = rng.normal(size=(count, 3))
    x = np.concatenate([2 * z, np.sinh(z), z + 1.5 * np.roll(z, -1, axis=1)], axis=1)
    x[:, 8] = z[:, 2] - 1.5 * z[:, 0]
    return (x + 0.1 * rng.normal(size=x.shape)).astype("float32"), z.astype("float32"), support


def test_known_masks_are_found_where_z_is_known():
    """Which elements depend on which factors, from elements and factors; the encoder has no part in it."""
    x, z, support = _synthetic(500, 0)
    model = tfvae.VAE(
        tfvae.networks.mlp((8,)),
        tfvae.networks.linear(),
        tfvae.posteriors.Normal(3),
        MaskedNormal((9,), (16,), "tanh"),
        objective=SpikeAndSlab(len(x)),
    )
    trace, likelihood, optimizer = model.trace(x), model.likelihood, tfvae.optimizers.Adam(0.01)
    weights = [*likelihood.trainable_variables, model.objective.share_logits]
    optimizer.build(weights)

    @tf.function
    def train(steps):
        for _ in tf.range(steps):
            with tf.GradientTape() as tape:
                log_x = likelihood.distribution(likelihood(z)).log_prob(x)
                loss = tf.reduce_mean(model.objective.penalty(trace, model) - log_x)
            optimizer.apply(tape.gradient(loss, [weight.value for weight in weights]), weights)

    train(tf.constant(2500))
    found = model.objective.probability(likelihood.masks).numpy() > 0.5
    f_score = 2 * (found & support).sum() / (found.sum() + support.sum())
    assert 2 * support.sum() / (found.size + support.sum()) < 0.65  # of masks that are all there
    assert f_score > 0.9


def test_other_likelihoods_have_no_masks(small_vae):
    with pytest.raises(InvalidInput, match="Bernoulli, received SpikeAndSlab"):
        small_vae(objective=SpikeAndSlab(10))
    with pytest.raises(InvalidInput, match="^spike: expected a rate above the slab's"):
        SpikeAndSlab(10, spike=0.5)
    with pytest.raises(InvalidInput, match="^event_shape: expected one size"):
        MaskedNormal((3, 2))
