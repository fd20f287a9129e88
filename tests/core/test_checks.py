"""What arguments may be, and what is refused with the argument's name."""

import keras
import numpy as np
import pytest

from tfvae.core.checks import integer, integers, keras_layer, positive, real_number
from tfvae.core.errors import InvalidInput

NAN, INF = float("nan"), float("inf")


@pytest.mark.parametrize("value", [3, np.int64(3), np.uint8(3)])
def test_whole_numbers_are_taken_as_ints(value):
    assert type(integer("steps", value)) is int
    assert integer("steps", value, 3, 3) == 3
    assert integers("hidden", value) == integers("hidden", np.array([value])) == (3,)


@pytest.mark.parametrize("value", [0, -1, 2.0, 2.5, NAN, INF, True, np.bool_(True), "3", None, 11])
def test_what_is_no_whole_number_of_the_range_is_refused(value):
    with pytest.raises(InvalidInput, match="steps: expected an integer from 1 to 10, received"):
        integer("steps", value, 1, 10)


@pytest.mark.parametrize("values", [(), (8, 0), (8, 2.5), (True,), "84", 0, None])
def test_what_are_no_sizes_is_refused(values):
    with pytest.raises(InvalidInput, match="hidden: expected one or more integers of at least 1"):
        integers("hidden", values)


@pytest.mark.parametrize("value", [1, 0.5, np.float32(0.5), np.int32(1)])
def test_numbers_are_taken_as_floats(value):
    for taken in (real_number("rate", value, 0.5, 1.0), positive("rate", value)):
        assert type(taken) is float
        assert taken == value


@pytest.mark.parametrize("value", [NAN, INF, -INF, True, "1", None])
def test_what_is_no_finite_number_is_refused(value):
    for check in (real_number, positive):
        with pytest.raises(InvalidInput, match="rate: expected"):
            check("rate", value)


@pytest.mark.parametrize(
    ("at_least", "at_most", "kind"),
    [
        (0, INF, "a number of at least 0"),
        (-INF, -4, "a number of at most -4"),
        (0, 1, "a number from 0 to 1"),
    ],
)
def test_numbers_out_of_range_are_refused(at_least, at_most, kind):
    with pytest.raises(InvalidInput, match=f"rate: expected {kind}, received -3"):
        real_number("rate", -3, at_least, at_most)
    assert real_number("rate", max(at_least, -9), at_least, at_most) == max(at_least, -9)


@pytest.mark.parametrize("value", [0, 0.0, -1e-30])
def test_what_is_not_positive_is_refused(value):
    with pytest.raises(InvalidInput, match="scale: expected a positive number, received"):
        positive("scale", value)


def test_layers_and_models_are_networks_and_nothing_else_is():
    for network in (keras.layers.Dense(2), keras.Sequential([keras.layers.Flatten()])):
        assert keras_layer("critic", network) is network
    with pytest.raises(InvalidInput, match="critic: expected a Keras layer or model, received 'mlp'"):
        keras_layer("critic", "mlp")
