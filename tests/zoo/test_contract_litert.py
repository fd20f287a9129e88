"""Every recipe in LiteRT, with its built-in operations alone: for one example and for any batch size."""

import functools

import numpy as np
import pytest

import tfvae
from tfvae.export.result import ExportError

pytestmark = pytest.mark.slow

ENDPOINTS = ("encode", "reconstruct", "score")
# Endpoints for which LiteRT has no operations.
LACKING = {
    "hamiltonian_vae": {"score"},  # its draws follow a gradient, whose operations LiteRT lacks
    "hyperspherical_vae": {"score"},  # its density is integrated in float64
}
# Endpoints that need a fixed batch size.
ONE_BY_ONE = {
    "hi_vae": {"score"},
    "mult_vae": {"score"},
    "not_miwae": {"score"},
    "sequence_vae": set(ENDPOINTS),
    "text_vae": set(ENDPOINTS),
    "vrnn": set(ENDPOINTS),
}
# Recipes that cannot be quantized with a batch size of 1; with any batch size they can.
NOT_IN_8_BITS = {"vdvae"}  # the quantizer counts one axis too many in a constant


def _without(name, *tables):
    return [endpoint for endpoint in ENDPOINTS if not any(endpoint in t.get(name, ()) for t in tables)]


def test_it_runs_one_by_one(subject, tmp_path):
    """All supported endpoints in one file; `litert` runs it in a fresh process and compares the numbers."""
    names = _without(subject.name, LACKING)
    export = tfvae.export.litert(subject.make(), tmp_path / "model.tflite", names, batch_size=1)
    assert set(export.largest_difference) == set(names)
    assert not {"CUSTOM", "DELEGATE"} & set(export.operations)


def test_it_runs_for_any_batch_size(subject, tmp_path):
    names = _without(subject.name, LACKING, ONE_BY_ONE)
    if names:
        export = tfvae.export.litert(subject.make(), tmp_path / "model.tflite", names)
        assert set(export.largest_difference) == set(names)
    for endpoint in ONE_BY_ONE.get(subject.name, ()):
        with pytest.raises(ExportError, match="batch_size=1 may help"):
            tfvae.export.litert(subject.make(), tmp_path / "other.tflite", endpoint)
    assert not (tmp_path / "other.tflite").exists()


def test_it_runs_in_8_bits(subject, tmp_path):
    """The numbers are finite, and their largest difference from the model's is reported."""
    write = functools.partial(
        tfvae.export.litert, subject.make(), quantize="int8", representative_data=subject.rows(slice(64))
    )
    one_by_one, any_batch = _without(subject.name, LACKING), _without(subject.name, LACKING, ONE_BY_ONE)
    if subject.name in NOT_IN_8_BITS:
        with pytest.raises(ExportError, match="it cannot be quantized"):
            write(tmp_path / "model.tflite", one_by_one, batch_size=1)
        one_by_one = []
    for names, size in ((one_by_one, 1), (any_batch, None)):
        if names:
            export = write(tmp_path / "model.tflite", names, batch_size=size)
            assert set(export.largest_difference) == set(names)
            assert np.isfinite(list(export.largest_difference.values())).all()
    for endpoint in ONE_BY_ONE.get(subject.name, ()):
        with pytest.raises(ExportError, match="batch_size=1 may help"):
            write(tmp_path / "other.tflite", endpoint)


def test_endpoints_without_operations_are_rejected(subject, tmp_path):
    for endpoint in LACKING.get(subject.name, ()):
        with pytest.raises(ExportError, match=f"{endpoint}: LiteRT cannot do this: it has no "):
            tfvae.export.litert(subject.make(), tmp_path / "model.tflite", endpoint, batch_size=1)
    assert not list(tmp_path.iterdir()) or subject.name not in LACKING
