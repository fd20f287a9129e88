"""CSV files of numbers."""

import numpy as np

import tfvae


def test_empty_cells_missing_headers_and_late_decimals(tmp_path, everything_of):
    path = tmp_path / "t.csv"
    path.write_text("a,b,label\n1,,0\nnan,inf,\n-inf,4,2\n")
    x, label = everything_of(tfvae.data.source(path))
    np.testing.assert_array_equal(x, np.float32([[1, np.nan], [np.nan, np.inf], [-np.inf, 4]]))
    np.testing.assert_array_equal(label, [0, -1, 2])
    path.write_text("a,y\n1,true\n2,false\n")
    np.testing.assert_array_equal(everything_of(tfvae.data.source(path))[1], [1, 0])
    path.write_text("1,2\n3,4\n")  # no header: the first line is data
    np.testing.assert_array_equal(everything_of(tfvae.data.source(path))[0], [[1, 2], [3, 4]])
    path.write_text("a\n" + "1\n" * 1_000_000 + "0.5\n")  # integers in the first block only
    assert everything_of(tfvae.data.source(path))[0][-1] == np.float32(0.5)


def test_cells_that_are_no_numbers(tmp_path, error_message):
    path = tmp_path / "t.csv"
    path.write_text("a,b\n1,x\n2,y\n")
    assert "column 'b'" in error_message(path)
    path.write_text(
        "a,b\n" + "1,2\n" * 300_000 + "1,high\n" + "1,2\n" * 10
    )  # text far behind the first block
    message = error_message(path)
    assert "column 'b'" in message
    assert "Row #300002" in message
    assert "high" in message
    path.write_text("a,b\n1,2\n3\n")
    assert "Row #3" in error_message(path)
    path.write_text("a,b\n")
    assert "at least one row" in error_message(path)
    path.write_text("label\n1\n")
    assert "besides the label" in error_message(path)
    path.write_text("a,label\n1,cat\n")
    assert "column 'label'" in error_message(path)
