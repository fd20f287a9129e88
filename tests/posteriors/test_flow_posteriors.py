"""Planar, radial and inverse autoregressive posteriors against Jacobians, integrals and inverses."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from tensorflow_probability import distributions as tfd

from tfvae.core.errors import InvalidInput
from tfvae.posteriors.inverse_autoregressive import InverseAutoregressive
from tfvae.posteriors.planar import Planar
from tfvae.posteriors.radial import Radial
from tfvae.priors import StandardNormal

MAKERS = {
    "planar": lambda d: Planar(d, num_flows=4),
    "radial": lambda d: Radial(d, num_flows=4),
    "autoregressive": lambda d: InverseAutoregressive(d, num_flows=3, hidden=(8,), context_dim=3),
}
BATCH = 6


def _case(kind, latent_dim, size=2.0):
    """A posterior whose flow is far from the identity, and parameters for six examples."""
    posterior = MAKERS[kind](latent_dim)
    features = size * tf.random.stateless_normal((BATCH, 5), (1, 2))
    posterior(features)
    for number, weight in enumerate(posterior.trainable_variables):
        if "network" in weight.path:
            weight.assign(weight + 0.7 * tf.random.stateless_normal(weight.shape, (number, 3)))
    return posterior, posterior(features)


CASES = [(kind, d) for kind in MAKERS for d in (1, 2, 4)]


@pytest.mark.parametrize(("kind", "d"), CASES)
def test_log_determinant_is_that_of_the_jacobian(kind, d):
    posterior, params = _case(kind, d)
    start = 2 * tf.random.stateless_normal((BATCH, d), (3, 4))
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(start)
        z, log_det = posterior.forward(params, start)
    _, expected = np.linalg.slogdet(tape.batch_jacobian(z, start, experimental_use_pfor=False))
    assert np.abs(expected).max() > 0.1
    np.testing.assert_allclose(log_det, expected, atol=2e-4)


@pytest.mark.parametrize(("kind", "d"), CASES)
def test_the_inverse_leads_back(kind, d):
    posterior, params = _case(kind, d)
    start = 2 * tf.random.stateless_normal((5, BATCH, d), (3, 4))
    z, log_det = posterior.forward(params, start)
    back, same = posterior.inverse(params, z)
    assert z.shape == back.shape == (5, BATCH, d)
    assert log_det.shape == same.shape == (5, BATCH)
    np.testing.assert_allclose(back, start, atol=5e-4)
    np.testing.assert_allclose(same, log_det, atol=2e-3)
    there = posterior.forward(params, posterior.inverse(params, start)[0])[0]
    np.testing.assert_allclose(there, start, atol=5e-4)


@pytest.mark.parametrize(("kind", "d"), CASES)
def test_log_density_of_a_draw_is_the_distributions(kind, d):
    posterior, params = _case(kind, d, 1.0)
    q = posterior.distribution(params)
    assert q.batch_shape == (BATCH,)
    assert q.event_shape == (d,)
    z, log_q = posterior.transform(params, posterior.noise((7, BATCH), (5, 6)))
    np.testing.assert_allclose(log_q, q.log_prob(z), atol=3e-3)
    assert q.sample(3, seed=(1, 2)).shape == (3, BATCH, d)
    np.testing.assert_allclose(
        posterior.location(params), posterior.transform(params, tf.zeros((1, BATCH, d)))[0][0], atol=1e-6
    )


def _given(kind, latent_dim):
    """A posterior with a scale that a grid resolves."""
    posterior, params = _case(kind, latent_dim, 1.0)
    return posterior, {**params, "scale": 0.5 + 0.5 * tf.sigmoid(params["scale"])}


@pytest.mark.parametrize("kind", MAKERS)
def test_the_density_integrates_to_one(kind):
    posterior, params = _given(kind, 2)
    q = posterior.distribution(params)
    draws = q.sample(4000, seed=(1, 2)).numpy()
    low, high = draws.min((0, 1)) - 1, draws.max((0, 1)) + 1
    axes = [np.linspace(*ends, 400, dtype="float32") for ends in zip(low, high, strict=True)]
    points = np.stack(np.meshgrid(*axes, indexing="ij"), -1)[:, :, np.newaxis]
    mass = np.exp(q.log_prob(points).numpy().astype("float64")).sum((0, 1))
    np.testing.assert_allclose(mass * np.prod([axis[1] - axis[0] for axis in axes]), 1, atol=5e-3)


@pytest.mark.parametrize("kind", MAKERS)
def test_draws_follow_the_density(kind):
    """The mean of exp(log N(z; m, s^2) - log q(z)) over draws from q is 1, for a normal inside q."""
    posterior, params = _given(kind, 2)
    count = 20000
    z, log_q = posterior.transform(params, posterior.noise((count, BATCH), (5, 6)))
    inside = tfd.Independent(tfd.Normal(tf.reduce_mean(z, 0), 0.5 * tf.math.reduce_std(z, 0)), 1)
    ratio = np.exp((inside.log_prob(z) - log_q).numpy().astype("float64"))
    assert (np.abs(ratio.mean(0) - 1) < 4 * ratio.std(0) / np.sqrt(count)).all()


@pytest.mark.parametrize("kind", MAKERS)
def test_gradients_of_the_density_at_a_point_are_right(kind):
    """Through an inverse found by iteration, against central differences."""
    posterior, params = _given(kind, 2)
    at = tf.random.stateless_normal((BATCH, 2), (8, 9))
    names = sorted(params)

    def value(*tensors):
        given = dict(zip(names, tensors[:-1], strict=True))
        return tf.reduce_sum(posterior.distribution(given).log_prob(tensors[-1]))

    tensors = [*(params[name] for name in names), at]
    with tf.GradientTape() as tape:
        tape.watch(tensors)
        total = value(*tensors)
    gradients = tape.gradient(total, tensors)
    for number, gradient in enumerate(gradients):
        direction = tf.random.stateless_normal(gradient.shape, (number, 1))
        ends = []
        for step in (1e-2, -1e-2):
            moved = list(tensors)
            moved[number] = tensors[number] + step * direction
            ends.append(float(value(*moved)))
        slope = float(tf.reduce_sum(gradient * direction))
        size = float(tf.norm(gradient) * tf.norm(direction))
        assert abs((ends[0] - ends[1]) / 2e-2 - slope) < 0.01 * size, names[number : number + 1] or "z"


def test_no_closed_form_rate():
    for kind in MAKERS:
        posterior, params = _case(kind, 2)
        with pytest.raises(NotImplementedError):
            tfd.kl_divergence(posterior.distribution(params), StandardNormal(2).distribution())


@pytest.mark.parametrize("d", [2, 5, 100])
def test_all_planar_steps_together_stretch_and_compress_by_a_thousand(d):
    """And across w they shear by no more than they stretch, for any raw numbers."""
    posterior = Planar(d, num_flows=3)
    raw = tf.random.stateless_normal((500, 3, 2 * d + 1), (1, 2))
    for size in (0.0, 1e-6, 1e-3, 1.0, 30.0, 1e4):
        params = posterior.flow_params(size * raw)
        u, w = np.float64(params["u"]), np.float64(params["w"])
        slope = 1 + np.sum(u * w, -1)
        assert np.isfinite(u).all()
        assert 0.1 - 1e-5 <= slope.min() <= slope.max() <= 10 + 1e-3
        if size >= 1:
            across = u - np.sum(u * w, -1, keepdims=True) * w / np.sum(w**2, -1, keepdims=True)
            shear = np.linalg.norm(across, axis=-1) * np.linalg.norm(w, axis=-1)
            assert (shear <= 9 * np.minimum(1, slope) + 1e-3).all()


def test_a_mild_planar_step_is_that_of_the_raw_numbers():
    raw = 0.05 * tf.random.stateless_normal((500, 3, 7), (1, 2))
    params = Planar(3, num_flows=3).flow_params(raw)
    for name, given in (("u", raw[..., :3]), ("w", raw[..., 3:6]), ("b", raw[..., 6])):
        np.testing.assert_allclose(params[name], given, atol=2e-3)


@pytest.mark.parametrize("kind", ["planar", "radial"])
@pytest.mark.parametrize("d", [2, 8])
@pytest.mark.parametrize("size", [1.0, 5.0, 20.0])
def test_the_density_of_own_draws_is_found_again_for_strong_flows(kind, d, size):
    """Of eight steps from any features, with a scale that float32 resolves at every draw."""
    posterior = {"planar": Planar, "radial": Radial}[kind](d, num_flows=8)
    params = posterior(size * tf.random.stateless_normal((20, 16), (1, 2)))
    params = {**params, "scale": 0.1 + params["scale"]}
    noise = posterior.noise((100, 20), (3, 4))
    z, log_q = posterior.transform(params, noise)
    start, _ = posterior.inverse(params, z)
    np.testing.assert_allclose((start - params["loc"]) / params["scale"], noise, atol=5e-3)
    np.testing.assert_allclose(posterior.distribution(params).log_prob(z), log_q, atol=0.01)


def test_radial_steps_are_invertible_for_any_raw_numbers():
    posterior = Radial(3, num_flows=2)
    raw = tf.random.stateless_normal((500, 2, 5), (1, 2))
    for size in (0.0, 1.0, 30.0, 1e4):
        params = posterior.flow_params(size * raw)
        assert np.min(params["alpha"]) > 0
        assert np.min(params["beta"] / params["alpha"]) > 0.001**0.5 - 1 - 1e-5
    np.testing.assert_allclose(posterior.flow_params(0 * raw)["beta"], 0, atol=1e-6)


def test_radial_step_is_that_of_the_paper():
    posterior = Radial(2, num_flows=1)
    center, alpha, beta = np.array([0.3, -0.2], "float32"), 0.7, 1.9
    params = {
        "center": tf.constant(center[np.newaxis, np.newaxis]),
        "alpha": tf.constant([[alpha]]),
        "beta": tf.constant([[beta]]),
    }
    z = np.array([[1.0, 2.0]], "float32")
    expected = z + beta / (alpha + np.linalg.norm(z - center)) * (z - center)
    np.testing.assert_allclose(posterior.forward(params, tf.constant(z))[0], expected, rtol=1e-6)


def test_autoregressive_steps_depend_on_earlier_entries_alone():
    posterior, params = _case("autoregressive", 4)
    start = tf.random.stateless_normal((BATCH, 4), (3, 4))
    single = InverseAutoregressive(4, num_flows=1, hidden=(8,), context_dim=3)
    for weight, value in zip(single.networks[0].weights, posterior.networks[0].get_weights(), strict=True):
        weight.assign(value)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(start)
        z, _ = single.forward(params, start)
    jacobian = np.abs(tape.batch_jacobian(z, start, experimental_use_pfor=False)).max(0)
    assert (jacobian[np.triu_indices(4, 1)] == 0).all()
    assert (jacobian[np.tril_indices(4)] > 0).all()


@pytest.mark.parametrize("kind", MAKERS)
def test_extreme_features_keep_density_and_gradient_finite(kind):
    posterior = MAKERS[kind](2)
    for size in (0.0, 1e3, -1e3, 1e5):
        with tf.GradientTape() as tape:
            params = posterior(tf.fill((1, 5), size))
            z, log_q = posterior.transform(params, posterior.noise((1, 1), (1, 1)))
            value = tf.reduce_sum(log_q) + tf.reduce_sum(z)
        gradients = tape.gradient(value, posterior.trainable_variables)
        assert all(np.isfinite(array).all() for array in (value, *gradients))
        log_q = posterior.distribution(params).log_prob(z)
        assert np.isfinite(log_q).all()


@pytest.mark.parametrize("kind", MAKERS)
def test_configuration_makes_the_same_posterior_again(kind):
    posterior, params = _case(kind, 3)
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(posterior))
    assert type(again) is type(posterior)
    again.set_weights(posterior.get_weights())
    features = 2.0 * tf.random.stateless_normal((BATCH, 5), (1, 2))
    for name, value in again(features).items():
        np.testing.assert_array_equal(value, params[name])


@pytest.mark.parametrize("kind", MAKERS)
def test_it_is_float32_in_any_policy(kind):
    keras.config.set_dtype_policy("mixed_bfloat16")
    posterior, params = _case(kind, 2)
    assert {value.dtype for value in params.values()} == {tf.float32}
    z, log_q = posterior.transform(params, posterior.noise((2, BATCH), (1, 2)))
    assert z.dtype == log_q.dtype == tf.float32


@pytest.mark.parametrize("kind", MAKERS)
def test_in_mixed_precision_a_models_draws_have_the_density_of_q(kind, small_vae, flat):
    """Keras rounds weights within a model's call alone; the flow's must not be."""
    keras.config.set_dtype_policy("mixed_bfloat16")
    vae = small_vae(MAKERS[kind](3))
    for number, weight in enumerate(vae.posterior.trainable_variables):
        weight.assign(weight + 0.2 * tf.random.stateless_normal(weight.shape, (number, 3)))
    record = vae(flat[:20], training=True)["record"]
    q = vae.posterior.distribution(record["posterior"])
    np.testing.assert_allclose(q.log_prob(record["z"]), record["log_q"], atol=2e-3)


@pytest.mark.parametrize("kind", MAKERS)
def test_a_thousand_fast_steps_in_mixed_precision_stay_finite(kind, small_vae, flat):
    keras.config.set_dtype_policy("mixed_bfloat16")
    vae = small_vae(MAKERS[kind](3))
    vae.compile(optimizer=keras.optimizers.Adam(1e-2))
    data = tf.data.Dataset.from_tensor_slices(flat[:256]).batch(32).repeat()
    history = vae.fit(data, steps_per_epoch=250, epochs=4, verbose=0).history
    assert np.isfinite(history["loss"]).all()
    assert history["loss"][-1] < history["loss"][0]
    trace = vae.trace(flat[:50], num_samples=5)
    density = trace.q.log_prob(trace.z)
    np.testing.assert_allclose(density, trace.log_q, atol=2e-2)


@pytest.mark.parametrize("kind", MAKERS)
def test_in_a_graph_with_unknown_batch(kind):
    posterior, _ = _case(kind, 2)

    @tf.function(input_signature=[tf.TensorSpec((None, 5)), tf.TensorSpec((None, None, 2))])
    def both(features, noise):
        params = posterior(features)
        z, log_q = posterior.transform(params, noise)
        return z, log_q, posterior.distribution(params).log_prob(z)

    features = tf.random.stateless_normal((BATCH, 5), (1, 2))
    noise = posterior.noise((3, 1), (1, 2))  # shared by the batch
    z, log_q, again = both(features, noise)
    assert z.shape == (3, BATCH, 2)
    np.testing.assert_allclose(log_q, again, atol=3e-3)
    np.testing.assert_allclose(log_q, posterior.transform(posterior(features), noise)[1], atol=1e-4)


@pytest.mark.parametrize("kind", MAKERS)
def test_it_trains_in_a_vae_and_loads_again(kind, small_vae, flat, tmp_path):
    vae = small_vae(MAKERS[kind](3))
    with tf.GradientTape() as tape:
        loss = vae.compute_loss(x=flat[:64], y_pred=vae(flat[:64], training=True))
    for weight, gradient in zip(
        vae.trainable_weights, tape.gradient(loss, vae.trainable_weights), strict=True
    ):
        assert gradient is not None, weight.path
        assert np.isfinite(gradient).all(), weight.path
        assert np.abs(gradient).max() > 0, weight.path
    vae.compile()
    history = vae.fit(flat[:256], epochs=3, verbose=0).history
    assert history["loss"][-1] < history["loss"][0]
    vae.save(tmp_path / "vae.keras")
    again = keras.saving.load_model(tmp_path / "vae.keras")
    np.testing.assert_array_equal(again.elbo(flat[:5]), vae.elbo(flat[:5]))


@pytest.mark.parametrize("kind", ["planar", "radial", "autoregressive"])
def test_fitted_to_a_correlated_gaussian_it_beats_the_best_diagonal_one(kind):
    """E_q[log q - log p] for p with correlation 0.95; a diagonal q reaches -log(1 - 0.95^2) / 2 at best."""
    p = tfd.MultivariateNormalTriL(tf.zeros(2), tf.linalg.cholesky([[1.0, 0.95], [0.95, 1.0]]))
    posterior = {
        "planar": Planar(2, num_flows=4),
        "radial": Radial(2, num_flows=8),
        "autoregressive": InverseAutoregressive(2, num_flows=2, hidden=(16,), context_dim=3),
    }[kind]
    features = tf.ones((1, 1))
    posterior(features)
    optimizer = keras.optimizers.Adam(1e-2)
    optimizer.build(posterior.trainable_variables)

    @tf.function
    def step(seed):
        with tf.GradientTape() as tape:
            z, log_q = posterior.transform(posterior(features), posterior.noise((256, 1), seed))
            loss = tf.reduce_mean(log_q - p.log_prob(z))
        gradients = tape.gradient(loss, posterior.trainable_variables)
        optimizer.apply_gradients(zip(gradients, posterior.trainable_variables, strict=True))

    for number in range(300):
        step(tf.constant([number, 1]))
    z, log_q = posterior.transform(posterior(features), posterior.noise((20000, 1), (9, 9)))
    draws = (log_q - p.log_prob(z)).numpy()
    diagonal = -0.5 * np.log(1 - 0.95**2)
    assert draws.mean() + 4 * draws.std() / np.sqrt(20000) < diagonal


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Planar(0), "latent_dim: expected an integer of at least 1, received 0"),
        (lambda: Planar(2, num_flows=0), "num_flows: expected an integer of at least 1, received 0"),
        (lambda: Radial(2, num_flows=1.5), "num_flows"),
        (lambda: InverseAutoregressive(2, hidden=()), "hidden"),
        (lambda: InverseAutoregressive(2, context_dim=0), "context_dim"),
    ],
)
def test_bad_arguments_are_rejected(make, message):
    with pytest.raises(InvalidInput, match=message):
        make()
