"""The multinomial likelihood of documents of any length."""

import numpy as np
import pytest
import tensorflow as tf
from scipy import special, stats

from tfvae.core.errors import InvalidInput
from tfvae.likelihoods import Multinomial

LOGITS = np.float32([[-2.0, 0.5, 3.0, 0.0]])
PROBABILITIES = special.softmax(np.float64(LOGITS[0]))


@pytest.mark.parametrize("x", [[0, 0, 0, 0], [1, 2, 3, 0], [0, 50, 400, 7]])
def test_a_document_has_the_mass_of_a_multinomial_of_its_length(x):
    px = Multinomial((4,)).distribution({"logits": tf.constant(LOGITS)})
    expected = stats.multinomial.logpmf(x, sum(x), PROBABILITIES)
    assert float(px.log_prob(np.float32([x]))[0]) == pytest.approx(expected, rel=1e-5, abs=1e-6)


def test_the_mean_is_that_of_a_single_word():
    np.testing.assert_allclose(Multinomial((4,)).mean({"logits": LOGITS})[0], PROBABILITIES, rtol=1e-5)


def test_the_encoder_sees_directions():
    seen = Multinomial((2,)).encoder_input(np.float32([[3, 4], [0, 0]]))
    np.testing.assert_allclose(seen, [[0.6, 0.8], [0.0, 0.0]], rtol=1e-6)


def test_only_vectors_are_documents():
    with pytest.raises(InvalidInput, match=r"^event_shape: expected one size, \(vocabulary,\), received"):
        Multinomial((4, 2))
