"""The ELBO against a calculation by hand, and its weights."""

import numpy as np
import pytest
import tensorflow as tf

from tfvae.core.errors import InvalidInput
from tfvae.objectives import ELBO
from tfvae.posteriors import Normal


def _by_hand(vae, x, noise):
    """Distortion and rate of each example in plain NumPy, from the parameters alone."""
    params = vae.posterior(vae.encoder(x))
    loc, scale = params["loc"].numpy(), params["scale"].numpy()
    z = loc + scale * noise
    p = np.stack([vae.decoded_mean(tf.constant(draw)).numpy() for draw in z]).astype("float64")
    log_x = (x * np.log(p) + (1 - x) * np.log1p(-p)).sum(axis=-1)
    rate = 0.5 * (loc**2 + scale**2 - 1 - 2 * np.log(scale)).sum(axis=-1)
    return -log_x.mean(axis=0), rate


@pytest.mark.parametrize("num_samples", [1, 3])
def test_terms_are_those_calculated_by_hand(small_vae, flat, num_samples):
    vae = small_vae(objective=ELBO(beta=2.5))
    x, noise = flat[:6], np.random.default_rng(0).normal(size=(num_samples, 6, 4)).astype("float32")
    trace = vae.trace_with_noise({"x": tf.constant(x)}, tf.constant(noise))
    terms = vae.objective.loss(trace, vae)
    distortion, rate = _by_hand(vae, x, noise)
    np.testing.assert_allclose(terms["distortion"], distortion, rtol=1e-4)
    np.testing.assert_allclose(terms["rate"], rate, rtol=1e-4)
    np.testing.assert_allclose(terms["loss"], distortion + 2.5 * rate, rtol=1e-4)
    np.testing.assert_allclose(terms["elbo"], -(distortion + rate), rtol=1e-4)


def test_loss_is_the_batch_mean_of_the_terms(small_vae, flat):
    vae = small_vae(objective=ELBO(beta=3.0))
    vae.compile()
    logs = vae.evaluate(flat[:100], batch_size=32, verbose=0, return_dict=True)
    assert logs["loss"] == pytest.approx(logs["distortion"] + 3.0 * logs["rate"], rel=1e-5)
    assert logs["elbo"] == pytest.approx(-logs["distortion"] - logs["rate"], rel=1e-5)


def test_beta_one_loss_is_the_negative_elbo(small_vae, flat):
    vae = small_vae()
    trace = vae.trace(flat[:5])
    np.testing.assert_allclose(vae.objective.loss(trace, vae)["loss"], -trace.elbo)


def test_free_bits_are_charged_per_dimension_on_the_batch_mean(small_vae, flat):
    vae = small_vae(objective=ELBO(free_bits=0.17))
    trace = vae.trace(flat[:64])
    by_dimension = trace.rates.numpy().mean(axis=0)
    assert by_dimension.min() < 0.17 < by_dimension.max()  # both cases occur
    terms = vae.objective.loss(trace, vae)
    charged = np.asarray(terms["loss"] - terms["distortion"]).mean()
    assert charged == pytest.approx(np.maximum(by_dimension, 0.17).sum(), rel=1e-5)
    np.testing.assert_allclose(terms["rate"], trace.rate)  # what is reported is the whole rate


def test_a_free_dimension_has_no_gradient_from_the_rate(small_vae, flat):
    vae = small_vae(objective=ELBO(free_bits=100.0))
    with tf.GradientTape() as tape:
        trace = vae.trace(flat[:8])
        terms = vae.objective.loss(trace, vae)
        charged = tf.reduce_sum(terms["loss"] - trace.distortion)
    gradients = tape.gradient(charged, vae.posterior.trainable_variables)
    assert all(gradient is None or np.abs(gradient).max() < 1e-5 for gradient in gradients)


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        ({"beta": -1.0}, "beta"),
        ({"beta": "1"}, "beta"),
        ({"free_bits": -0.1}, "free_bits"),
        ({"num_samples": 0}, "num_samples"),
    ],
)
def test_impossible_arguments_are_refused_by_name(arguments, name):
    with pytest.raises(InvalidInput, match=f"^{name}: expected"):
        ELBO(**arguments)


def test_more_samples_lower_the_variance_of_the_gradient(small_vae, flat):
    """The draws are independent: S of them divide the variance of the distortion by S."""
    vae, x = small_vae(Normal(4)), flat[:1]
    spread = {
        samples: np.std([vae.elbo(x, num_samples=samples, seed=seed)[0] for seed in range(200)])
        for samples in (1, 16)
    }
    assert spread[16] == pytest.approx(spread[1] / 4, rel=0.3)
