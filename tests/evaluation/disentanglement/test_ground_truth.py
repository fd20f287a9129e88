"""Codes of observations, by a function or a model."""

import numpy as np
import pytest

import tfvae
from tfvae.core.errors import InvalidInput
from tfvae.evaluation.disentanglement.ground_truth import encode, sample_codes


def test_a_model_gives_the_locations_of_its_posterior():
    vae = tfvae.zoo.vae((6,), latent_dim=3)
    x = np.random.default_rng(0).normal(size=(600, 6)).astype("float32")
    np.testing.assert_allclose(encode(vae, x), vae.predict(x, verbose=0)["latent"], atol=1e-6)


def test_samples_are_drawn_in_parts_and_repeat_with_the_seed(toy):
    seen = []

    def encoder(x):
        seen.append(len(x))
        return -x

    codes, factors = sample_codes(encoder, toy(3, 4), 5000, np.random.default_rng(0))
    assert seen == [4096, 904]
    np.testing.assert_array_equal(codes, -factors)
    again, _ = sample_codes(encoder, toy(3, 4), 5000, np.random.default_rng(0))
    np.testing.assert_array_equal(codes, again)


@pytest.mark.parametrize(
    ("encoder", "text"),
    [
        (lambda x: x[1:], "encoder: expected codes of all 10 observations"),
        (lambda x: x[:, 0], r"encoder: expected shape \[N, columns\]"),
        (lambda x: x * np.nan, "encoder: expected finite"),
    ],
)
def test_other_codes_are_rejected(encoder, text, toy):
    with pytest.raises(InvalidInput, match=text):
        sample_codes(encoder, toy(3, 4), 10, np.random.default_rng(0))


def test_other_factors_are_rejected(toy):
    class Short(toy):
        def sample_factors(self, num_samples, rng):
            return super().sample_factors(num_samples - 1, rng)

    with pytest.raises(InvalidInput, match="ground_truth: expected 10 rows of factors"):
        sample_codes(lambda x: x, Short(3, 4), 10, np.random.default_rng(0))
