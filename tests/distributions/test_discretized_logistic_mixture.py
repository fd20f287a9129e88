"""The discretized logistic mixture against its definition in float64, in gray and in color."""

import numpy as np
import pytest
import tensorflow as tf
from scipy import special, stats

from tfvae.distributions import DiscretizedLogisticMixture

VALUES = np.arange(256, dtype="float64") / 255


def _gray(weights, means, scales):
    """One gray pixel; means and scales on [-1, 1]."""
    means, log_scales = (np.reshape(value, (1, 1, -1, 1)) for value in (means, np.log(scales)))
    given = np.log(weights).reshape(1, 1, -1), means, log_scales, np.zeros((1, 1, len(weights), 0))
    return DiscretizedLogisticMixture(*(tf.constant(value, tf.float32) for value in given), (1, 1, 1))


def _color():
    """One pixel in color, and its weights [2], means [2, 3], scales and coefficients."""
    rng = np.random.default_rng(0)
    logits, means = rng.normal(size=2), 0.3 * rng.normal(size=(2, 3))
    scales, coefficients = np.exp(rng.normal(size=(2, 3)) - 2), np.tanh(rng.normal(size=(2, 3)))
    given = (tf.constant(v[None, None], tf.float32) for v in (logits, means, np.log(scales), coefficients))
    p = DiscretizedLogisticMixture(*given, (1, 1, 3))
    return p, special.softmax(logits), means, scales, coefficients


def _mass(values, mean, scale):
    """The mass of each value in float64, by the definition; values and mean on [-1, 1]."""
    upper = np.where(values > 1 - 1 / 255, 1.0, special.expit((values + 1 / 255 - mean) / scale))
    lower = np.where(values < 1 / 255 - 1, 0.0, special.expit((values - 1 / 255 - mean) / scale))
    return upper - lower


def _masses(p):
    return np.exp(p.log_prob(VALUES.reshape(256, 1, 1, 1).astype("float32")).numpy().astype("float64"))


@pytest.mark.parametrize(
    ("weights", "means", "scales"),
    [
        ([1.0], [0.1], [0.3]),
        ([0.2, 0.5, 0.3], [-0.7, 0.0, 0.4], [0.05, 0.4, 0.01]),
        ([0.5, 0.5], [-1.3, 1.02], [0.2, 0.002]),
        ([0.9, 0.1], [0.0, 5.0], [20.0, 1.0]),
    ],
)
def test_gray_masses_are_the_definitions_and_sum_to_one(weights, means, scales):
    mass = _masses(_gray(weights, means, scales))
    assert mass.sum() == pytest.approx(1.0, abs=1e-5)
    components = zip(weights, means, scales, strict=True)
    expected = sum(weight * _mass(2 * VALUES - 1, mean, scale) for weight, mean, scale in components)
    likely = expected > 1e-12
    np.testing.assert_allclose(np.log(mass[likely]), np.log(expected[likely]), rtol=1e-3, atol=2e-3)
    np.testing.assert_allclose(mass, expected, atol=1e-4)


def test_color_masses_follow_the_chain_of_channels():
    """Summed over blue, and over green and blue, the mass is that of the channels before."""
    p, weights, means, scales, coefficients = _color()
    values = 2 * VALUES - 1
    for red in (0, 90, 255):
        green, blue = np.meshgrid(VALUES, VALUES, indexing="ij")
        x = np.stack([np.full_like(green, VALUES[red]), green, blue], axis=-1).reshape(-1, 1, 1, 3)
        mass = np.exp(p.log_prob(x.astype("float32")).numpy().astype("float64")).reshape(256, 256)
        red_mass = [_mass(values[red], means[k, 0], scales[k, 0]) for k in range(2)]
        assert mass.sum() == pytest.approx(weights @ red_mass, rel=1e-4)
        green_means = means[:, 1] + coefficients[:, 0] * values[red]
        green_mass = sum(
            weights[k] * red_mass[k] * _mass(values, green_means[k], scales[k, 1]) for k in range(2)
        )
        np.testing.assert_allclose(mass.sum(axis=1), green_mass, rtol=1e-3, atol=1e-9)
        blue_means = means[:, 2] + coefficients[:, 1] * values[red] + coefficients[:, 2] * values[100]
        blue_mass = sum(
            weights[k]
            * red_mass[k]
            * _mass(values[100], green_means[k], scales[k, 1])
            * _mass(values, blue_means[k], scales[k, 2])
            for k in range(2)
        )
        np.testing.assert_allclose(mass[100], blue_mass, rtol=1e-3, atol=1e-12)


