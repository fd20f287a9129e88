"""What every likelihood that wraps another one forwards to it."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import tfvae
from tfvae import scales
from tfvae.core.errors import InvalidInput
from tfvae.core.trace import Trace
from tfvae.likelihoods import (
    Bernoulli,
    Categorical,
    Laplace,
    MissingAtRandom,
    MissingNotAtRandom,
    Normal,
    Padded,
    WithMissingMask,
    WrappedLikelihood,
)

NAN = float("nan")
WRAPPERS = {
    "missing at random": MissingAtRandom,
    "missing not at random": MissingNotAtRandom,
    "with mask": lambda likelihood: WithMissingMask(MissingAtRandom(likelihood)),
    "with mask, not at random": lambda likelihood: WithMissingMask(MissingNotAtRandom(likelihood)),
    "padded": Padded,
}
wrappers = pytest.mark.parametrize("wrap", WRAPPERS.values(), ids=WRAPPERS)
X = np.float32([[[1.0, 2.0], [3.0, 4.0], [NAN, NAN]], [[5.0, 6.0], [NAN, NAN], [NAN, NAN]]])


def _observe(likelihood, x, loc):
    trace = Trace(tf.constant(x), None, None, None, None, None, None, {"likelihood": {"loc": loc}})
    likelihood.observe(trace)


@wrappers
def test_the_optimal_scale_is_that_of_the_observed_errors(wrap):
    inner = Normal((3, 2), scales.Optimal())
    loc = tf.random.stateless_normal((4, 2, 3, 2), (1, 2))  # four samples of z
    _observe(wrap(inner), X, loc)
    expected = np.sqrt(np.nanmean((X - loc) ** 2))
    assert float(inner.scale.scale([])) == pytest.approx(expected, rel=1e-5)


@wrappers
def test_each_column_has_the_scale_of_its_observed_errors(wrap):
    x = np.where(np.arange(3)[:, np.newaxis] < 2, X, NAN)
    inner = Normal((3, 2), scales.Optimal(shape=(3, 2)))
    before = inner.scale.scale([]).numpy()
    _observe(wrap(inner), x, tf.zeros((1, 2, 3, 2)))
    seen = ~np.isnan(x).all(axis=0)
    expected = np.sqrt(np.nanmean(x[:, :2] ** 2, axis=0))
    np.testing.assert_allclose(inner.scale.scale([])[:2], expected, rtol=1e-5)
    np.testing.assert_array_equal(inner.scale.scale([])[~seen], before[~seen])


def test_a_laplace_takes_the_absolute_errors():
    inner = Laplace((3, 2), scales.Optimal())
    _observe(MissingAtRandom(inner), X, tf.zeros((1, 2, 3, 2)))
    assert float(inner.scale.scale([])) == pytest.approx(np.nanmean(np.abs(X)), rel=1e-6)


@pytest.mark.parametrize("wrap", [MissingAtRandom, Padded], ids=["missing at random", "padded"])
def test_training_finds_the_scale_of_the_errors(wrap):
    """The decoder returns a constant at a rate of 0, so the errors are those of the data about it."""
    rng = np.random.default_rng(0)
    x = rng.normal(0, 3, (200, 4, 1)).astype("float32")
    x[np.arange(4) >= rng.integers(1, 5, 200)[:, np.newaxis]] = NAN
    vae = tfvae.VAE(
        tfvae.networks.mlp((4,)),
        tfvae.networks.mlp((4,)),
        tfvae.posteriors.Normal(2),
        wrap(Normal((4, 1), scales.Optimal(decay=0.0))),
    )
    vae.compile(keras.optimizers.SGD(0.0))
    vae.fit(tf.data.Dataset.from_tensors(x), verbose=0)
    error = x - vae.reconstruct(x)
    found = float(vae.likelihood.likelihood.scale.scale([]))
    assert found == pytest.approx(np.sqrt(np.nanmean(error**2)), rel=0.02)


@pytest.mark.parametrize("wrap", [MissingAtRandom, Padded], ids=["missing at random", "padded"])
def test_missing_values_are_those_of_the_inner_likelihood(wrap):
    """Of categories: the probabilities are averaged over z, not the numbers of the categories."""
    inner = Categorical((3,), 4)
    params = inner(tf.random.stateless_normal((5, 6), (1, 2)))
    outer, seed = wrap(inner), tf.constant([3, 4])
    average = tf.nn.softmax(params["logits"])
    np.testing.assert_array_equal(outer.missing_statistic(params), average)
    np.testing.assert_array_equal(outer.missing_estimate(average), tf.argmax(average, -1))
    np.testing.assert_array_equal(outer.missing_draw(params, seed), inner.missing_draw(params, seed))
    np.testing.assert_array_equal(outer.mean(params), inner.mean(params))


@pytest.mark.parametrize("wrap", [MissingAtRandom, Padded], ids=["missing at random", "padded"])
def test_its_weights_are_those_of_the_inner_likelihood(wrap):
    inner = Bernoulli((3,))
    outer = wrap(inner)
    outer(tf.zeros((2, 6)))
    assert {weight.path for weight in outer.weights} == {weight.path for weight in inner.weights}
    assert len(outer.weights) == 2


class _Plain(WrappedLikelihood):
    """A wrapper that changes nothing and checks nothing itself."""

    def __init__(self, likelihood):
        super().__init__(likelihood)


@pytest.mark.parametrize("wrap", [*WRAPPERS.values(), _Plain])
@pytest.mark.parametrize("inner", ["normal", None, 3, Normal])
def test_what_is_no_likelihood_is_rejected_by_name(wrap, inner):
    with pytest.raises(InvalidInput, match="^likelihood: expected"):
        wrap(inner)
