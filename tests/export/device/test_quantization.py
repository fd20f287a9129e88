"""Smaller LiteRT files: an 8-bit score keeps its order, and an 8-bit encoder fits a microcontroller."""

import functools
import logging

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.interpreter import Interpreter
from scipy.stats import spearmanr
from sklearn.datasets import load_sample_images
from sklearn.metrics import roc_auc_score

import tfvae
from tfvae.core.errors import InvalidInput
from tfvae.export.device.quantized_operations import network_operations
from tfvae.export.result import ExportError

QUANTIZATIONS = (None, "float16", "dynamic", "int8")


@pytest.fixture(scope="module")
def vae(digits):
    model = tfvae.zoo.vae((8, 8, 1), latent_dim=4)
    model.compile(optimizer=tfvae.optimizers.Adam(5e-3))
    model.fit(digits, epochs=8, batch_size=128, verbose=0)
    return model


@pytest.fixture(scope="module")
def exports(vae, digits, tmp_path_factory):
    """Encoder and score in one file, with each quantization."""
    folder = tmp_path_factory.mktemp("quantized")
    return {
        way: tfvae.export.litert(
            vae,
            folder / f"{way}.tflite",
            ["encode", "score"],
            way,
            representative_data=digits[:300] if way == "int8" else None,
        )
        for way in QUANTIZATIONS
    }


@pytest.fixture(scope="module")
def strange(digits):
    """Digits upside down, and patches of photographs."""
    gray = np.concatenate([image.mean(axis=2)[:424, :640] for image in load_sample_images().images]) / 255
    patches = gray.reshape(106, 8, 80, 8).swapaxes(1, 2).reshape(-1, 8, 8, 1).astype("float32")
    return np.concatenate([digits[:300, ::-1], patches[::30]])


def _scores(export, x):
    return Interpreter(model_path=str(export.path)).get_signature_runner("score")(x=x)["score"]


@pytest.mark.parametrize("way", QUANTIZATIONS[1:])
def test_a_score_keeps_its_order(exports, digits, strange, way):
    """Rank correlation 0.99 and AUROC within 0.005, over familiar and strange examples."""
    x = np.concatenate([digits[300:900], strange])
    truth = np.arange(len(x)) >= 600
    plain, smaller = _scores(exports[None], x), _scores(exports[way], x)
    assert spearmanr(plain, smaller)[0] > 0.99
    assert spearmanr(plain[truth], smaller[truth])[0] > 0.99
    assert abs(roc_auc_score(truth, plain) - roc_auc_score(truth, smaller)) < 0.005
    assert len(np.unique(smaller)) > 0.99 * len(np.unique(plain))  # no ceiling at which all are alike


@pytest.mark.parametrize("way", QUANTIZATIONS)
def test_weights_are_aligned_as_the_format_asks_for(exports, way):
    """A microcontroller may fault on a number that is not where its width divides the address."""
    file = np.fromfile(exports[way].path, np.uint8)
    model = schema.Model.GetRootAs(file.tobytes(), 0)
    start = file.tobytes()
    sizes = [model.Buffers(index) for index in range(model.BuffersLength())]
    found = [start.find(each.DataAsNumpy().tobytes()) for each in sizes if each.DataLength() > 1000]
    assert found
    assert all(position > 0 and position % 16 == 0 for position in found)


def test_files_are_as_much_smaller_as_their_numbers(exports):
    size = {way: export.size_bytes for way, export in exports.items()}
    assert size["float16"] < 0.6 * size[None]
    assert size["dynamic"] < 0.35 * size[None]
    assert size["int8"] < 0.4 * size[None]


def test_differences_are_measured_against_the_model(exports, vae, digits):
    """The reported difference is over the first 32 representative examples."""
    received = Interpreter(str(exports["int8"].path)).get_signature_runner("encode")(x=digits[:32])
    q = vae.encode(digits[:32])
    gaps = [np.abs(received["location"] - q.mean()).max(), np.abs(received["scale"] - q.stddev()).max()]
    assert exports["int8"].largest_difference["encode"] == pytest.approx(max(gaps), abs=1e-5)
    assert 1e-4 < max(gaps) < 0.2


def test_networks_are_integers_and_densities_are_not(exports):
    """Every layer with weights reads and gives int8; logarithms, exponentials and sums are float32."""
    model = schema.ModelT.InitFromPackedBuf(exports["int8"].path.read_bytes(), 0)
    names = {code: name for name, code in vars(schema.BuiltinOperator).items()}
    seen = set()
    for graph in model.subgraphs:
        for operator in graph.operators:
            code = model.operatorCodes[operator.opcodeIndex]
            name = names[max(code.builtinCode, code.deprecatedBuiltinCode)]
            types = {graph.tensors[index].type for index in operator.outputs}
            if name in ("CONV_2D", "TRANSPOSE_CONV", "FULLY_CONNECTED"):
                assert types == {schema.TensorType.INT8}, name
            elif name in ("EXP", "LOG", "SQUARE", "SUM", "SUB", "UNPACK"):
                assert types == {schema.TensorType.FLOAT32}, name
            seen.add(name)
    assert {"CONV_2D", "TRANSPOSE_CONV", "FULLY_CONNECTED", "EXP", "LOG", "SUM"} <= seen


