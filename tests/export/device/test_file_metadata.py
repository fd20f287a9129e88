"""Facts in a LiteRT file: read by any program, and complete."""

import json

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

import tfvae
from tfvae.core.errors import InvalidInput, UnreadableFile


def test_facts_are_read_with_the_schema_alone(export):
    model = schema.ModelT.InitFromPackedBuf(export.path.read_bytes(), 0)
    (entry,) = [each for each in model.metadata if each.name == b"tfvae"]
    facts = json.loads(bytes(model.buffers[entry.buffer].data))
    assert facts == tfvae.export.read_metadata(export.path)
    assert (facts["label"], facts["threshold"]) == ("a pump's sensors", 12.5)
    assert (facts["format"], facts["tfvae"]) == (1, tfvae.__version__)
    assert facts["preprocessing"]["class"] == "Standardize"
    np.testing.assert_allclose(facts["preprocessing"]["scale"], [0.1, 5.0, 200.0])
    assert facts["endpoints"]["score"]["units"]["score"] == "nats"
    assert facts["endpoints"]["encode"]["inputs"]["x"]["shape"] == [3]


def test_facts_include_the_range_of_an_input(tmp_path):
    image = tfvae.zoo.vae((8, 8, 1), latent_dim=2)
    tfvae.export.litert(image, tmp_path / "e.tflite", quantize="float16")
    facts = tfvae.export.read_metadata(tmp_path / "e.tflite")
    (values,) = facts["endpoints"]["encode"]["inputs"]["x"]["values"]
    assert values == {"low": 0.0, "high": 1.0, "integer": False, "missing": False}
    assert facts["quantization"] == "float16"
    assert "numbers from 0 to 1" in (tmp_path / "e.code" / "e.js").read_text()


def test_other_files_are_rejected(tmp_path):
    for name, content in (("a.tflite", b"no model at all"), ("b.tflite", b"\x1c\0\0\0TFL3" + b"\xff" * 64)):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(UnreadableFile, match=r"expected a \.tflite file that tfvae wrote"):
            tfvae.export.read_metadata(tmp_path / name)
    with pytest.raises(UnreadableFile, match="No such file"):
        tfvae.export.read_metadata(tmp_path / "absent.tflite")


@pytest.mark.parametrize(
    ("name", "value"), [("label", 3), ("threshold", "high"), ("threshold", float("nan"))]
)
def test_wrong_facts_are_rejected(tmp_path, name, value):
    vae = tfvae.zoo.vae((4,), latent_dim=2)
    with pytest.raises(InvalidInput, match=f"{name}: expected"):
        tfvae.export.litert(vae, tmp_path / "e.tflite", **{name: value})
    assert not list(tmp_path.iterdir())
