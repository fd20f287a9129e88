"""Which values are refused: fractions, infinities, NaN; and by column, with the column's number."""

import numpy as np
import pytest
import tensorflow as tf

from tfvae.core import inputs
from tfvae.core.dataset_checks import checked_dataset, readable_error
from tfvae.core.errors import InvalidInput
from tfvae.core.support import ColumnSupports, Support

ANY = Support()
GAPS = Support(missing=True)
CODES = Support(0.0, 4.0, integer=True)
COUNTS = Support(0.0, integer=True, missing=True)
TABLE = ColumnSupports((GAPS, CODES))
NAN, INF = float("nan"), float("inf")

ACCEPTED = [
    (ANY, [[1.5, -2.0], [0.0, 3e38]]),
    (GAPS, [[1.5, NAN], [NAN, -3.0]]),
    (GAPS, [[NAN, NAN], [NAN, NAN]]),
    (CODES, [[0.0, 4.0], [1.0, 2.0]]),
    (COUNTS, [[0.0, NAN], [1e6, 2.0]]),
    (Support(2.0, 3.0, missing=True), [[2.0, NAN], [NAN, 3.0]]),
    (TABLE, [[0.5, 4.0], [NAN, 0.0]]),
    (TABLE, [[NAN, 4.0], [NAN, 0.0]]),
]
REFUSED = [
    (ANY, [[1.0, NAN], [0.0, 0.0]], "finite numbers", "1 NaN or infinite"),
    (GAPS, [[1.0, NAN], [INF, 0.0]], "finite numbers, or NaN for missing", "1 infinite"),
    (GAPS, [[-INF, NAN], [NAN, NAN]], "finite numbers, or NaN for missing", "1 infinite"),
    (CODES, [[0.0, 1.0], [0.5, 2.0]], r"integers in \[0, 4\]", "values from 0.* to 2.* with a fraction"),
    (CODES, [[0.0, 1.0], [5.0, 2.0]], r"integers in \[0, 4\]", "values from 0.* to 5"),
    (CODES, [[0.0, 1.0], [NAN, 2.0]], r"integers in \[0, 4\]", "1 NaN or infinite"),
    (COUNTS, [[0.0, NAN], [-1.0, 2.0]], "integers of at least 0, or NaN", "values from -1.* to 2"),
    (COUNTS, [[0.0, NAN], [1.5, 2.0]], "integers of at least 0, or NaN", "values from .* with a fraction"),
    (TABLE, [[0.5, 4.0], [0.5, 0.5]], r"integers in \[0, 4\] in column 1", "values from .* with a fraction"),
    (TABLE, [[0.5, NAN], [0.5, 1.0]], r"integers in \[0, 4\] in column 1", "1 NaN or infinite"),
    (TABLE, [[INF, 1.0], [0.5, 1.0]], "finite numbers, or NaN for missing in column 0", "1 infinite"),
]


def _read(rows, support):
    data = tf.data.Dataset.from_tensor_slices(np.array(rows, "float32")).batch(2)
    return list(checked_dataset("x", data, {"x": inputs.Input((2,), support)}))


@pytest.mark.parametrize(("support", "rows"), ACCEPTED)
def test_values_are_accepted_and_unchanged(support, rows):
    inputs.check_array("x", np.array(rows, "float32"), (2,), support)
    np.testing.assert_array_equal(_read(rows, support)[0], np.array(rows, "float32"))


@pytest.mark.parametrize(("support", "rows", "expected", "received"), REFUSED)
def test_arrays_are_refused_in_one_line(support, rows, expected, received):
    with pytest.raises(InvalidInput, match=f"^x: expected {expected}.*, received {received}") as error:
        inputs.check_array("x", np.array(rows, "float32"), (2,), support)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(("support", "rows", "expected", "received"), REFUSED)
def test_data_sets_are_refused_in_one_line(support, rows, expected, received):
    with pytest.raises(tf.errors.InvalidArgumentError) as error:
        _read(rows, support)
    message = str(readable_error(error.value))
    assert message.startswith("x: expected ")
    assert "\n" not in message
    with pytest.raises(InvalidInput, match=f"^x: expected {expected}.*, received .*{received}"):
        raise readable_error(error.value)


def test_the_example_is_counted_from_the_arrays_start():
    x = np.zeros((20000, 2), "float32")
    x[12345, 1] = 0.5
    with pytest.raises(InvalidInput, match="values from 0 to 0.5, with a fraction first in example 12345"):
        inputs.check_array("x", x, (2,), CODES)
    x[12345, 1] = INF
    with pytest.raises(InvalidInput, match="1 infinite values, the first in example 12345"):
        inputs.check_array("x", x, (2,), COUNTS)


@pytest.mark.parametrize("dtype", ["uint8", "int64", "bool", "float16", "float64"])
def test_every_kind_of_number_is_checked(dtype):
    x = np.array([[0, 1], [1, 0]], dtype)
    for support in (ANY, GAPS, CODES, COUNTS, TABLE):
        inputs.check_array("x", x, (2,), support)
        inputs.check_array("x", tf.constant(x), (2,), support)


def test_float64_beyond_float32_is_refused():
    for support in (ANY, GAPS):
        with pytest.raises(InvalidInput, match="values from 1 to 1e\\+39"):
            inputs.check_array("x", np.array([[1.0, 1e39]]), (2,), support)


def test_bounded_supports_are_those_that_scaling_could_leave():
    assert not ANY.bounded
    assert not GAPS.bounded
    assert CODES.bounded
    assert Support(integer=True).bounded
    assert Support(high=0.0).bounded
    assert TABLE.bounded
    assert not ColumnSupports((ANY, GAPS)).bounded
    assert ColumnSupports((ANY, GAPS)).missing
    assert not ColumnSupports((ANY, CODES)).missing
