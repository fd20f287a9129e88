"""Flows against automatic differentiation, numerical integration and their own inverses."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from tensorflow_probability import distributions as tfd

from tfvae.core.errors import InvalidInput
from tfvae.distributions import Pushforward
from tfvae.flows import MAF, Chain, Flow, MaskedNetwork, RealNVP, Reverse

MAKERS = {
    "coupling": lambda d: RealNVP(d, num_layers=3, hidden=(8, 8)),
    "autoregressive": lambda d: MAF(d, num_layers=3, hidden=(8, 8)),
    "chain": lambda d: Chain([RealNVP(d, num_layers=2, hidden=(8,)), Reverse(d), MAF(d, 1, hidden=8)]),
}
CASES = [(kind, d) for kind in MAKERS for d in (1, 2, 3, 5) if d > 1 or kind == "autoregressive"]


def _shaken(kind, latent_dim, size=0.4):
    """A flow far from the identity it starts near."""
    flow = MAKERS[kind](latent_dim)
    for number, weight in enumerate(flow.trainable_variables):
        weight.assign(weight + size * tf.random.stateless_normal(weight.shape, (number, 3)))
    return flow


def _jacobian(function, at):
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(at)
        value = function(at)
    return tape.batch_jacobian(value, at, experimental_use_pfor=False)


@pytest.mark.parametrize(("kind", "d"), CASES)
def test_log_determinant_is_that_of_the_jacobian(kind, d):
    flow = _shaken(kind, d)
    u = tf.random.stateless_normal((6, d), (1, 2))
    z, log_det = flow.forward(u)
    _, expected = np.linalg.slogdet(_jacobian(lambda u: flow.forward(u)[0], u))
    assert np.abs(expected).max() > 0.1
    np.testing.assert_allclose(log_det, expected, atol=1e-4)
    _, expected = np.linalg.slogdet(_jacobian(lambda z: flow.inverse(z)[0], z))
    np.testing.assert_allclose(flow.inverse(z)[1], -expected, atol=1e-4)


@pytest.mark.parametrize(("kind", "d"), CASES)
def test_each_direction_undoes_the_other(kind, d):
    flow = _shaken(kind, d)
    u = tf.random.stateless_normal((7, d), (1, 2))
    z, log_det = flow.forward(u)
    back, same = flow.inverse(z)
    np.testing.assert_allclose(back, u, atol=1e-4)
    np.testing.assert_allclose(same, log_det, atol=1e-4)
    np.testing.assert_allclose(flow.forward(flow.inverse(u)[0])[0], u, atol=1e-4)


@pytest.mark.parametrize("kind", MAKERS)
@pytest.mark.parametrize("leading", [(), (4,), (2, 3), (2, 1, 3)])
def test_any_leading_axes(kind, leading):
    flow = _shaken(kind, 3)
    u = tf.random.stateless_normal((*leading, 3), (1, 2))
    for direction in (flow.forward, flow.inverse):
        value, log_det = direction(u)
        assert value.shape == u.shape
        assert log_det.shape == u.shape[:-1]
        flat, flat_log_det = direction(tf.reshape(u, (-1, 3)))
        np.testing.assert_allclose(tf.reshape(value, (-1, 3)), flat, atol=1e-6)
        np.testing.assert_allclose(tf.reshape(log_det, -1), flat_log_det, atol=1e-6)


@pytest.mark.parametrize("kind", MAKERS)
def test_the_density_integrates_to_one(kind):
    flow = _shaken(kind, 2, 0.3)
    base = tfd.Independent(tfd.Normal(tf.zeros(2), tf.ones(2)), 1)
    p = Pushforward(base, flow.forward, flow.inverse)
    # The grid covers the draws with room to spare; its cells are smaller than their smallest feature.
    draws = p.sample(2000, seed=(1, 2)).numpy()
    assert draws.shape == (2000, 2)
    low, high = draws.min(0) - draws.std(0), draws.max(0) + draws.std(0)
    axes = [np.linspace(*ends, 900, dtype="float32") for ends in zip(low, high, strict=True)]
    points = np.stack(np.meshgrid(*axes, indexing="ij"), -1)
    mass = np.exp(p.log_prob(points).numpy().astype("float64")).sum()
    cell = np.prod([axis[1] - axis[0] for axis in axes])
    assert abs(mass * cell - 1) < 2e-3


def test_draws_follow_the_density():
    """The mean of log p over draws against the same integral on the base's side, with its standard error."""
    flow = _shaken("autoregressive", 2)
    base = tfd.Independent(tfd.Normal(tf.zeros(2), tf.ones(2)), 1)
    p = Pushforward(base, flow.forward, flow.inverse)
    u = base.sample(20000, seed=(5, 6))
    terms = base.log_prob(u) - flow.forward(u)[1]
    draws = p.log_prob(p.sample(20000, seed=(7, 8)))
    error = np.sqrt((np.var(terms) + np.var(draws)) / 20000)
    assert abs(np.mean(terms) - np.mean(draws)) < 4 * error


