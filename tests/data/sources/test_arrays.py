"""Arrays in memory as a source."""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

import tfvae
from tfvae.core.errors import InvalidInput
from tfvae.data.windows import windows


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


def _absent(dtype):
    """A table with missing values, as a masked array."""
    values = np.arange(12, dtype=dtype).reshape(4, 3)
    return np.ma.masked_array(values, (values % 5 == 0), fill_value=9)


@pytest.mark.parametrize("dtype", ["float32", "float64", "int16", "uint8"])
def test_masked_values_are_missing(everything_of, dtype):
    masked = _absent(dtype)
    expected = np.where(masked.mask, np.nan, masked.data.astype("float32"))
    np.testing.assert_array_equal(everything_of(tfvae.data.Arrays(masked))[0], expected)
    np.testing.assert_array_equal(everything_of(tfvae.data.Arrays(list(masked)))[0], expected)
    frame = pd.DataFrame({f"c{c}": pd.array(masked.data[:, c], "Int64") for c in range(3)}).mask(masked.mask)
    np.testing.assert_array_equal(everything_of(tfvae.data.Arrays(frame))[0], expected)
    layer = tfvae.data.Standardize.fit(tfvae.data.Arrays(masked))
    np.testing.assert_allclose(layer.offset, np.nanmean(expected, axis=0), rtol=1e-6)
    for given in (masked.astype("float32"), frame):
        np.testing.assert_allclose(layer.transform(given), layer.transform(expected), rtol=1e-6)
    np.testing.assert_array_equal(windows(masked, 2), windows(expected, 2))


def test_an_array_without_masked_values_keeps_its_type(everything_of):
    images = np.full((2, 3, 3), 255, np.uint8)
    source = tfvae.data.Arrays(np.ma.masked_array(images, False))
    np.testing.assert_array_equal(everything_of(source)[0], np.ones((2, 3, 3, 1)))
    with pytest.raises(InvalidInput, match="x: expected 8-bit images without a mask, .*, received 1 masked"):
        tfvae.data.Arrays(np.ma.masked_array(images, np.arange(18).reshape(2, 3, 3) == 4))


def test_sparse_arrays_and_masked_indices_are_rejected():
    for x in (sparse.csr_matrix(np.eye(3)), sparse.coo_array(np.eye(3))):
        with pytest.raises(InvalidInput, match=r"x: expected a dense array \(.toarray\(\) makes one\)"):
            tfvae.data.Arrays(x)
    with pytest.raises(InvalidInput, match="label: expected a dense array"):
        tfvae.data.Arrays(np.eye(3), label=sparse.coo_array(np.arange(3)))
    absent = np.ma.masked_array([0, 1, 2], [False, True, False])
    for label in (absent, pd.Series(absent.data, dtype="Int64").mask(absent.mask)):
        with pytest.raises(InvalidInput, match="label: expected integers .*, such as nan"):
            tfvae.data.hide_labels(label, 1)
        source = tfvae.data.Arrays(np.eye(3), label=label)
        assert np.isnan(next(source.chunks())["label"]).tolist() == [False, True, False]
        with pytest.raises(InvalidInput, match="label: expected integers"):
            tfvae.data.rows_to_label(source)
    for rows in (absent, [0.5], [True, False]):
        with pytest.raises(InvalidInput, match="rows: expected indices of rows, integers"):
            tfvae.data.PartiallyLabeled(tfvae.data.Arrays(np.eye(3), label=[0, 1, 2]), rows)
