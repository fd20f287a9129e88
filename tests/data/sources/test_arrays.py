"""Arrays in memory as a source."""

import numpy as np
import pytest

import tfvae
from tfvae.core.errors import InvalidInput


def test_shapes_tell_images_from_tables(everything_of):
    bytes_ = np.array([0, 51, 255], np.uint8)
    for array, shape, first in (
        (bytes_, (1,), [0, 51, 255]),  # one column of numbers
        (bytes_.reshape(3, 1, 1), (1, 1, 1), [0, 0.2, 1]),  # images
        (bytes_.reshape(3, 1, 1, 1), (1, 1, 1), [0, 0.2, 1]),
        (bytes_.reshape(3, 1, 1).astype(float), (1, 1, 1), [0, 51, 255]),  # floats are not scaled
    ):
        source = tfvae.data.Arrays(array)
        assert (source.shape, source.is_image) == (shape, len(shape) == 3)
        np.testing.assert_array_equal(everything_of(source)[0].reshape(-1), np.float32(first))
    assert np.isposinf(everything_of(tfvae.data.Arrays(np.array([[1e300]])))[0]).all()


def test_chunks_belong_to_the_caller():
    x = np.zeros((4, 2), np.float32)
    source = tfvae.data.Arrays(x)
    next(source.chunks())["x"][:] = 5
    assert not x.any()
    with pytest.raises(InvalidInput, match="rows"):
        source.chunks(rows=0)


def test_other_arrays_are_rejected():
    for bad in (np.zeros((2, 2, 2, 2, 2)), np.zeros((0, 2)), np.array(["a"]), np.zeros((2, 2), complex)):
        with pytest.raises(InvalidInput):
            tfvae.data.Arrays(bad)
    with pytest.raises(InvalidInput, match="one label"):
        tfvae.data.Arrays(np.zeros((3, 2)), label=[1, 2])