def test_an_integral_over_draws_is_that_of_the_density():
    """E[g(z)] from draws of p against importance sampling from a wide normal through log p."""
    flow = _shaken("coupling", 2, 0.3)
    base = tfd.Independent(tfd.Normal(tf.zeros(2), tf.ones(2)), 1)
    p = Pushforward(base, flow.forward, flow.inverse)
    wide = tfd.Independent(tfd.Normal(tf.zeros(2), 4 * tf.ones(2)), 1)
    z = wide.sample(40000, seed=(1, 2))
    weighed = tf.exp(p.log_prob(z) - wide.log_prob(z)) * tf.sin(z[:, 0] + 0.5 * z[:, 1])
    draws = p.sample(40000, seed=(3, 4))
    plain = tf.sin(draws[:, 0] + 0.5 * draws[:, 1])
    error = np.sqrt((np.var(weighed) + np.var(plain)) / 40000)
    assert abs(np.mean(weighed) - np.mean(plain)) < 4 * error


@pytest.mark.parametrize(("d", "hidden", "context_dim"), [(5, (16, 16), 0), (4, (3,), 0), (3, (8, 8), 2)])
def test_masked_outputs_depend_on_earlier_entries_alone(d, hidden, context_dim):
    network = MaskedNetwork(d, 2, hidden, context_dim)
    context = tf.random.stateless_normal((4, context_dim), (3, 4)) if context_dim else None
    z = tf.random.stateless_normal((4, d), (1, 2))
    jacobian = np.abs(_jacobian(lambda z: network(z, context), z)).max(axis=(0, 2))  # [out, in]
    assert (jacobian[np.triu_indices(d)] == 0).all()
    if min(hidden) >= d:
        assert (jacobian[np.tril_indices(d, -1)] > 0).all()


@pytest.mark.parametrize("leading", [(5,), (2, 5)])
def test_a_single_entry_has_outputs_of_the_right_shape(leading):
    for context_dim, context in ((0, None), (2, tf.ones((5, 2)))):
        network = MaskedNetwork(1, 2, (8,), context_dim)
        assert network(tf.zeros((*leading, 1)), context).shape == (*leading, 1, 2)


@pytest.mark.parametrize("d", [1, 3])
def test_every_entry_sees_the_context(d):
    network = MaskedNetwork(d, 2, (8, 8), 2)
    context = tf.random.stateless_normal((4, 2), (3, 4))
    jacobian = _jacobian(lambda context: network(tf.zeros((4, d)), context), context)
    assert (np.abs(jacobian).max(axis=0) > 0).all()


def test_context_is_shared_by_the_samples():
    network = MaskedNetwork(3, 2, (8,), 2)
    z, context = tf.random.stateless_normal((5, 4, 3), (1, 2)), tf.random.stateless_normal((4, 2), (3, 4))
    np.testing.assert_allclose(network(z, context)[2], network(z[2], context), atol=1e-6)
    shared = network(z[:, :1], context)
    assert shared.shape == (5, 4, 3, 2)
    np.testing.assert_allclose(shared[1, 2], network(z[1, 0], context[2]), atol=1e-6)


@pytest.mark.parametrize(("kind", "d"), CASES)
def test_every_weight_learns_from_the_start(kind, d):
    flow = MAKERS[kind](d)
    z = tf.random.stateless_normal((50, d), (1, 2)) * 2 + 1
    u, log_det = flow.inverse(z)
    assert np.abs(log_det).max() < 0.3  # near the identity, but for the order
    with tf.GradientTape() as tape:
        u, log_det = flow.inverse(z)
        loss = tf.reduce_mean(0.5 * tf.reduce_sum(u**2, -1) + log_det)
    for weight, gradient in zip(
        flow.trainable_variables, tape.gradient(loss, flow.trainable_variables), strict=True
    ):
        assert gradient is not None, weight.path
        assert np.isfinite(gradient).all()
        assert np.abs(gradient).max() > 0, weight.path


