"""The importance-weighted bound against the exact likelihood, and what all bounds have in common."""

import itertools

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy import stats

import tfvae
from tfvae.core.errors import InvalidInput
from tfvae.objectives.capacity import ControlledCapacity
from tfvae.objectives.combined_bounds import (
    CombinedImportanceWeighted,
    MultiplyImportanceWeighted,
    PartiallyImportanceWeighted,
)
from tfvae.objectives.forward_kl import ForwardKL
from tfvae.objectives.gradients import DoublyReparameterized, StickingTheLanding
from tfvae.objectives.importance_weighted import ImportanceWeighted, log_mean_exp
from tfvae.objectives.renyi import Renyi, RenyiMax
from tfvae.objectives.thermodynamic import Thermodynamic, ThermodynamicCovariance

OBJECTIVES = {
    "ImportanceWeighted": lambda: ImportanceWeighted(3),
    "Renyi": lambda: Renyi(0.5, 3),
    "RenyiMax": lambda: RenyiMax(3),
    "CombinedImportanceWeighted": lambda: CombinedImportanceWeighted(0.5, 3),
    "MultiplyImportanceWeighted": lambda: MultiplyImportanceWeighted(2, 3),
    "PartiallyImportanceWeighted": lambda: PartiallyImportanceWeighted(2, 3),
    "StickingTheLanding": lambda: StickingTheLanding(2),
    "DoublyReparameterized": lambda: DoublyReparameterized(3),
    "ForwardKL": lambda: ForwardKL(5),
    "Thermodynamic": lambda: Thermodynamic(3, partitions=3),
    "ThermodynamicCovariance": lambda: ThermodynamicCovariance(5, partitions=3, smallest=0.1),
    "ControlledCapacity": lambda: ControlledCapacity(tfvae.schedules.Linear(0.0, 5.0, steps=10), gamma=2.0),
}


@pytest.fixture(params=OBJECTIVES)
def objective(request):
    return OBJECTIVES[request.param]()


@pytest.fixture
def gaussian():
    """A linear Gaussian model of 5 features and 2 latent dimensions, and 20,000 copies of one example."""
    vae = tfvae.VAE(
        keras.layers.Identity(),
        keras.layers.Identity(),
        tfvae.posteriors.Normal(2),
        tfvae.likelihoods.Normal((5,), 0.8),
    )
    return vae, np.tile(np.float32([[0.4, -0.2, 1.0, 0.3, -0.6]]), (20000, 1))


def _exact(vae, x):
    dense = vae.likelihood.head.dense
    weights, bias = np.array(dense.kernel, "float64"), np.array(dense.bias, "float64")
    return stats.multivariate_normal(bias, weights.T @ weights + 0.64 * np.eye(5)).logpdf(x)


def test_the_mean_weight_is_the_likelihood_at_any_number_of_draws(gaussian):
    vae, x = gaussian
    for draws in (1, 4, 16):
        trace = vae.trace(x, num_samples=draws, seed=draws)
        ratio = np.exp(ImportanceWeighted(draws).loss(trace, vae)["bound"] - _exact(vae, x[:1]))
        assert abs(ratio.mean() - 1) < 4 * ratio.std() / np.sqrt(len(ratio))


def test_the_bound_rises_with_the_draws_to_the_likelihood(gaussian):
    vae, x = gaussian
    log_w = vae.trace(x, num_samples=64).log_weights
    bounds = []
    for draws in (1, 4, 16, 64):  # disjoint groups of the same draws: the differences are paired
        groups = tf.reshape(log_w, (draws, -1, len(x)))
        bounds.append(tf.reduce_mean(log_mean_exp(groups), axis=0).numpy())
    for lower, higher in itertools.pairwise(bounds):
        gain = higher - lower
        assert gain.mean() > 4 * gain.std() / np.sqrt(len(gain))
    gaps = [_exact(vae, x[:1]) - bound.mean() for bound in bounds]
    error = bounds[-1].std() / np.sqrt(len(x))
    assert -4 * error < gaps[-1] < 0.05 * gaps[0]


def test_one_draw_is_the_elbo_with_its_rate_estimated(gaussian):
    vae, x = gaussian
    trace = vae.trace(x)
    terms = ImportanceWeighted(1).loss(trace, vae)
    np.testing.assert_allclose(terms["bound"], trace.log_weights[0], rtol=1e-6)
    difference = (terms["bound"] - trace.elbo).numpy()
    assert difference.std() > 0.01
    assert abs(difference.mean()) < 4 * difference.std() / np.sqrt(len(x))


