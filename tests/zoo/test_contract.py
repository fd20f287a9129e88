"""Every recipe trains, saves, resumes, repeats its numbers, and returns the documented shapes."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import tfvae
from tfvae.core.errors import InvalidInput


@pytest.fixture(scope="module")
def trained(subject, tmp_path_factory):
    """A model after two epochs, its history, and its file."""
    model = subject.make()
    history = subject.fit(model, 2)
    path = tmp_path_factory.mktemp(subject.name) / "model.keras"
    model.save(path)
    return model, history, path


def test_the_loss_falls(subject, trained):
    """In an adversarial game, what falls is the distortion."""
    _, history, _ = trained
    falling = history["distortion"] if "critic_loss" in history else history["loss"]
    assert np.isfinite(falling).all()
    assert falling[-1] < falling[0]


def test_every_variable_has_a_gradient(subject, trained):
    model = subject.make()
    subject.fit(model, 1)
    batch = subject.rows(slice(64))
    with tf.GradientTape() as tape:
        loss = model.compute_loss(x=batch, y_pred=model(batch, training=True))
    for variable, gradient in zip(
        model.trainable_variables,
        tape.gradient(loss, [v.value for v in model.trainable_variables]),
        strict=True,
    ):
        assert gradient is not None, variable.path
        gradient = tf.convert_to_tensor(gradient)
        assert np.isfinite(gradient).all(), variable.path
        assert np.abs(gradient).max() > 0, variable.path


def test_a_loaded_model_predicts_as_the_saved_one(subject, trained):
    model, _, path = trained
    again = keras.saving.load_model(path)
    batch = keras.tree.map_structure(tf.constant, subject.rows(slice(64)))
    expected, received = (which.predict(batch, verbose=0) for which in (model, again))
    keras.tree.map_structure(np.testing.assert_array_equal, received, expected)


@pytest.mark.slow
def test_a_loaded_model_trains_on_as_the_saved_one(subject, trained):
    _, _, path = trained
    again, straight = keras.saving.load_model(path), subject.make()
    subject.fit(again, 3, first=2)
    subject.fit(straight, 3)
    for expected, received in zip(straight.variables, again.variables, strict=True):
        np.testing.assert_array_equal(received, expected, err_msg=expected.path)


def test_outputs_have_their_shapes_and_repeat(subject, trained):
    model, _, _ = trained
    x, given = subject.rows(slice(5)), subject.given(model, slice(3))
    drawn = model.sample(3, seed=1, given=given)
    assert keras.tree.map_structure(np.shape, drawn) == subject.generated(model, 3)
    keras.tree.map_structure(np.testing.assert_array_equal, drawn, model.sample(3, seed=1, given=given))
    rebuilt = model.reconstruct(x)
    assert keras.tree.map_structure(np.shape, rebuilt) == subject.generated(model, 5)
    assert all(np.isfinite(array).all() for array in keras.tree.flatten(rebuilt))
    for name in ("elbo", "log_likelihood"):
        measure = getattr(model, name)
        if not model.has_density or (name == "log_likelihood" and not model.draws_at_random):
            with pytest.raises(InvalidInput, match="at random" if model.has_density else "density"):
                measure(x)
            continue
        values = measure(x, num_samples=8, seed=2)
        assert values.shape == (5,)
        assert np.isfinite(values).all()
        np.testing.assert_array_equal(values, measure(x, num_samples=8, seed=2))


def test_its_use_of_the_latent_space_is_told(subject, trained):
    """For whatever posterior and prior; the rate is that of the model's own traces."""
    model, _, _ = trained
    x = subject.rows(slice(5))
    verdict = tfvae.evaluation.posterior_collapse(model, x)
    assert verdict.active.shape == np.asarray(model.predict(x, verbose=0)["latent"]).shape[1:]
    assert (verdict.rate is None) == (not model.has_density)
    if model.has_density:
        trace = model.trace(x)
        assert verdict.rate == pytest.approx(float(np.mean(trace.rate)), rel=1e-4, abs=1e-4)
    assert str(verdict)


def test_bad_input_is_rejected(subject, trained):
    model, _, _ = trained
    for name, array in subject.named(subject.x).items():
        others = {other: array[:4] for other, array in subject.named(subject.x).items()}
        with pytest.raises(InvalidInput, match="shape"):
            model.fit({**others, name: np.zeros((4, 3, 3, 3, 3))}, verbose=0)
        infinite = array[:4].astype("float32")
        infinite.flat[0] = np.inf
        with pytest.raises(InvalidInput, match=f"{name}: expected"):
            model.reconstruct({**others, name: infinite})
    with pytest.raises(InvalidInput, match="at least one example"):
        model.fit(subject.rows(slice(0)), verbose=0)
