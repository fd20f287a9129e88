"""Outputs as the text of an answer."""

import json

import numpy as np

from tfvae.pipelines.serve import responses


def test_floats_are_written_with_as_few_digits_as_identify_them():
    for dtype, digits in (("float32", 9), ("float64", 17)):
        values = np.random.default_rng(0).standard_cauchy(2000).astype(dtype)
        for value, text in zip(values, responses.float_texts(values), strict=True):
            short = f"{float(value):g}"
            expected = short if np.dtype(dtype).type(short) == value else f"{float(value):.{digits}g}"
            assert text == (expected if any(mark in expected for mark in ".e") else expected + ".0")


def test_empty_axes_are_written():
    for shape in [(0,), (2, 0), (2, 0, 3), (0, 2)]:
        text = responses.body({"x": np.zeros(shape, "float32")}, by_rows=False)
        assert json.loads(text)["outputs"] == np.zeros(shape).tolist()
