"""Parts that a user writes in a few lines: what goes wrong is said at once, in one line."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from tensorflow_probability import distributions as tfd

import tfvae
from tfvae.core.errors import InvalidInput
from tfvae.likelihoods import ProjectedLikelihood
from tfvae.objectives import Objective

X = np.random.default_rng(0).random((16, 8)).astype("float32")


def _vae(objective=None, likelihood=None):
    return tfvae.VAE(
        tfvae.networks.mlp((8,)),
        tfvae.networks.mlp((8,)),
        tfvae.posteriors.Normal(2),
        tfvae.likelihoods.Bernoulli((8,)) if likelihood is None else likelihood,
        objective=objective,
    )


class OnlyLoss(Objective):
    def loss(self, trace, model):
        return {"loss": trace.distortion + trace.rate}


class ScalarLoss(Objective):
    def loss(self, trace, model):
        return {"loss": tf.reduce_mean(trace.distortion + trace.rate)}


class ScalarTerm(Objective):
    terms = ("multiplier",)

    def loss(self, trace, model):
        return {"loss": trace.distortion, "multiplier": tf.constant(2.0)}


class MissingTerm(Objective):
    terms = ("distortion", "rate")

    def loss(self, trace, model):
        return {"loss": trace.distortion, "distortion": trace.distortion}


class NoDict(Objective):
    def loss(self, trace, model):
        return trace.distortion


def test_an_objective_without_terms_trains():
    history = _vae(OnlyLoss()).fit(X, verbose=0).history
    assert list(history) == ["loss"]
    assert np.isfinite(history["loss"][0])


@pytest.mark.parametrize(
    ("objective", "received"),
    [
        (ScalarLoss, r"ScalarLoss.loss: .*received loss of shape \(\)"),
        (ScalarTerm, r"ScalarTerm.loss: .*received multiplier of shape \(\)"),
        (MissingTerm, "MissingTerm.loss: .*received none of rate"),
        (NoDict, "NoDict.loss: expected a dict with loss, each of shape .*received a SymbolicTensor"),
    ],
)
def test_what_an_objective_returns_is_checked(objective, received):
    with pytest.raises(InvalidInput, match=received):
        _vae(objective()).fit(X, verbose=0)


class Elementwise(ProjectedLikelihood):
    """Forgets that an example is one event."""

    def parameters(self, raw):
        return {"loc": raw[..., 0]}

    def distribution(self, params):
        return tfd.Normal(params["loc"], 1.0)

    def mean(self, params):
        return params["loc"]


def test_a_likelihood_over_elements_instead_of_examples_is_named():
    with pytest.raises(InvalidInput, match=r"likelihood: expected a p\(x\|z\) over whole examples"):
        _vae(likelihood=Elementwise((8,))).elbo(X)


class Counter(Objective):
    """Counts training batches; of `__init__` it takes its own argument alone."""

    terms = ("rate",)

    def __init__(self, step):
        super().__init__()
        self.step = step
        self.count = self.add_weight(name="count", shape=(), trainable=False)

    def loss(self, trace, model):
        return {"loss": trace.distortion + trace.rate, "rate": trace.rate}

    def observe(self, trace):
        self.count.assign_add(self.step * tf.reduce_mean(trace.x))


def test_only_training_batches_are_observed():
    vae = _vae(Counter(2.0))
    vae.compile()
    vae.evaluate(X, verbose=0)
    vae.elbo(X)
    vae.predict(X, verbose=0)
    assert float(vae.objective.count) == 0.0
    vae.fit(X, batch_size=16, epochs=3, verbose=0)
    assert float(vae.objective.count) == pytest.approx(3 * 2.0 * X.mean(), rel=1e-6)


def test_a_part_without_the_arguments_of_a_layer_saves_and_loads(tmp_path):
    vae = _vae(Counter(2.0))
    vae.fit(X, verbose=0)
    vae.save(tmp_path / "vae.keras")
    loaded = keras.saving.load_model(tmp_path / "vae.keras")
    assert loaded.objective.step == 2.0
    assert loaded.objective.name == vae.objective.name
    assert float(loaded.objective.count) == float(vae.objective.count) > 0


def test_replicas_agree_on_what_each_has_seen(two_replicas):
    """Each replica sees half of the batch; the weight is the mean over both, as on one device."""
    with two_replicas.scope():
        vae = _vae(Counter(1.0))
        vae.compile()
    vae.fit(X, batch_size=16, verbose=0)
    values = [
        float(value.numpy()) for value in two_replicas.experimental_local_results(vae.objective.count.value)
    ]
    assert values == pytest.approx([X.mean()] * 2, rel=1e-6)
