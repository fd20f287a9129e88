"""JSON values to arrays: exact, by type, with a message about the first wrong value."""

import json

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from tfvae.pipelines.serve import json_text, responses
from tfvae.pipelines.serve.failure import Failure
from tfvae.pipelines.serve.json_arrays import array

SHAPES = arrays.array_shapes(min_dims=0, max_dims=4, min_side=1, max_side=4)
TYPES = [
    tf.float32,
    tf.float64,
    tf.int8,
    tf.int16,
    tf.int32,
    tf.int64,
    tf.uint8,
    tf.uint16,
    tf.uint32,
    tf.uint64,
]


@settings(max_examples=300, deadline=None)
@given(data=st.data(), dtype=st.sampled_from([*TYPES, tf.bool]), shape=SHAPES)
def test_numbers_come_back_bit_for_bit(data, dtype, shape):
    """Written as an answer and read as a request: NaN, infinities, -0.0 and subnormals too."""
    value = data.draw(arrays.arrays(dtype.as_numpy_dtype, shape))
    text = responses.body({"x": value}, by_rows=False)
    back = array(json_text.document(text)["outputs"], dtype)
    assert back.dtype == value.dtype
    assert back.shape == value.shape
    same = np.nan_to_num(back, nan=1.5) if back.dtype.kind == "f" else back
    expected = np.nan_to_num(value, nan=1.5) if value.dtype.kind == "f" else value
    assert same.tobytes() == expected.tobytes()


@pytest.mark.parametrize("dtype", [tf.float32, tf.float64])
def test_the_extreme_numbers_of_a_type_come_back(dtype):
    limits = np.finfo(dtype.as_numpy_dtype)
    value = np.array([limits.max, limits.min, limits.tiny, limits.smallest_subnormal], dtype.as_numpy_dtype)
    text = responses.body({"x": value}, by_rows=False)
    np.testing.assert_array_equal(array(json_text.document(text)["outputs"], dtype), value)


@settings(max_examples=100, deadline=None)
@given(values=st.lists(st.lists(st.binary(max_size=6), min_size=2, max_size=2), min_size=1, max_size=3))
def test_bytes_come_back_by_base64(values):
    value = np.array(values, object)
    text = responses.body({"x_bytes": value}, by_rows=False)
    assert array(json_text.document(text)["outputs"], tf.string).tolist() == values


@settings(max_examples=100, deadline=None)
@given(values=st.lists(st.text(max_size=6), min_size=1, max_size=4))
def test_text_comes_back(values):
    try:
        value = np.array([text.encode() for text in values], object)
    except UnicodeEncodeError:  # half of a surrogate pair is no text
        with pytest.raises(Failure, match="surrogate"):
            array(values, tf.string)
        return
    text = responses.body({"x": value}, by_rows=False)
    assert json.loads(text)["outputs"] == values
    assert array(json_text.document(text)["outputs"], tf.string).tolist() == value.tolist()


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3) | st.just({"b64": "AA=="}),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner, max_size=2),
    max_leaves=12,
)


@settings(max_examples=500, deadline=None)
@given(value=json_values, dtype=st.sampled_from([*TYPES, tf.bool, tf.string, tf.float16]))
def test_any_value_is_an_array_or_one_failure(value, dtype):
    try:
        result = array(value, dtype)
    except Failure as failure:
        status, result = failure.http_status, None
    if result is None:
        assert status == (501 if dtype == tf.float16 and status == 501 else 400)
    else:
        assert dtype != tf.float16
        assert result.dtype == (object if dtype == tf.string else dtype.as_numpy_dtype)


@pytest.mark.parametrize(
    ("value", "dtype", "message"),
    [
        (5.0, tf.int32, "JSON Value: 5.0 Type: Number is not of expected type: int32"),
        (True, tf.float32, "JSON Value: true Type: True is not of expected type: float"),
        ([1.0, False], tf.float64, "JSON Value: false Type: False is not of expected type: double"),
        ([1, None], tf.int64, "JSON Value: null Type: Null is not of expected type: int64"),
        (1, tf.bool, "JSON Value: 1 Type: Number is not of expected type: bool"),
        (1, tf.string, "JSON Value: 1 Type: Number is not of expected type: string"),
        ("1", tf.float32, 'JSON Value: "1" Type: String is not of expected type: float'),
        (300, tf.uint8, "JSON Value: 300 Type: Number is not of expected type: uint8"),
        (-1, tf.uint64, "JSON Value: -1 Type: Number is not of expected type: uint64"),
        (2**63, tf.int64, "JSON Value: 9223372036854775808 Type: Number is not of expected type: int64"),
        (2**24, tf.float32, "Cannot convert JSON value: 16777216 to float without loss of precision."),
        (
            2**53,
            tf.float64,
            "Cannot convert JSON value: 9007199254740992 to double without loss of precision.",
        ),
        (
            3.4028236e38,
            tf.float32,
            "Cannot convert JSON value: 3.4028236e+38 to float without loss of precision.",
        ),
        (1e39, tf.float32, "Cannot convert JSON value: 1e+39 to float without loss of precision."),
        ([[1, 2], [3]], tf.int32, "Encountered list at unexpected size: 1 at level: 1 expected size: 2"),
        ([1, [2]], tf.int32, "Encountered list at unexpected level: 1 expected < 1"),
        (
            [[1], 2],
            tf.int32,
            "JSON Value: 2 found at incorrect level: 2 in the JSON DOM. Expected at level: 2",
        ),
        ({"b64": "!"}, tf.string, "Unable to base64 decode"),
        ({"b64": 1}, tf.string, "not formatted correctly for base64 data"),
        (10**400, tf.float64, "Number too big to be stored in double"),
    ],
)
def test_messages_are_tensorflow_servings(value, dtype, message):
    with pytest.raises(Failure, match=r"(?s).*") as raised:
        array(value, dtype)
    assert message in raised.value.message
    assert raised.value.http_status == 400


def test_half_precision_is_not_implemented():
    with pytest.raises(Failure) as raised:
        array([1.0], tf.float16)
    assert raised.value.http_status == 501
    assert raised.value.message == "Conversion of JSON Value: 1.0 to type: half"


def test_integers_are_floats_up_to_the_last_exact_one():
    assert array(2**24 - 1, tf.float32) == 2**24 - 1
    assert array(2.0**24, tf.float32) == 2**24  # written as a float
    assert array(2**70, tf.float32) == np.float32(2**70)  # beyond 64 bits it counts as one


def test_long_values_are_shortened_in_messages():
    with pytest.raises(Failure) as raised:
        array("a" * 10**6, tf.float32)
    assert len(raised.value.message) < 1000
