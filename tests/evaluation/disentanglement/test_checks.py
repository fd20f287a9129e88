"""What all measures of codes and factors reject, and what they take."""

import functools

import numpy as np
import pytest
import tensorflow as tf

from tfvae.core.errors import InvalidInput
from tfvae.evaluation import (
    beta_vae_score,
    dci,
    explicitness,
    factor_vae_score,
    mig,
    modularity,
    sap,
)

MEASURES = {
    "beta_vae_score": functools.partial(beta_vae_score, batch_size=4, num_train=20, num_eval=20),
    "dci": lambda codes, factors: dci(codes, factors).disentanglement,
    "explicitness": explicitness,
    "factor_vae_score": functools.partial(factor_vae_score, batch_size=4, num_train=20, num_eval=20),
    "mig": mig,
    "modularity": modularity,
    "sap": sap,
}
CODES = np.random.default_rng(0).normal(size=(80, 2))
FACTORS = np.stack([np.arange(80) % 2, np.arange(80) // 2 % 2], axis=1)

every_measure = pytest.mark.parametrize("measure", MEASURES.values(), ids=MEASURES)


def changed(array, place, value):
    array = np.array(array, float)
    array[place] = value
    return array


@every_measure
@pytest.mark.parametrize(
    ("codes", "factors", "text"),
    [
        (CODES[:79], FACTORS, "factors: expected one row for each of the 79 codes, received 80"),
        (CODES[:, 0], FACTORS, r"codes: expected shape \[N, columns\]"),
        (CODES, FACTORS[:, 0], r"factors: expected shape \[N, columns\]"),
        (CODES[:0], FACTORS[:0], r"codes: expected shape \[N, columns\]"),
        (changed(CODES, (3, 1), np.nan), FACTORS, "codes: expected finite .* received NaN .* in row 3"),
        (changed(CODES, (4, 0), -np.inf), FACTORS, "codes: expected finite .* in row 4"),
        (changed(CODES, (5, 0), 1e200), FACTORS, "codes: expected finite float32 numbers"),
        (CODES, changed(FACTORS, (6, 0), np.nan), "factors: expected finite .* in row 6"),
        (CODES, changed(FACTORS, (slice(None), 1), 7), "factors: expected .* received a constant factor 1"),
        ([["a", "b"]] * 80, FACTORS, "codes: expected an array of numbers"),
        (CODES, [[0, 1], [1]], "factors: expected an array of numbers"),
    ],
)
def test_bad_input_is_rejected_with_one_line(measure, codes, factors, text):
    with pytest.raises(InvalidInput, match=text) as caught:
        measure(codes, factors)
    assert "\n" not in str(caught.value)


@every_measure
def test_lists_tensors_and_other_dtypes_give_the_same_number(measure):
    codes = CODES.astype("float32")
    value = measure(codes, FACTORS)
    assert isinstance(value, float)
    assert measure(codes.tolist(), FACTORS.astype(bool)) == value
    assert measure(tf.constant(codes), tf.constant(FACTORS, tf.float32)) == value


@every_measure
def test_the_order_of_codes_makes_no_difference_nor_do_the_numbers_that_stand_for_values(measure):
    value = measure(CODES, FACTORS)
    assert measure(CODES[:, ::-1], FACTORS) == pytest.approx(value, abs=0.01)
    assert measure(CODES, 5 * FACTORS + [2, -1]) == pytest.approx(value, abs=0.01)
