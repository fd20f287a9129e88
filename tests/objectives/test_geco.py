"""GECO: the multiplier's rule, the tolerance reached, and state that is saved, resumed and shared."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import tfvae
from tfvae.core.errors import InvalidInput
from tfvae.objectives import GECO, Trimmed


@pytest.fixture
def make():
    def made(objective, posterior=None, scale=1.0):
        return tfvae.VAE(
            tfvae.networks.mlp((16,)),
            tfvae.networks.mlp((16,)),
            posterior or tfvae.posteriors.Normal(2),
            tfvae.likelihoods.Normal((64,), scale),
            objective=objective,
            seed=3,
        )

    return made


def test_the_multiplier_follows_its_rule(make, flat):
    """Without updates of the weights, so that every step has the constraint of the same reconstructions."""
    vae = make(GECO(tolerance=0.2, step_size=0.1, decay=0.5))
    vae.compile(keras.optimizers.SGD(0.0))
    constraints = []
    for start in (0, 64, 128):
        batch = flat[start : start + 64]
        trace = vae.assemble(vae.tensors(batch), vae(batch, training=True)["record"])
        error = np.square(batch - trace.px.mean().numpy()).mean(axis=(0, 2))
        constraints.append(np.mean(error / 0.2**2 - 1))
    averages = [constraints[0]]
    for constraint in constraints[1:]:
        averages.append(0.5 * averages[-1] + 0.5 * constraint)
    expected = np.exp(0.1 * np.minimum(averages, 1).sum())
    assert float(vae.objective.multiplier) == pytest.approx(expected, rel=1e-5)


def test_at_a_multiplier_of_one_the_gradient_is_that_of_the_elbo(make, flat):
    """Of a normal likelihood whose scale is the tolerance."""
    geco = make(GECO(tolerance=0.3), scale=0.3)
    elbo = make(tfvae.objectives.ELBO(), scale=0.3)
    for one, other in zip(geco.trainable_variables, elbo.trainable_variables, strict=True):
        other.assign(one)
    gradients = []
    for vae in (geco, elbo):
        inputs = vae.tensors(flat[:32])
        with tf.GradientTape() as tape:
            trace = vae.trace_with_noise(inputs, tf.zeros((1, 1, 2)))
            loss = tf.reduce_mean(vae.objective.loss(trace, vae)["loss"])
        gradients.append(tape.gradient(loss, [v.value for v in vae.trainable_variables]))
    for one, other in zip(*gradients, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("tolerance", [0.1, 0.2])
@pytest.mark.slow
def test_reconstructions_have_the_tolerance_at_the_least_rate(digits, tolerance):
    vae = tfvae.zoo.geco_vae((8, 8, 1), tolerance=tolerance)
    vae.fit(digits, epochs=50, batch_size=64, verbose=0)
    z = vae.encode(digits).sample()
    error = np.sqrt(np.mean(np.square(digits - vae.decode(z).mean())))
    assert 0.92 * tolerance < error < 1.04 * tolerance


def test_evaluation_does_not_move_it(make, flat):
    vae = make(GECO(tolerance=0.2))
    vae.fit(flat[:128], verbose=0)
    before = float(vae.objective.multiplier)
    assert before != 1.0
    vae.evaluate(flat[:128], verbose=0)
    assert float(vae.objective.multiplier) == before


def test_a_resumed_training_has_the_same_multiplier(make, flat, tmp_path):
    first = make(GECO(tolerance=0.2))
    first.fit(flat[:256], epochs=1, shuffle=False, verbose=0)
    first.save(tmp_path / "vae.keras")
    again = keras.saving.load_model(tmp_path / "vae.keras")
    assert float(again.objective.multiplier) == float(first.objective.multiplier)
    first.fit(flat[:256], epochs=2, initial_epoch=1, shuffle=False, verbose=0)
    again.fit(flat[:256], epochs=2, initial_epoch=1, shuffle=False, verbose=0)
    assert float(again.objective.multiplier) == float(first.objective.multiplier)


def test_two_replicas_have_one_devices_multiplier(make, flat, two_replicas, silent):
    results = []
    for strategy in (tf.distribute.get_strategy(), two_replicas):
        keras.utils.set_random_seed(1)
        with strategy.scope():
            vae = make(GECO(tolerance=0.2), silent(2))
            vae.compile(keras.optimizers.SGD(1e-3))
        vae.fit(flat[:150], batch_size=50, epochs=2, shuffle=False, verbose=0)
        results.append(float(vae.objective.multiplier))
    assert results[0] == pytest.approx(results[1], rel=1e-5)
    assert results[0] != 1.0


def test_what_wraps_it_passes_the_batch_on(make, flat):
    vae = make(Trimmed(GECO(tolerance=0.2), share=0.1))
    vae.fit(flat[:128], verbose=0)
    assert float(vae.objective.objective.multiplier) != 1.0


def test_it_is_refused_where_it_has_no_meaning(make):
    with pytest.raises(InvalidInput, match="tolerance: expected a positive number, received 0"):
        GECO(tolerance=0)
    with pytest.raises(InvalidInput, match=r"decay: expected a number of at least 0 and below 1, received 1"):
        GECO(tolerance=1, decay=1.0)
    with pytest.raises(InvalidInput, match="objective: expected one that goes with the likelihood"):
        tfvae.VAE(
            tfvae.networks.mlp(),
            tfvae.networks.mlp(),
            tfvae.posteriors.Normal(2),
            tfvae.likelihoods.MissingAtRandom(tfvae.likelihoods.Normal((4,))),
            objective=GECO(tolerance=0.1),
        )
