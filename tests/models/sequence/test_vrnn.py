"""VRNN: against a VAE, a linear Gaussian state-space model, and itself with fewer steps."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy.stats import multivariate_normal

import tfvae
from tfvae import networks
from tfvae.core.errors import InvalidInput
from tfvae.layers.conditioning import ConcatenateCondition, IgnoreCondition

NAN = float("nan")


def _vae(objective=None, posterior=None, likelihood=None, units=6):
    return tfvae.VAE(
        encoder=ConcatenateCondition(networks.mlp((8,), "tanh")),
        decoder=ConcatenateCondition(networks.mlp((8,), "tanh")),
        posterior=posterior or tfvae.posteriors.Normal(2),
        likelihood=likelihood or tfvae.likelihoods.Normal((3,)),
        prior=tfvae.priors.Conditional(2, networks.mlp((8,), "tanh"), units),
        condition_dim=units,
        objective=objective,
    )


def _model(steps, **options):
    return tfvae.VRNN(_vae(**options), ConcatenateCondition(networks.mlp((8,), "tanh")), steps)


@pytest.fixture
def x():
    """Eight sequences of 1 to 5 steps."""
    x = np.random.default_rng(0).normal(size=(8, 5, 3)).astype("float32")
    lengths = np.array([5, 5, 3, 1, 2, 4, 5, 1])
    x[np.arange(5) >= lengths[:, None]] = NAN
    return x


def test_one_step_is_the_vae_of_the_step(x):
    """With nothing remembered, h = 0: the same bound, draw by draw, and the same likelihood."""
    vae = _vae()
    model = tfvae.VRNN(vae, ConcatenateCondition(networks.mlp((8,))), 1)
    one = np.nan_to_num(x[:, :1])
    plain = {"x": one[:, 0], "condition": np.zeros((8, 6), "float32")}
    noise = model.noise(3, 8, tf.constant([1, 2]))
    ours = model.trace_with_noise(model.tensors(one), noise)
    theirs = vae.trace_with_noise(vae.tensors(plain), noise[:, :, 0])
    for name in ("log_x", "log_p", "log_q", "distortion", "rate", "elbo"):
        np.testing.assert_allclose(getattr(ours, name), getattr(theirs, name), rtol=1e-5, err_msg=name)
    np.testing.assert_allclose(model.reconstruct(one)[:, 0], vae.reconstruct(plain), rtol=1e-5)


def test_a_step_alone_is_what_the_loop_does():
    """The recursion by hand, step by step, for one draw of one sequence."""
    model, seed = _model(4), tf.constant([3, 4])
    x = np.random.default_rng(1).normal(size=(1, 4, 3)).astype("float32")
    noise = model.noise(1, 1, seed)
    trace = model.trace_with_noise(model.tensors(x), noise)
    h, log_w, rates = tf.zeros((1, 6)), 0.0, []
    for t in range(4):
        step = model.vae.trace_with_noise({"x": x[:, t], "condition": h}, noise[:, :, t])
        log_w, rates = log_w + step.log_weights, [*rates, step.rate]
        np.testing.assert_allclose(trace.z[..., 2 * t : 2 * t + 2], step.z, rtol=1e-4, atol=1e-5)
        h, _ = model.cell(model.features([x[:, t], step.z[0]]), [h])
    np.testing.assert_allclose(trace.log_weights, log_w, rtol=1e-5)
    np.testing.assert_allclose(trace.rates, tf.stack(rates, axis=1), rtol=1e-4)
    np.testing.assert_allclose(trace.rate, tf.reduce_sum(trace.rates, axis=1), rtol=1e-6)


def test_the_rate_is_the_mean_of_log_q_minus_log_p(x):
    trace = _model(5).trace(x, num_samples=20_000, seed=1)
    draws = (trace.log_q - trace.log_p).numpy()
    error = draws.std(axis=0) / np.sqrt(len(draws))
    assert (np.abs(draws.mean(axis=0) - trace.rate) < 4 * error).all()


@pytest.mark.parametrize("likelihood", [None, tfvae.likelihoods.Bernoulli])
def test_padding_has_no_part(x, likelihood):
    """A model of three steps with the same weights gives sequences of up to three steps the same bound."""
    options = {"likelihood": likelihood((3,))} if likelihood else {}
    x = np.where(np.isnan(x), x, x > 0).astype("float32") if likelihood else x
    short = x[[2, 3, 4, 7]]
    five, three = _model(5, **options), _model(3, **({"likelihood": likelihood((3,))} if likelihood else {}))
    three.set_weights(five.get_weights())
    noise = five.noise(2, 4, tf.constant([1, 2]))
    losses, gradients = [], []
    for model, data, base in ((five, short, noise), (three, short[:, :3], noise[:, :, :3])):
        with tf.GradientTape() as tape:
            trace = model.trace_with_noise(model.tensors(data), base)
            loss = tf.reduce_sum(trace.log_weights, axis=0)
        losses.append(loss)
        gradients.append(tape.gradient(loss, [v.value for v in model.trainable_variables]))
        assert not np.isnan(trace.elbo).any()
    np.testing.assert_allclose(*losses, rtol=1e-5)
    for variable, one, two in zip(five.trainable_variables, *gradients, strict=True):
        np.testing.assert_allclose(one, two, rtol=1e-3, atol=1e-4, err_msg=variable.path)
    rates = five.trace(x).rates.numpy()
    assert (rates[np.isnan(x[..., 0])] == 0).all()
    assert likelihood or (rates[~np.isnan(x[..., 0])] > 0).all()


def test_lengths_that_are_none_are_refused(x):
    model = _model(5)
    gap, none, half = x.copy(), x.copy(), x.copy()
    gap[0, 2], none[1], half[0, 4, 0] = NAN, NAN, NAN
    for wrong in (gap, none, half):
        with pytest.raises(InvalidInput, match="x: expected finite numbers in one or more steps"):
            model.elbo(wrong)
    with pytest.raises(InvalidInput, match="NaN in all steps after the last"):
        model.fit(tf.data.Dataset.from_tensor_slices(gap).batch(4), verbose=0)


class Memory(keras.layers.Layer):
    """A cell that remembers what it is given."""

    output_size = state_size = 1

    def get_initial_state(self, batch_size):
        return [tf.zeros((batch_size, 1))]

    def call(self, inputs, states):
        return inputs, [inputs]


class Second(keras.layers.Layer):
    """The second of a pair."""

    def call(self, inputs):
        return inputs[1]


def _state_space(steps, a, s, b, r):
    """z_t ~ N(a z_(t-1), s^2), x_t ~ N(b z_t, r^2), z_0 = 0; q(z_t|x_t, z_(t-1)) knows nothing of later x."""
    prior = tfvae.priors.Conditional(1, networks.linear(), 1)
    vae = tfvae.VAE(
        encoder=ConcatenateCondition(networks.linear()),
        decoder=IgnoreCondition(networks.linear()),
        posterior=tfvae.posteriors.Normal(1),
        likelihood=tfvae.likelihoods.Normal((1,), scale=r),
        prior=prior,
        condition_dim=1,
    )

    def raw(scale):
        return np.log(np.expm1(scale - 1e-4))

    precision = 1 / s**2 + b**2 / r**2
    best = [[b / r**2 / precision, 0.0], [a / s**2 / precision, 0.0]]  # p(z_t|z_(t-1), x_t)
    prior.set_weights([np.array([[a, 0.0]]), np.array([0.0, raw(s)])])
    vae.posterior.set_weights([np.array(best), np.array([0.0, raw(precision**-0.5)])])
    vae.likelihood.set_weights([np.array([[b]]), np.zeros(1)])
    return tfvae.VRNN(vae, Second(), steps, cell=Memory())


def test_a_linear_gaussian_state_space_model_has_its_exact_likelihood():
    a, s, b, r, steps = 0.9, 0.6, 1.3, 0.5, 6
    model = _state_space(steps, a, s, b, r)
    power = np.tril(a ** np.abs(np.subtract.outer(np.arange(steps), np.arange(steps))))
    covariance = b**2 * s**2 * power @ power.T + r**2 * np.eye(steps)
    x = np.random.default_rng(2).multivariate_normal(np.zeros(steps), covariance, 6).astype("float32")
    x[4, 4:], x[5, 1:] = NAN, NAN
    exact = [
        multivariate_normal(np.zeros(n), covariance[:n, :n]).logpdf(row[:n])
        for row, n in zip(x, [6, 6, 6, 6, 4, 1], strict=True)
    ]
    estimate, error = model.log_likelihood_with_error(x[..., np.newaxis], num_samples=20_000)
    assert error.max() < 0.05
    np.testing.assert_array_less(np.abs(estimate - exact), 4 * error + 1e-4)
    log_weights = model.trace(x[..., np.newaxis], num_samples=2000).log_weights.numpy()
    assert (log_weights.mean(axis=0)[:5] < exact[:5]).all()
    np.testing.assert_allclose(log_weights[:, 5], exact[5], atol=1e-4)  # of one step this q is the posterior
    draws = model.generate(20_000, seed=3)[..., 0]
    spread = np.cov(draws.T)
    error = np.sqrt((np.outer(np.diag(covariance), np.diag(covariance)) + covariance**2) / len(draws))
    assert (np.abs(spread - covariance) < 4.5 * error).all()


def test_reconstruction_goes_on_as_a_forecast():
    """After the last step, a state-space model forecasts b a^k z_n."""
    a, s, b, r = 0.9, 0.6, 1.3, 0.5
    model = _state_space(5, a, s, b, r)
    x = np.array([[[1.0], [0.5], [NAN], [NAN], [NAN]]], "float32")
    rebuilt = model.reconstruct(x)[0, :, 0]
    np.testing.assert_allclose(rebuilt[2:], rebuilt[1] * a ** np.arange(1, 4), rtol=1e-5)


@pytest.mark.parametrize(
    "objective", [tfvae.objectives.ImportanceWeighted(3), tfvae.objectives.SlowFeatures(5)]
)
def test_objectives_of_weights_train_it(x, objective):
    model = tfvae.VRNN(_vae(), ConcatenateCondition(networks.mlp((8,))), 5, objective=objective)
    with tf.GradientTape() as tape:
        loss = model.compute_loss(x=x, y_pred=model(x, training=True))
    gradients = tape.gradient(loss, [v.value for v in model.trainable_variables])
    assert all(np.abs(tf.convert_to_tensor(gradient)).max() > 0 for gradient in gradients)


def test_a_cell_with_two_states_is_saved(x, tmp_path):
    model = tfvae.VRNN(_vae(), ConcatenateCondition(networks.mlp((8,))), 5, cell=keras.layers.LSTMCell(6))
    model.save(tmp_path / "model.keras")
    np.testing.assert_array_equal(keras.saving.load_model(tmp_path / "model.keras").elbo(x), model.elbo(x))


def test_what_does_not_go_together_is_refused():
    features = networks.mlp((8,))
    for objective in (tfvae.objectives.AdversarialAutoencoder(1.0), tfvae.objectives.StickingTheLanding(2)):
        with pytest.raises(InvalidInput, match="objective.*VRNN"):
            tfvae.VRNN(_vae(), ConcatenateCondition(features), 5, objective=objective)
    with pytest.raises(InvalidInput, match="condition_dim 0"):
        tfvae.VRNN(tfvae.zoo.vae((3,)), ConcatenateCondition(features), 5)
    with pytest.raises(InvalidInput, match="cell: expected 6 units"):
        tfvae.VRNN(_vae(), ConcatenateCondition(features), 5, cell=keras.layers.GRUCell(4))
    with pytest.raises(InvalidInput, match="density.*Point"):
        tfvae.VRNN(
            _vae(tfvae.objectives.Reconstruction(), tfvae.posteriors.Point(2)),
            ConcatenateCondition(features),
            5,
        )
    with pytest.raises(InvalidInput, match="num_steps"):
        _model(0)
