"""Numbers of codes at positions."""

import numpy as np
import pytest
import tensorflow as tf

from tfvae.core.errors import InvalidInput
from tfvae.distributions.codebook_sizes import codes_by_position, shared_num_codes, uniform_logits


@pytest.mark.parametrize("sizes", [(4, 4, 4), (4, 8, 2)])
def test_sizes_can_be_given_as_they_are_returned(sizes):
    assert codes_by_position(shared_num_codes(sizes), 3) == sizes


@pytest.mark.parametrize(("num_codes", "received"), [((4, 8), r"\(4, 8\)"), (1, "1"), ((4, 4, 1), "1")])
def test_wrong_sizes_are_rejected(num_codes, received):
    with pytest.raises(InvalidInput, match=f"^num_codes: expected .*, received {received}$"):
        codes_by_position(num_codes, 3)


def test_logits_are_uniform_over_the_codes_of_each_position():
    probabilities = tf.nn.softmax(uniform_logits((2, 4)))
    np.testing.assert_allclose(probabilities, [[0.5, 0.5, 0, 0], [0.25] * 4], rtol=1e-6)
