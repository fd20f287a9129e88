"""The posteriors on the sphere: their parameters, their draws, their exact rate."""

import numpy as np
import pytest
import tensorflow as tf

from tfvae.core.trace import Trace
from tfvae.posteriors import PowerSpherical, VonMisesFisher
from tfvae.priors.sphere import SphereUniform


@pytest.fixture(params=[PowerSpherical, VonMisesFisher], ids=lambda kind: kind.__name__)
def kind(request):
    """Return the class of posteriors."""
    return request.param


def _params(kind, latent_dim=4, size=3.0, **options):
    posterior = kind(latent_dim, **options)
    return posterior, posterior(size * tf.random.stateless_normal((5, 6), (1, 2)))


def test_log_density_of_a_draw_is_the_distributions(kind):
    posterior, params = _params(kind)
    z, log_q = posterior.transform(params, posterior.noise((7, 5), (3, 4)))
    assert z.shape == (7, 5, 4)
    np.testing.assert_allclose(tf.norm(z, axis=-1), np.ones((7, 5)), rtol=1e-5)
    np.testing.assert_allclose(log_q, posterior.distribution(params).log_prob(z), rtol=1e-4, atol=1e-4)


def test_rate_is_exact_and_agrees_with_monte_carlo(kind):
    posterior, params = _params(kind)
    count = 20000
    z, log_q = posterior.transform(params, posterior.noise((count, 5), (3, 4)))
    p = SphereUniform(4).distribution()
    trace = Trace(None, None, posterior.distribution(params), p, None, z, log_q)
    draws = log_q - trace.log_p
    error = tf.math.reduce_std(draws, 0) / np.sqrt(count)
    assert trace.rates.shape == (5, 1)
    np.testing.assert_array_equal(trace.rate, trace.q.rate())
    assert np.abs((tf.reduce_mean(draws, 0) - trace.rate) / error).max() < 4


def test_parameters_are_a_unit_vector_and_a_concentration_in_range(kind):
    for size in (0.0, 1.0, 1e6):
        _, params = _params(kind, size=size, floor=0.5, cap=100.0)
        np.testing.assert_allclose(tf.norm(params["direction"], axis=-1), np.ones(5), rtol=1e-5)
        assert ((params["concentration"] >= 0.5) & (params["concentration"] <= 100.5)).numpy().all()


def test_location_is_where_the_density_is_largest(kind):
    posterior, params = _params(kind)
    q, location = posterior.distribution(params), posterior.location(params)
    z = posterior.transform(params, posterior.noise((200, 5), (3, 4)))[0]
    assert (q.log_prob(z) <= q.log_prob(location)).numpy().all()
