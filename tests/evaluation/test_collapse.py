"""The verdict on posterior collapse, of encoders whose every number is known."""

import keras
import numpy as np
import pytest

import tfvae
from tfvae.evaluation import LatentUse, active_units, posterior_collapse

X = np.random.default_rng(0).normal(size=(200, 3)).astype("float32")


def _vae(scales):
    """Return a VAE whose q(z_j|x) is Normal(scales[j] x_j, 1), so that KL_j = scales[j]^2 x_j^2 / 2."""
    posterior = tfvae.posteriors.Normal(3)
    vae = tfvae.VAE(
        keras.layers.Identity(), tfvae.networks.mlp((4,)), posterior, tfvae.likelihoods.Normal((3,))
    )
    for weight in posterior.weights:
        weight.assign(np.zeros(weight.shape))
    kernel = next(weight for weight in posterior.weights if len(weight.shape) == 2)
    values = np.zeros(kernel.shape, "float32")
    locations = _location_columns(posterior, kernel)
    values[np.arange(3), locations] = scales
    kernel.assign(values)
    scale = float(np.asarray(vae.encode(X[:1]).stddev())[0, 0])
    return vae, scale


def _location_columns(posterior, kernel):
    """The columns of the kernel that move the locations, found by moving each."""
    columns = []
    for column in range(kernel.shape[1]):
        values = np.zeros(kernel.shape, "float32")
        values[:, column] = 1.0
        kernel.assign(values)
        if np.any(np.asarray(posterior.distribution(posterior(np.ones((1, 3), "float32"))).mean())):
            columns.append(column)
    return columns


@pytest.mark.parametrize(
    ("scales", "use"),
    [
        ((0.0, 0.0, 0.0), LatentUse.COLLAPSED),
        ((0.2, 0.2, 0.2), LatentUse.COLLAPSED),  # active, but a rate below log 2
        ((0.0, 2.0, 0.0), LatentUse.FEW_ACTIVE),
        ((1.0, 2.0, 0.0), LatentUse.IN_USE),
        ((1.0, 2.0, 3.0), LatentUse.IN_USE),
    ],
)
def test_the_verdict_and_the_rates_of_known_posteriors(scales, use):
    vae, scale = _vae(scales)
    verdict = posterior_collapse(vae, X, batch_size=64)
    assert verdict.use is use
    np.testing.assert_array_equal(verdict.active, np.array(scales) > 0)
    spread = 0.5 * (scale**2 - 1) - np.log(scale)
    expected = spread + 0.5 * np.square(np.array(scales) * X).mean(axis=0)
    np.testing.assert_allclose(verdict.rates, expected, rtol=1e-4, atol=1e-6)
    assert verdict.rate == pytest.approx(expected.sum(), rel=1e-4)


def test_the_message_names_what_is_inactive_and_what_to_try():
    vae, _ = _vae((0.0, 2.0, 0.0))
    message = str(posterior_collapse(vae, X))
    assert message.startswith("few active units: 1 of 3 latent dimensions is active, the rate is ")
    assert "inactive: z[0], z[2]; try a KL warm-up" in message
    assert "try" not in str(posterior_collapse(_vae((1.0, 1.0, 1.0))[0], X))


def test_a_posterior_without_a_density_has_no_rate():
    model = tfvae.zoo.autoencoder((3,), latent_dim=2)
    verdict = posterior_collapse(model, X)
    assert verdict.rates is None
    np.testing.assert_array_equal(verdict.active, active_units(model, X))


def test_one_example_is_no_data():
    with pytest.raises(tfvae.InvalidInput, match="at least two examples"):
        posterior_collapse(tfvae.zoo.vae((3,), latent_dim=2), X[:1])
