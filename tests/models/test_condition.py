"""A VAE with a condition beside x."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import tfvae
from tfvae.core.errors import InvalidInput
from tfvae.layers.conditioning import ConcatenateCondition, IgnoreCondition


@pytest.fixture
def inputs(flat):
    from sklearn.datasets import load_digits

    return {"x": flat[:256], "condition": np.eye(10, dtype="float32")[load_digits().target[:256]]}


def _model(decoder=ConcatenateCondition, prior=None):
    keras.utils.set_random_seed(3)
    return tfvae.VAE(
        encoder=ConcatenateCondition(tfvae.networks.mlp((32,))),
        decoder=decoder(tfvae.networks.mlp((32,))),
        posterior=tfvae.posteriors.Normal(4),
        likelihood=tfvae.likelihoods.Bernoulli((64,)),
        prior=prior,
        condition_dim=10,
    )


def _conditional_prior():
    return tfvae.priors.Conditional(4, tfvae.networks.mlp((8,)), condition_dim=10)


@pytest.mark.parametrize("make", [_model, lambda: _model(IgnoreCondition, _conditional_prior())])
def test_it_trains_saves_and_answers(make, inputs, tmp_path):
    model = make()
    history = model.fit(inputs, epochs=3, batch_size=64, verbose=0).history
    assert history["loss"][-1] < history["loss"][0]
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(model.elbo(inputs), again.elbo(inputs))
    assert model.reconstruct(inputs).shape == (256, 64)
    given = {"condition": inputs["condition"][:3]}
    assert model.sample(3, given=given).shape == (3, 64)
    assert model.decode(np.zeros((2, 3, 4)), given=given).batch_shape == (2, 3)
    assert model.log_likelihood(inputs, num_samples=4).shape == (256,)


def test_the_condition_moves_p_of_x_only_where_it_is_used(inputs):
    z, rows = np.zeros((2, 4), "float32"), {"condition": np.eye(10, dtype="float32")[:2]}
    ignoring = _model(IgnoreCondition, _conditional_prior()).decode(z, given=rows).mean().numpy()
    np.testing.assert_array_equal(*ignoring)
    joined = _model().decode(z, given=rows).mean().numpy()
    assert np.abs(joined[0] - joined[1]).max() > 1e-3


def test_batches_of_a_dataset_train_as_arrays_do(inputs):
    ends = []
    for data in (inputs, tf.data.Dataset.from_tensor_slices(inputs).batch(64)):
        model = _model()
        model.fit(data, batch_size=64, shuffle=False, verbose=0)
        ends.append(np.asarray(model.elbo(inputs)))
    np.testing.assert_array_equal(*ends)


def test_bad_conditions_are_refused(inputs):
    model = _model()
    for wrong, text in (
        (inputs["x"], "condition"),
        ({**inputs, "condition": inputs["condition"][:, :9]}, "condition: expected shape"),
        ({**inputs, "condition": inputs["condition"][:9]}, "as many examples"),
        ({**inputs, "condition": np.full((256, 10), np.nan)}, "condition: expected finite"),
        ({**inputs, "label": inputs["condition"]}, "label"),
    ):
        with pytest.raises(InvalidInput, match=text):
            model.fit(wrong, verbose=0)
    for given, text in (
        (None, "condition"),
        ({"condition": inputs["condition"][:2]}, "3 rows"),
        ({"label": 3}, "condition"),
    ):
        with pytest.raises(InvalidInput, match=text):
            model.sample(3, given=given)
    with pytest.raises(InvalidInput, match="without a condition"):
        tfvae.zoo.vae((4,)).sample(3, given={"condition": [[1.0]]})
    with pytest.raises(InvalidInput, match="pairs"):
        _model(lambda network: network)
    with pytest.raises(InvalidInput, match="posteriors"):
        _model(prior=tfvae.priors.VampPrior(4, 3))


def test_its_export_takes_the_condition(inputs, tmp_path):
    export = tfvae.export.saved_model(_model(), tmp_path / "servable", num_samples=4)
    assert max(export.largest_difference.values()) < 1e-4