def test_draws_are_values_with_their_frequencies():
    p = _gray([0.6, 0.4], [-0.95, 0.3], [0.1, 0.05])
    draws = p.sample(20000, seed=(1, 2)).numpy().reshape(-1)
    numbers = np.round(255 * draws)
    np.testing.assert_allclose(draws, numbers / 255, rtol=1e-6)
    mass = _masses(p)
    often = mass > 5e-4
    counts = np.append(np.bincount(numbers.astype(int), minlength=256)[often], 0)
    counts[-1] = 20000 - counts.sum()
    expected = 20000 * np.append(mass[often], 1 - mass[often].sum())
    assert stats.chisquare(counts, expected * counts.sum() / expected.sum()).pvalue > 1e-3


def test_color_draws_have_the_density():
    """Against draws made in NumPy by the definition: first and second moments, and products of channels."""
    p, weights, means, scales, coefficients = _color()
    draws = p.sample(5000, seed=(3, 4))
    assert draws.shape == (5000, 1, 1, 3)
    rng = np.random.default_rng(5)
    component = rng.choice(2, size=5000, p=weights)
    noise = rng.logistic(size=(5000, 3)) * scales[component]
    done = []
    for channel in range(3):
        value = means[component, channel] + noise[:, channel]
        for number, before in enumerate(done):
            value += coefficients[component, channel * (channel - 1) // 2 + number] * before
        done.append(np.clip(np.round((value + 1) * 127.5), 0, 255) / 127.5 - 1)
    reference = (np.stack(done, axis=-1) + 1) / 2
    ours = draws.numpy().reshape(5000, 3)
    for statistic in (lambda x: x, lambda x: x**2, lambda x: x * np.roll(x, 1, axis=1)):
        a, b = statistic(ours), statistic(reference)
        error = np.sqrt((a.var(0) + b.var(0)) / 5000)
        assert (np.abs(a.mean(0) - b.mean(0)) < 4.5 * error).all()


@pytest.mark.parametrize("scale", [0.001, 0.02, 0.3, 2.0])
def test_the_gray_mean_is_within_half_a_bin_of_the_sum_over_values(scale):
    p = _gray([0.3, 0.7], [-0.98, 0.437], [scale, scale])
    exact = (_masses(p) * VALUES).sum()
    assert abs(float(p.mean()[0, 0, 0]) - exact) < 1 / 510
    if scale > 0.01:
        assert float(p.mean()[0, 0, 0]) == pytest.approx(exact, abs=1e-4)


def test_the_color_mean_is_that_of_draws():
    p, *_ = _color()
    draws = p.sample(20000, seed=(5, 6)).numpy()[:, 0, 0]
    assert (np.abs(draws.mean(0) - p.mean()[0, 0]) < 4.5 * draws.std(0) / np.sqrt(20000) + 1e-3).all()


@pytest.mark.parametrize("mean", [-1e4, -300.0, -2.0, -0.5, 0.0, 0.9, 40.0])
@pytest.mark.parametrize("log_scale", [-6.0, -0.5, 0.5, 5.0, 12.0, 15.0, 40.0, 80.0])
def test_the_mean_of_the_clipped_logistic_is_exact_at_every_scale(mean, log_scale):
    """Against the mean of the survival function over [0, 1], by quadrature in float64."""
    given = (tf.constant(value, tf.float32) for value in ([[[0.0]]], [[[[mean]]]], [[[[log_scale]]]]))
    p = DiscretizedLogisticMixture(*given, tf.zeros((1, 1, 1, 0)), (1, 1, 1))
    edges = np.concatenate([np.linspace(-1, 1, 4001), mean + np.exp(log_scale) * np.linspace(-40, 40, 4001)])
    edges = np.unique(np.clip(edges, -1, 1))
    nodes, weights = np.polynomial.legendre.leggauss(8)
    width = np.diff(edges)[:, np.newaxis] / 2
    points = edges[:-1, np.newaxis] + width * (1 + nodes)
    expected = (special.expit((mean - points) / np.exp(log_scale)) * weights * width).sum() / 2
    assert float(p.mean()[0, 0, 0]) == pytest.approx(expected, abs=3e-7)
