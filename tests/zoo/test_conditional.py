"""Conditional recipes against the plain VAE, and against a Gaussian model with an exact likelihood."""

import keras
import numpy as np
import pytest
from scipy import stats

import tfvae
from tfvae.core.errors import InvalidInput
from tfvae.layers.conditioning import ConcatenateCondition, IgnoreCondition

CONDITION = np.array([0.3, -1.0, 2.0], "float32")


def _at_constant_condition(conditional, plain):
    """Move the condition's share of each first layer into the bias, where a constant belongs."""
    for paired, network, rows in (("encoder", "encoder", 6), ("decoder", "decoder", 2)):
        given, own = getattr(conditional, paired), getattr(plain, network)
        first, *others = given.network.get_weights()
        if isinstance(given, ConcatenateCondition):
            own.set_weights([first[:rows], others[0] + CONDITION @ first[rows:], *others[1:]])
        else:
            own.set_weights([first, *others])
    for part in ("posterior", "likelihood"):
        getattr(plain, part).set_weights(getattr(conditional, part).get_weights())


def test_under_a_constant_condition_it_is_the_plain_vae():
    x = np.random.default_rng(0).normal(size=(20, 6)).astype("float32")
    networks = [tfvae.networks.mlp((8,), "tanh") for _ in range(4)]
    conditional = tfvae.zoo.cvae((6,), 3, 2, encoder=networks[0], decoder=networks[1])
    plain = tfvae.zoo.vae((6,), 2, encoder=networks[2], decoder=networks[3])
    _at_constant_condition(conditional, plain)
    inputs = {"x": x, "condition": np.tile(CONDITION, (20, 1))}
    np.testing.assert_allclose(
        conditional.elbo(inputs, num_samples=3, seed=4), plain.elbo(x, num_samples=3, seed=4), rtol=1e-5
    )
    again, repeated = conditional.predict(inputs, verbose=0), plain.predict(x, verbose=0)
    np.testing.assert_allclose(again["reconstruction"], repeated["reconstruction"], rtol=1e-4, atol=1e-5)


def _gaussian(vae, decoder_sees_condition, condition):
    """Mean and covariance of p(x|c), from the weights of a model whose networks are linear, in float64."""
    dense = vae.likelihood.head.dense
    weights, bias = np.array(dense.kernel, "float64"), np.array(dense.bias, "float64")
    p = vae.prior.distribution(condition=condition)
    of_z, of_c = weights[:2], weights[2:]
    loc, scale = (np.broadcast_to(value, (len(condition), 2)) for value in (p.mean(), p.stddev()))
    mean = loc @ of_z + bias + (condition @ of_c if decoder_sees_condition else 0)
    noise = float(vae.likelihood.scale.scale([])) ** 2 * np.eye(len(bias))
    return mean, [of_z.T @ np.diag(s**2) @ of_z + noise for s in scale]


@pytest.mark.parametrize(
    ("recipe", "sees"),
    [("cvae", True), ("conditional_prior_cvae", True), ("conditional_prior_vae", False), ("ivae", False)],
)
def test_the_linear_model_has_its_exact_likelihood(recipe, sees):
    rng = np.random.default_rng(1)
    c = rng.normal(size=(400, 3)).astype("float32")
    x = (c @ rng.normal(size=(3, 4)) + rng.normal(size=(400, 2)) @ rng.normal(size=(2, 4))).astype("float32")
    linear = tfvae.networks.linear
    if recipe == "ivae":
        vae = tfvae.zoo.ivae((4,), 3, 2, layers=(8,))
        vae = tfvae.VAE(
            ConcatenateCondition(linear()), IgnoreCondition(linear()), vae.posterior.__class__(2),
            vae.likelihood.__class__((4,)), vae.prior, condition_dim=3,
        )  # fmt: skip
    else:
        vae = getattr(tfvae.zoo, recipe)((4,), 3, 2, encoder=linear(), decoder=linear())
    inputs = {"x": x, "condition": c}
    vae.compile(tfvae.optimizers.Adam(0.02))
    vae.fit(inputs, batch_size=100, epochs=60, verbose=0)
    means, covariances = _gaussian(vae, sees, c)
    exact = np.array(
        [
            stats.multivariate_normal(*row).logpdf(value)
            for *row, value in zip(means, covariances, x, strict=True)
        ]
    )
    estimate, error = vae.log_likelihood_with_error(inputs, num_samples=500, seed=3)
    z = (estimate - exact) / error
    assert abs(z.mean()) < 4 / np.sqrt(len(z))
    assert 0.75 < z.std() < 1.3
    assert vae.elbo(inputs, num_samples=64).mean() <= exact.mean() + 0.01


def test_latent_points_are_drawn_and_decoded_under_a_condition():
    vae = tfvae.zoo.conditional_prior_cvae((6,), 3, 2)
    given = {"condition": np.eye(3, dtype="float32")}
    z = tfvae.samplers.prior(vae, 3, seed=5, given=given)
    np.testing.assert_allclose(
        tfvae.samplers.decode(vae, z, given), vae.sample(3, seed=5, given=given), rtol=1e-5, atol=1e-6
    )
    walks = tfvae.samplers.traversals(vae, z[0], [0, 1], steps=3)
    one = {"condition": given["condition"][1:2]}
    decoded = tfvae.samplers.decode(vae, walks, one)
    assert decoded.shape == (2, 3, 6)
    alone = tfvae.samplers.decode(vae, walks[1, 2][np.newaxis], one)[0]
    np.testing.assert_allclose(decoded[1, 2], alone, rtol=1e-4, atol=1e-6)
    for wrong in (None, {"condition": np.ones((2, 3))}):
        with pytest.raises(InvalidInput, match="condition"):
            tfvae.samplers.decode(vae, walks, wrong)
    with pytest.raises(InvalidInput, match="condition"):
        tfvae.samplers.prior(vae, 3)


def test_the_rate_is_split_only_under_one_prior():
    rng = np.random.default_rng(2)
    inputs = {"x": rng.normal(size=(200, 6)), "condition": np.eye(3)[rng.integers(0, 3, 200)]}
    vae = tfvae.zoo.cvae((6,), 3, 2)
    terms = tfvae.evaluation.rate_decomposition(vae, inputs)
    rates = np.concatenate([vae.trace(inputs).rate])
    assert sum(terms) == pytest.approx(rates.mean(), abs=4 * rates.std() / np.sqrt(200) + 0.05)
    assert tfvae.evaluation.active_units(vae, inputs).shape == (2,)
    with pytest.raises(InvalidInput, match="prior: expected one without a condition"):
        tfvae.evaluation.rate_decomposition(tfvae.zoo.conditional_prior_vae((6,), 3, 2), inputs)


def test_networks_of_images_get_the_condition_too(digits):
    keras.utils.set_random_seed(0)
    vae = tfvae.zoo.cvae((8, 8, 1), 10, 4)
    x = np.repeat(digits[:1], 2, axis=0)
    latent = vae.predict({"x": x, "condition": np.eye(10)[:2]}, verbose=0)["latent"]
    assert np.abs(latent[0] - latent[1]).max() > 1e-4
