"""The number of training examples reaches the objectives that depend on it."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import tfvae
from tfvae.core.errors import InvalidInput
from tfvae.objectives import BetaTCVAE, SpikeAndSlab


def _size(vae):
    return float(vae.objective.size.examples(tf.constant(7)))


@pytest.fixture
def vae(small_vae):
    return small_vae(objective=BetaTCVAE(6.0))


def test_of_arrays(vae, flat):
    vae.fit(flat[:100], verbose=0)
    assert _size(vae) == 100
    vae.fit(flat[:60], validation_split=0.25, verbose=0)
    assert _size(vae) == 45


@pytest.mark.parametrize("drop", [False, True])
def test_of_a_data_set(vae, flat, drop):
    vae.fit(tf.data.Dataset.from_tensor_slices(flat[:100]).batch(30, drop), verbose=0)
    assert _size(vae) == (90 if drop else 100)


def test_of_one_that_does_not_know_its_length(vae, flat):
    data = tf.data.Dataset.from_tensor_slices(flat[:100]).filter(lambda x: x[20] >= 0).batch(32)
    vae.fit(data, verbose=0)
    assert _size(vae) == 100


def test_a_source_without_end_has_to_be_told(vae, flat):
    data = tf.data.Dataset.from_tensor_slices(flat[:100]).repeat().batch(32)
    with pytest.raises(InvalidInput, match="dataset_size: expected the number of training examples"):
        vae.fit(data, steps_per_epoch=2, verbose=0)


def test_a_given_number_stays(small_vae, flat):
    vae = small_vae(objective=BetaTCVAE(6.0, dataset_size=5000))
    vae.fit(flat[:100], verbose=0)
    assert _size(vae) == 5000


def test_it_is_that_of_the_batch_before_training(vae, flat):
    """Where the estimate of q(z) is exact, so that I(x; z) is at most log N."""
    assert _size(vae) == 7
    terms = vae(flat[:20])["terms"]
    assert float(tf.reduce_mean(terms["mutual_information"])) <= np.log(20)


def test_it_is_saved(vae, flat, tmp_path):
    vae.fit(flat[:100], verbose=0)
    vae.save(tmp_path / "vae.keras")
    again = keras.saving.load_model(tmp_path / "vae.keras")
    assert _size(again) == 100
    assert again.objective.dataset_size is None


def test_the_prior_of_masks_counts_once(flat):
    vae = tfvae.zoo.sparse_vae((64,), latent_dim=2)
    assert isinstance(vae.objective, SpikeAndSlab)
    before = vae.objective.penalty(vae.trace(flat[:10]), vae)
    vae.objective.size.note(100)
    np.testing.assert_allclose(vae.objective.penalty(vae.trace(flat[:10]), vae), before / 10, rtol=1e-6)
