"""Two models stacked, to a folder and back."""

import numpy as np
import pytest

import tfvae
from tfvae.core.errors import UnreadableFile, UnwritableFile
from tfvae.models import StackedSemiSupervised


@pytest.mark.parametrize("recipe", ["semi_supervised_vae", "auxiliary_vae"])
def test_what_is_read_answers_as_what_was_written(recipe, tmp_path):
    x = np.random.default_rng(0).normal(size=(40, 6)).astype("float32")
    stacked = StackedSemiSupervised(tfvae.zoo.vae((6,), 2), getattr(tfvae.zoo, recipe)((2,), 3, 2))
    stacked.fit(x, np.arange(40) % 4 - 1, batch_size=20, labeled=10, epochs=1)
    stacked.save(tmp_path / "both")
    again = StackedSemiSupervised.load(tmp_path / "both")
    np.testing.assert_array_equal(again.predict_label(x), stacked.predict_label(x))
    np.testing.assert_array_equal(again.sample(5, seed=1), stacked.sample(5, seed=1))
    z = stacked.features.encode(x).mean()
    np.testing.assert_array_equal(again.model.elbo(z), stacked.model.elbo(z))


def test_a_folder_in_use_is_left_as_it_is_and_one_without_models_refused(tmp_path):
    stacked = StackedSemiSupervised(tfvae.zoo.vae((6,), 2), tfvae.zoo.semi_supervised_vae((2,), 3, 2))
    (tmp_path / "notes").write_text("mine")
    with pytest.raises(UnwritableFile):
        stacked.save(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["notes"]
    with pytest.raises(UnreadableFile, match=r"features\.keras"):
        StackedSemiSupervised.load(tmp_path)