def test_every_objective_reports_its_terms_for_each_example(objective, small_vae, flat):
    vae = small_vae(objective=objective)
    trace = vae.trace(flat[:6], num_samples=objective.num_samples)
    terms = objective.loss(trace, vae)
    assert set(terms) == {"loss", *objective.terms}
    for name, value in terms.items():
        assert value.shape == (6,), name
        assert np.isfinite(value).all(), name
    np.testing.assert_allclose(terms["elbo"], -terms["distortion"] - terms["rate"], rtol=1e-6)
    np.testing.assert_allclose(terms["elbo"], trace.elbo, rtol=1e-6)
    if "bound" in terms:
        np.testing.assert_array_equal(terms["loss"], -terms["bound"])
        np.testing.assert_allclose(terms["bound"], objective.bound(trace), rtol=1e-5)


def test_every_objective_trains_every_weight_and_is_saved(objective, small_vae, flat, tmp_path):
    vae, x = small_vae(objective=objective, seed=1), flat[:256]
    with tf.GradientTape() as tape:
        loss = vae.compute_loss(x=x[:8], y_pred=vae(x[:8], training=True))
    gradients = tape.gradient(loss, vae.trainable_weights)
    for weight, gradient in zip(vae.trainable_weights, gradients, strict=True):
        assert gradient is not None, weight.path
        assert np.isfinite(gradient).all(), weight.path
        assert np.abs(gradient).max() > 0, weight.path
    vae.compile(optimizer=keras.optimizers.Adam(1e-2))
    history = vae.fit(x, epochs=3, verbose=0).history
    assert history["loss"][-1] < history["loss"][0]
    assert history["elbo"][-1] > history["elbo"][0]
    vae.save(tmp_path / "vae.keras")
    again = keras.saving.load_model(tmp_path / "vae.keras")
    assert again.objective.get_config() == objective.get_config()
    for name, value in objective.loss(vae.trace(x[:5], objective.num_samples), vae).items():
        terms = again.objective.loss(again.trace(x[:5], objective.num_samples), again)
        np.testing.assert_array_equal(terms[name], value, err_msg=name)


def test_every_objective_bears_a_batch_without_examples(objective, small_vae, flat):
    """As a replica sees it that gets none of a short last batch."""
    vae = small_vae(objective=objective)
    loss = tf.function(lambda x: vae.compute_loss(x=x, y_pred=vae(x, training=True)))
    assert loss.get_concrete_function(tf.TensorSpec((None, 64)))(tf.constant(flat[:0])) == 0


def test_every_objective_survives_its_configuration(objective):
    config = keras.saving.serialize_keras_object(objective)
    again = keras.saving.deserialize_keras_object(config)
    assert type(again) is type(objective)
    assert again.get_config() == objective.get_config()
    assert again.num_samples == objective.num_samples


@pytest.mark.parametrize("count", [0, -1, 2.5, True, "3", None])
@pytest.mark.parametrize(
    ("make", "argument"),
    [
        (ImportanceWeighted, "num_samples"),
        (RenyiMax, "num_samples"),
        (StickingTheLanding, "num_samples"),
        (DoublyReparameterized, "num_samples"),
        (ForwardKL, "num_samples"),
        (Thermodynamic, "num_samples"),
        (ThermodynamicCovariance, "num_samples"),
        (lambda count: Renyi(0.5, count), "num_samples"),
        (lambda count: CombinedImportanceWeighted(0.5, count), "num_samples"),
        (lambda count: ControlledCapacity(1.0, num_samples=count), "num_samples"),
        (lambda count: MultiplyImportanceWeighted(count, 2), "num_means"),
        (lambda count: PartiallyImportanceWeighted(2, count), "draws_per_mean"),
        (lambda count: Thermodynamic(2, count), "partitions"),
    ],
)
def test_a_count_that_is_none_is_refused_by_name(make, argument, count):
    with pytest.raises(InvalidInput, match=f"^{argument}: expected an integer of at least"):
        make(count)


def test_a_numpy_count_is_one():
    config = ImportanceWeighted(np.int64(4)).get_config()
    assert type(config["num_samples"]) is int
    assert config["num_samples"] == 4
