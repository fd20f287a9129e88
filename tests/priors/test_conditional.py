"""The conditional normal prior standing alone and in a Keras model of its own."""

import keras
import numpy as np
import pytest
import scipy.stats
import tensorflow as tf

import tfvae
from tfvae.core.errors import InvalidInput
from tfvae.core.trace import Trace
from tfvae.posteriors import Normal
from tfvae.priors.conditional import Conditional


def _example():
    return Conditional(2, tfvae.networks.mlp((8,), "tanh"), condition_dim=3)


def _condition(count=6):
    return tf.random.stateless_normal((count, 3), (1, 2))


def test_the_density_is_the_normal_one_of_each_condition():
    prior, condition = _example(), _condition()
    z = np.random.default_rng(0).normal(size=(4, 6, 2)).astype("float32")
    p = prior.distribution(condition=condition)
    assert (p.batch_shape, p.event_shape) == ((6,), (2,))
    assert np.ptp(p.mean(), axis=0).min() > 0.01  # the condition matters
    expected = scipy.stats.norm(p.mean(), p.stddev()).logpdf(z).sum(-1)
    np.testing.assert_allclose(p.log_prob(z), expected, rtol=1e-5, atol=1e-5)


def test_draws_have_the_stated_moments():
    prior, count = _example(), 20000
    condition = _condition(1)
    assert prior.noise_dim(Normal(2)) == 2
    noise = tf.random.stateless_normal((count, 2), (3, 4))
    z = prior.transform(noise, condition=tf.repeat(condition, count, axis=0)).numpy().astype("float64")
    p = prior.distribution(condition=condition)
    assert np.abs((z.mean(0) - p.mean()[0]) / (p.stddev()[0] / np.sqrt(count))).max() < 4
    assert np.abs((z.var(0) / p.variance()[0] - 1) / np.sqrt(2 / count)).max() < 4


def test_the_rate_has_a_closed_form_in_each_dimension():
    condition, posterior = _condition(), Normal(2)
    params = posterior(tf.random.stateless_normal((6, 5), (5, 6)))
    q, p = posterior.distribution(params), _example().distribution(condition=condition)
    rates = Trace(None, condition, q, p, None, tf.zeros((1, 6, 2)), tf.zeros((1, 6))).rates
    ratio = (q.stddev() / p.stddev()) ** 2
    expected = 0.5 * (ratio + ((q.mean() - p.mean()) / p.stddev()) ** 2 - 1 - np.log(ratio))
    np.testing.assert_allclose(rates, expected, rtol=1e-4, atol=1e-5)


def test_bad_arguments_are_rejected():
    with pytest.raises(InvalidInput, match="latent_dim: expected an integer of at least 1"):
        Conditional(0, tfvae.networks.mlp((8,)), 3)
    with pytest.raises(InvalidInput, match="network: expected a Keras layer or model, received 'mlp'"):
        Conditional(2, "mlp", 3)
    with pytest.raises(InvalidInput, match="condition_dim: expected an integer of at least 1, received 0"):
        Conditional(2, tfvae.networks.mlp((8,)), 0)
    with pytest.raises(InvalidInput, match="floor: expected a positive number, received 0"):
        Conditional(2, tfvae.networks.mlp((8,)), 3, floor=0)
    with pytest.raises(InvalidInput, match=r"condition: expected a tensor of shape \(batch, 3\)"):
        _example().distribution()
    with pytest.raises(InvalidInput, match="prior: expected one without a condition"):
        tfvae.VAE(
            tfvae.networks.mlp((8,)),
            tfvae.networks.mlp((8,)),
            Normal(2),
            tfvae.likelihoods.Bernoulli((4,)),
            _example(),
        )


def test_the_configuration_makes_it_again():
    prior, condition = _example(), _condition()
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(prior))
    assert (type(again), again.condition_dim, again.floor) == (Conditional, 3, 1e-4)
    again.set_weights(prior.get_weights())
    expected, received = (part.distribution(condition=condition).mean() for part in (prior, again))
    np.testing.assert_array_equal(received, expected)


@keras.saving.register_keras_serializable("tests")
class Regression(keras.Model):
    """Fits the prior to points whose mean and spread follow their condition."""

    def __init__(self, prior):
        super().__init__(autocast=False)
        self.prior = prior
        self.built = True

    def call(self, inputs):
        self.add_loss(-tf.reduce_mean(self.prior.distribution(condition=inputs["c"]).log_prob(inputs["z"])))
        return self.prior.transform(tf.zeros_like(inputs["z"]), condition=inputs["c"])

    def get_config(self):
        return {"prior": keras.saving.serialize_keras_object(self.prior)}

    @classmethod
    def from_config(cls, config):
        return cls(keras.saving.deserialize_keras_object(config["prior"]))


@pytest.mark.parametrize("policy", ["float32", "mixed_bfloat16"])
def test_it_learns_in_a_keras_model_and_is_saved(tmp_path, policy):
    keras.config.set_dtype_policy(policy)
    rng = np.random.default_rng(1)
    c = rng.normal(size=(512, 3)).astype("float32")
    z = (c[:, :2] * [2.0, -1.0] + np.exp(0.5 * c[:, 2:]) * rng.normal(size=(512, 2))).astype("float32")
    model = Regression(_example())
    assert len(model.trainable_weights) == 4
    before = model.get_weights()
    model.compile(optimizer=keras.optimizers.Adam(1e-2), jit_compile=False)
    data = tf.data.Dataset.from_tensors({"c": c, "z": z}).repeat(1000)
    model.fit(data, shuffle=False, verbose=0)
    for first, last in zip(before, model.get_weights(), strict=True):
        assert np.isfinite(last).all()
        assert np.abs(last - first).max() > 0
    p = model.prior.distribution(condition=c)
    assert np.corrcoef(p.mean()[:, 0], c[:, 0])[0, 1] > 0.95
    assert np.corrcoef(p.stddev()[:, 0], c[:, 2])[0, 1] > 0.7
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(again.prior.distribution(condition=c).mean(), p.mean())