def test_nothing_of_the_arithmetic_counts_as_a_network(exports):
    names = network_operations(exports[None].path.read_bytes())
    assert set(names) == {"CONV_2D", "CONV_2D_TRANSPOSE", "FULLY_CONNECTED", "RESHAPE", "ADD"}


def test_an_int8_encoder_runs_on_a_microcontroller(vae, digits, tmp_path):
    export = tfvae.export.litert(
        vae, tmp_path / "e.tflite", quantize="int8", representative_data=digits[:100], batch_size=1
    )
    micro = export.microcontroller
    assert micro.reason == ""
    widest = 4 * 4 * 32  # bytes of the first layer's output, which the arena must hold
    assert widest < micro.arena_bytes < 20_000
    assert micro.largest_difference < 0.05
    assert Interpreter(str(export.path)).get_signature_runner("encode").get_input_details()["x"]["dtype"] == (
        np.float32
    )


def test_generation_in_8_bits_needs_no_data_for_its_noise(vae, digits, tmp_path):
    export = tfvae.export.litert(
        vae, tmp_path / "g.tflite", ["decode", "reconstruct"], "int8", representative_data=digits[:100]
    )
    decode = Interpreter(str(export.path)).get_signature_runner("decode")
    z = np.random.default_rng(0).normal(size=(20, 4)).astype("float32")
    assert np.abs(decode(z=z)["mean"] - vae.decode(z).mean()).mean() < 0.02


@pytest.mark.slow
def test_endpoints_in_one_file_are_those_of_a_file_each(vae, digits, tmp_path, caplog):
    """Their layers share numbers, whose biases have another scale for z drawn than for its location."""
    before = list(logging.getLogger().handlers)
    names = ["reconstruct", "score", "encode"]
    write = functools.partial(tfvae.export.litert, vae, quantize="int8", representative_data=digits[:300])
    together = Interpreter(str(write(tmp_path / "all.tflite", names).path))
    for name in names:
        alone = Interpreter(str(write(tmp_path / f"{name}.tflite", name).path))
        expected = alone.get_signature_runner(name)(x=digits[300:400])
        for output, values in together.get_signature_runner(name)(x=digits[300:400]).items():
            np.testing.assert_array_equal(values, expected[output])
    assert not caplog.records
    assert logging.getLogger().handlers == before


@pytest.mark.slow
def test_fewer_examples_than_a_batch_show_their_ranges(vae, digits, tmp_path):
    write = functools.partial(tfvae.export.litert, vae, quantize="int8", representative_data=digits[:20])
    few, every = write(tmp_path / "few.tflite", batch_size=32), write(tmp_path / "any.tflite")
    assert few.largest_difference == pytest.approx(every.largest_difference, abs=1e-6)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (None, 'representative_data: expected examples, as quantize is "int8", received None'),
        (np.zeros((5, 7)), r"representative_data: expected shape \(batch, 8, 8, 1\), received \(5, 7\)"),
        (
            np.full((5, 8, 8, 1), np.nan),
            r"representative_data: expected .* received 320 NaN or infinite values",
        ),
        (
            np.full((5, 8, 8, 1), 2.0),
            r"representative_data: expected finite numbers in \[0, 1\].*from 2 to 2",
        ),
        (np.zeros((0, 8, 8, 1)), "representative_data: expected at least one example"),
        ({"image": np.zeros((5, 8, 8, 1))}, r"representative_data: expected a dict with \['x'\]"),
        ("digits", "representative_data: expected an array of numbers"),
    ],
)
def test_representative_data_is_checked(vae, tmp_path, data, message):
    with pytest.raises(InvalidInput, match=message):
        tfvae.export.litert(vae, tmp_path / "e.tflite", quantize="int8", representative_data=data)
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_a_quantized_file_of_nans_is_rejected(digits, tmp_path, monkeypatch):
    """Also if it is not seen in the weights, which are checked first."""
    monkeypatch.setattr("tfvae.export.device.litert.require_finite_weights", lambda subject: None)
    model = tfvae.zoo.vae((8, 8, 1), latent_dim=3)
    bias = model.posterior.head.dense.bias
    bias.assign(np.full(bias.shape, np.nan, "float32"))
    with pytest.raises(ExportError):
        tfvae.export.litert(model, tmp_path / "e.tflite", quantize="int8", representative_data=digits[:50])
    with pytest.raises(ExportError, match="expected the model's numbers"):
        tfvae.export.litert(model, tmp_path / "e.tflite", quantize="dynamic")
    assert not list(tmp_path.iterdir())
