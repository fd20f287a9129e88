"""The Student t likelihood against scipy, and its limit."""

import numpy as np
import pytest
import tensorflow as tf
from scipy import special, stats

from tfvae import scales
from tfvae.core.errors import InvalidInput
from tfvae.likelihoods.student_t import StudentT


@pytest.mark.parametrize("df", [0.1, 1.0, 2.0, 4.0, 100.0, 1e5, 1e9])
def test_density_is_scipys(df):
    loc, x = np.float32([0.4, -1.0]), np.float32([[-1e6], [-2.0], [0.0], [0.4], [30.0]])
    px = StudentT((2,), 0.5, df).distribution({"loc": loc[np.newaxis]})
    expected = stats.t.logpdf(np.float64(x), min(df, 1e6), np.float64(loc), 0.5).sum(1)
    received = px.log_prob(np.broadcast_to(x, (5, 2)))
    np.testing.assert_allclose(received, expected, rtol=1e-5, atol=1e-5)


def test_many_degrees_of_freedom_are_a_gaussian():
    x = np.linspace(-5, 5, 101, dtype="float32")[:, np.newaxis]
    px = StudentT((1,), 1.0, 1e9).distribution({"loc": tf.zeros((1, 1))})
    np.testing.assert_allclose(px.log_prob(x), stats.norm.logpdf(x[:, 0]), atol=2e-4)  # 5^4 / (4 df)


@pytest.mark.parametrize("df", [3.0, scales.Learned(5.0, floor=2.0), scales.PerElement(floor=2.0)])
def test_density_integrates_to_one(df):
    likelihood = StudentT((1,), scales.PerElement(), df)
    params = likelihood(tf.constant([[0.4, -0.2, 1.0]]))
    angle = np.linspace(-np.pi / 2, np.pi / 2, 20001)[1:-1]  # x = 10 tan(angle): all of the tails
    x = (10 * np.tan(angle)).astype("float32")[:, np.newaxis]
    density = np.exp(likelihood.distribution(params).log_prob(x)) * 10 / np.cos(angle) ** 2
    assert float(np.trapezoid(density, angle)) == pytest.approx(1.0, abs=1e-4)


def test_moments_are_those_of_the_draws():
    likelihood = StudentT((2,), 0.5, 12.0)
    params = {"loc": tf.constant([[3.0, -1.0]])}
    draws = likelihood.distribution(params).sample(40000, seed=(1, 2)).numpy().astype("float64")
    variance, kurtosis = 0.25 * 12 / 10, 6 / 8
    assert np.abs((draws.mean(0) - likelihood.mean(params)) / np.sqrt(variance / 40000)).max() < 4
    error = variance * np.sqrt((kurtosis + 2) / 40000)
    assert np.abs((draws.var(0) - variance) / error).max() < 4


def test_gradient_to_the_degrees_of_freedom_is_the_formulas():
    likelihood = StudentT((1,), 1.0, scales.Learned(5.0, floor=2.0))
    x = np.float32([[3.0]])
    with tf.GradientTape() as tape:
        value = likelihood.distribution({"loc": tf.zeros((1, 1))}).log_prob(x)
    received = float(tape.gradient(value, likelihood.df.log_scale))
    df, square = 5.0, 9.0
    slope = 0.5 * (special.digamma((df + 1) / 2) - special.digamma(df / 2) - 1 / df)
    slope += -0.5 * np.log1p(square / df) + 0.5 * (df + 1) * square / (df * (df + square))
    assert received == pytest.approx(slope * (df - 2.0), rel=1e-4)


@pytest.mark.parametrize("log_df", [-50.0, 12.0, 80.0])
def test_gradients_are_finite_at_the_ends_of_the_degrees_of_freedom(log_df):
    likelihood = StudentT((3,), df=scales.Learned(5.0, floor=2.0))
    likelihood.df.log_scale.assign(log_df)
    loc = tf.constant([[1.0, 1e8, -1e8]])
    with tf.GradientTape() as tape:
        tape.watch(loc)
        value = likelihood.distribution({"loc": loc}).log_prob(tf.ones((1, 3)))
    gradients = tape.gradient(value, [loc, *likelihood.trainable_variables])
    assert all(np.isfinite(array).all() for array in (value, *gradients))


def test_an_outlier_pulls_less_the_further_it_is():
    """The influence of x on the location falls again, where a Gaussian's grows."""
    loc = tf.zeros((1, 1))
    pulls = []
    for x in (1.0, 10.0, 100.0):
        with tf.GradientTape() as tape:
            tape.watch(loc)
            value = StudentT((1,), 1.0, 4.0).distribution({"loc": loc}).log_prob([[x]])
        pulls.append(float(tape.gradient(value, loc)[0, 0]))
        assert pulls[-1] == pytest.approx(5 * x / (4 + x**2), rel=1e-5)
    assert pulls[0] > pulls[1] > pulls[2] > 0


@pytest.mark.parametrize(
    ("argument", "options"), [("df", {"df": 0.0}), ("df", {"df": "few"}), ("scale", {"scale": -1})]
)
def test_impossible_arguments_are_rejected(argument, options):
    with pytest.raises(InvalidInput, match=f"^{argument}: expected"):
        StudentT((3,), **options)