@pytest.mark.parametrize("kind", ["coupling", "autoregressive"])
def test_fitted_to_a_bent_density_it_beats_the_best_gaussian(kind):
    """z2 = z1^2 / 2 + noise: entropy log(2 pi e) + log(0.3), which no flow may undercut either."""
    noise = tf.random.stateless_normal((4000, 2), (1, 2))
    z = tf.stack([noise[:, 0], 0.5 * noise[:, 0] ** 2 + 0.3 * noise[:, 1]], -1)
    flow = MAKERS[kind](2)
    optimizer = keras.optimizers.Adam(1e-2)
    optimizer.build(flow.trainable_variables)

    @tf.function
    def step():
        with tf.GradientTape() as tape:
            u, log_det = flow.inverse(z)
            loss = tf.reduce_mean(0.5 * tf.reduce_sum(u**2, -1) + np.log(2 * np.pi) + log_det)
        optimizer.apply_gradients(
            zip(tape.gradient(loss, flow.trainable_variables), flow.trainable_variables, strict=True)
        )
        return loss

    losses = [float(step()) for _ in range(300)]
    gaussian = np.log(2 * np.pi * np.e) + 0.5 * np.linalg.slogdet(np.cov(z.numpy().T))[1]
    assert np.isfinite(losses).all()
    assert losses[-1] < gaussian - 0.3
    assert losses[-1] > np.log(2 * np.pi * np.e) + np.log(0.3) - 0.1


@pytest.mark.parametrize("kind", MAKERS)
def test_extreme_points_stay_finite_and_bounded(kind):
    flow = _shaken(kind, 3, 30.0)
    for size in (0.0, 1e4, -1e4):
        for direction in (flow.forward, flow.inverse):
            value, log_det = direction(tf.fill((2, 3), size))
            assert np.isfinite(value).all()
            assert np.abs(log_det).max() <= 2 * 3 * 3


@pytest.mark.parametrize("kind", MAKERS)
@pytest.mark.parametrize("policy", ["float32", "mixed_bfloat16", "bfloat16"])
def test_it_is_float32_in_any_policy(kind, policy):
    keras.config.set_dtype_policy(policy)
    flow = MAKERS[kind](3)
    u = tf.random.stateless_normal((4, 3), (1, 2))
    z, log_det = flow.forward(u)
    assert z.dtype == log_det.dtype == tf.float32
    np.testing.assert_allclose(flow.inverse(z)[0], u, atol=1e-5)


@pytest.mark.parametrize("kind", MAKERS)
def test_configuration_makes_the_same_flow_again(kind):
    flow = _shaken(kind, 3)
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(flow))
    assert type(again) is type(flow)
    again.set_weights(flow.get_weights())
    u = tf.random.stateless_normal((4, 3), (1, 2))
    np.testing.assert_array_equal(again.forward(u)[0], flow.forward(u)[0])


@pytest.mark.parametrize("kind", MAKERS)
def test_in_a_graph_with_unknown_batch(kind):
    flow = _shaken(kind, 3)
    signature = [tf.TensorSpec((None, None, 3))]
    forward, inverse = (tf.function(f, input_signature=signature) for f in (flow.forward, flow.inverse))
    u = tf.random.stateless_normal((2, 4, 3), (1, 2))
    z, log_det = forward(u)
    np.testing.assert_allclose(z, flow.forward(u)[0], atol=1e-5)
    np.testing.assert_allclose(inverse(z)[1], log_det, atol=1e-4)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: RealNVP(1), "latent_dim: expected an integer of at least 2, received 1"),
        (lambda: RealNVP(4, num_layers=1), "num_layers: expected an integer of at least 2, received 1"),
        (lambda: RealNVP(4, hidden=()), "hidden: expected one or more integers"),
        (lambda: MAF(0), "latent_dim: expected an integer of at least 1, received 0"),
        (lambda: MAF(2.5), "latent_dim"),
        (lambda: MAF(2, num_layers=0), "num_layers"),
        (lambda: MAF(2, hidden=(8, 0)), "hidden"),
        (lambda: MaskedNetwork(3, channels=0), "channels"),
        (lambda: MaskedNetwork(3, 2, context_dim=-1), "context_dim"),
        (lambda: Chain([]), "flows: expected one or more flows of one latent_dim"),
        (lambda: Chain([Reverse(2), Reverse(3)]), r"flows: .* received \[2, 3\]"),
    ],
)
def test_bad_arguments_are_rejected(make, message):
    with pytest.raises(InvalidInput, match=message):
        make()


def test_flow_is_abstract():
    with pytest.raises(TypeError):
        Flow(2)
