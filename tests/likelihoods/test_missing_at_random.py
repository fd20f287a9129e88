"""Missing elements are left out of the density, and leave no trace in the gradient."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from tensorflow_probability import distributions as tfd

import tfvae
from tfvae import likelihoods, scales
from tfvae.core.errors import InvalidInput
from tfvae.core.support import Support
from tfvae.likelihoods import Bernoulli, MissingAtRandom, MixedColumns, Normal, Real

NAN = float("nan")
KINDS = [Bernoulli, Normal]


@pytest.fixture
def incomplete(flat):
    """256 digits with a third of the pixels missing, one row wholly and one column wholly."""
    x = flat[:256].copy()
    x[np.random.default_rng(0).random(x.shape) < 1 / 3] = NAN
    x[5], x[:, 20] = NAN, NAN
    return x


def _vae(likelihood):
    return tfvae.VAE(
        tfvae.networks.mlp((16,), "tanh"),
        tfvae.networks.mlp((16,), "tanh"),
        tfvae.posteriors.Normal(3),
        likelihood,
    )


@pytest.mark.parametrize("kind", KINDS)
def test_the_density_is_that_of_the_observed_elements(kind):
    params = kind((4,))(tf.random.stateless_normal((3, 5), (1, 2)))
    x = np.array([[1.0, NAN, 0.0, NAN], [NAN] * 4, [1.0, 0.0, 0.0, 1.0]], "float32")
    px = MissingAtRandom(kind((4,))).distribution({name: tf.stack([v, 2 * v]) for name, v in params.items()})
    assert px.batch_shape == (2, 3)
    for s in range(2):
        scaled = {name: (s + 1) * value for name, value in params.items()}
        for b, kept in enumerate(([0, 2], [], [0, 1, 2, 3])):
            part = {name: np.asarray(value)[b : b + 1, kept] for name, value in scaled.items()}
            expected = kind((4,)).distribution(part).log_prob(x[b : b + 1, kept])[0] if kept else 0.0
            np.testing.assert_allclose(px.log_prob(x)[s, b], expected, rtol=1e-6)


@pytest.mark.parametrize("kind", KINDS)
def test_with_nothing_missing_it_is_the_likelihood_itself(kind, flat):
    plain, wrapped = kind((64,)), MissingAtRandom(kind((64,)))
    params = plain(tf.random.stateless_normal((8, 5), (1, 2)))
    ours, theirs = wrapped.distribution(params), plain.distribution(params)
    np.testing.assert_array_equal(ours.log_prob(flat[:8]), theirs.log_prob(flat[:8]))
    np.testing.assert_array_equal(wrapped.mean(params), plain.mean(params))
    np.testing.assert_array_equal(ours.mean(), theirs.mean())
    np.testing.assert_array_equal(ours.sample(3, seed=(1, 2)), theirs.sample(3, seed=(1, 2)))
    np.testing.assert_array_equal(wrapped.encoder_input(flat[:8]), flat[:8])


def test_gradients_at_missing_elements_are_zero_and_never_nan():
    likelihood = MissingAtRandom(Normal((3,), scales.PerElement()))
    params = {"loc": tf.ones((1, 3)), "raw_scale": tf.zeros((1, 3))}
    x = tf.constant([[0.5, NAN, 2.0]])
    with tf.GradientTape() as tape:
        tape.watch([x, params])
        log_prob = likelihood.distribution(params).log_prob(x)
    for gradient in tf.nest.flatten(tape.gradient(log_prob, [x, params])):
        np.testing.assert_array_equal(np.isfinite(gradient), True)
        assert gradient[0, 1] == 0.0
        assert np.abs(np.asarray(gradient)[0, [0, 2]]).min() > 0


def test_the_encoder_sees_zeros_and_the_support_takes_nan():
    likelihood = MissingAtRandom(Bernoulli((3,)))
    np.testing.assert_array_equal(
        likelihood.encoder_input(tf.constant([[1.0, NAN, 0.25]])), [[1.0, 0.0, 0.25]]
    )
    assert likelihood.support == Support(0.0, 1.0, Bernoulli.support.hint, missing=True)


def test_bad_likelihoods_are_rejected(flat):
    for wrong in ("normal", MissingAtRandom(Normal((3,))), MixedColumns((Real(),))):
        with pytest.raises(InvalidInput, match="^likelihood: expected"):
            MissingAtRandom(wrong)


OTHERS = [
    likelihoods.Laplace((3,)),
    likelihoods.StudentT((3,)),
    likelihoods.ContinuousBernoulli((3,)),
    likelihoods.Poisson((3,)),
    likelihoods.NegativeBinomial((3,)),
    likelihoods.ZeroInflated(likelihoods.Poisson((3,))),
    likelihoods.Categorical((3,), 3),
]


@pytest.mark.parametrize("likelihood", OTHERS, ids=lambda likelihood: type(likelihood).__name__)
def test_every_likelihood_with_independent_elements_can_have_missing_values(likelihood):
    observed = MissingAtRandom(likelihood)
    params = {name: value[:1] for name, value in observed(tf.ones((2, 4))).items()}
    with tf.GradientTape() as tape:
        tape.watch(params)
        log_prob = observed.distribution(params).log_prob([[1.0, NAN, 0.0], [NAN] * 3])
    assert np.isfinite(log_prob[0])
    assert log_prob[0] != 0
    assert log_prob[1] == 0
    for gradient in tape.gradient(log_prob, params).values():
        gradient = np.asarray(gradient)
        assert np.isfinite(gradient).all()
        assert (gradient[0, 1] == 0).all()
        assert np.abs(gradient[0, [0, 2]]).max() > 0
    seen = observed.encoder_input(tf.constant([[1.0, NAN, 0.0]]))
    whole = likelihood.encoder_input(tf.constant([[1.0, 0.0, 0.0]]))
    assert (np.asarray(seen)[0, 1] == 0).all()
    np.testing.assert_array_equal(np.asarray(seen)[0, [0, 2]], np.asarray(whole)[0, [0, 2]])


class Joint(Normal):
    """Elements that depend on each other."""

    def distribution(self, params):
        return tfd.MultivariateNormalDiag(params["loc"], tf.ones_like(params["loc"]))


def test_dependent_elements_are_rejected():
    with pytest.raises(InvalidInput, match="likelihood: expected one whose elements are independent"):
        MissingAtRandom(Joint((3,)))(tf.zeros((1, 2)))


@pytest.mark.parametrize("kind", KINDS)
def test_it_trains_saves_and_is_loaded(kind, incomplete, tmp_path):
    vae = _vae(MissingAtRandom(kind((64,))))
    with tf.GradientTape() as tape:
        loss = vae.compute_loss(x=incomplete[:64], y_pred=vae(incomplete[:64], training=True))
    for weight, gradient in zip(
        vae.trainable_weights, tape.gradient(loss, vae.trainable_weights), strict=True
    ):
        assert np.isfinite(gradient).all(), weight.path
        assert np.abs(gradient).max() > 0, weight.path
    vae.compile()
    history = vae.fit(tf.data.Dataset.from_tensor_slices(incomplete).batch(32), epochs=3, verbose=0).history
    assert history["loss"][-1] < history["loss"][0]
    vae.save(tmp_path / "vae.keras")
    again = keras.saving.load_model(tmp_path / "vae.keras")
    np.testing.assert_array_equal(again.elbo(incomplete), vae.elbo(incomplete))
    assert vae.trace(incomplete, 2).log_x[:, 5].numpy().tolist() == [0.0, 0.0]
    assert np.isfinite(vae.reconstruct(incomplete)).all()


def test_arrays_with_an_element_that_is_never_there_are_not_trained_on(incomplete):
    vae = _vae(MissingAtRandom(Bernoulli((64,))))
    with pytest.raises(InvalidInput, match=r"x: expected each element observed .* NaN alone at \[20\]"):
        vae.fit(incomplete, verbose=0)
    incomplete[7, 20] = 1.0
    vae.fit(incomplete, verbose=0)
    vae.fit(incomplete[5:6], verbose=0)  # one example


def test_the_plain_likelihood_still_rejects_nan(incomplete):
    with pytest.raises(InvalidInput, match="NaN or infinite values"):
        _vae(Bernoulli((64,))).elbo(incomplete)
    incomplete[3, 3] = np.inf
    with pytest.raises(InvalidInput, match="1 infinite values, the first in example 3"):
        _vae(MissingAtRandom(Bernoulli((64,)))).elbo(incomplete)
