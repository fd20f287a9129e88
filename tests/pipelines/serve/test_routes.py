"""TensorFlow Serving's REST interface: routes, forms, types, messages and status codes."""

import base64
import json

import numpy as np
import pytest
import tensorflow as tf
from google.protobuf import json_format
from tensorflow.core.protobuf import saved_model_pb2
from tensorflow_serving.apis.get_model_metadata_pb2 import SignatureDefMap
from tensorflow_serving.apis.get_model_status_pb2 import GetModelStatusResponse, ModelVersionStatus

from tfvae.pipelines.serve.version import Version

PREDICT = "/v1/models/typed:predict"
VECTOR = [[1.0, 2.0, 3.0], [0.5, -1.0, 8.0]]


def error(answer, status):
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/json"
    assert list(answer.json()) == ["error"]
    return answer.json()["error"]


@pytest.mark.parametrize(("model", "shape"), [("table", (4,)), ("images", (8, 8, 1))])
def test_every_endpoint_gives_pythons_numbers_bit_for_bit(client, exported, model, shape):
    (version,) = (entry for entry in (exported / model).iterdir() if entry.name.isdecimal())
    signatures = tf.saved_model.load(str(version)).signatures
    random = np.random.default_rng(0)
    for name, signature in signatures.items():
        specs = signature.structured_input_signature[1]
        for rows in (1, 5):
            values = {
                key: random.random((rows, *spec.shape[1:])).astype("float32") for key, spec in specs.items()
            }
            expected = signature(**{key: tf.constant(value) for key, value in values.items()})
            columns = {key: value.tolist() for key, value in values.items()}
            by_column = {"signature_name": name, "inputs": columns}
            outputs = client.post(f"/v1/models/{model}:predict", by_column).json()["outputs"]
            by_row = {
                "signature_name": name,
                "instances": [{key: value[row] for key, value in columns.items()} for row in range(rows)],
            }
            predictions = client.post(f"/v1/models/{model}:predict", by_row).json()["predictions"]
            for key, value in expected.items():
                value = value.numpy()
                column = outputs if len(expected) == 1 else outputs[key]
                row = predictions if len(expected) == 1 else [item[key] for item in predictions]
                assert np.array(column, value.dtype).tobytes() == value.tobytes()
                assert np.array(row, value.dtype).tobytes() == value.tobytes()


def test_the_only_input_may_stand_alone(client):
    for content in ({"instances": VECTOR}, {"instances": [{"x": row} for row in VECTOR]}):
        answer = client.post(PREDICT, {"signature_name": "picky", "instances": [[1, 2, 3]]})
        assert answer.json() == {"predictions": [[2.0, 3.0, 4.0]]}
        assert client.post(PREDICT, content).json() == {"predictions": (2 * np.array(VECTOR)).tolist()}
    for content in ({"inputs": VECTOR}, {"inputs": {"x": VECTOR, "other": 1}}):
        outputs = client.post(PREDICT, content).json()
        assert outputs == {"outputs": (2 * np.array(VECTOR)).tolist()}


@pytest.mark.parametrize(
    ("name", "row"),
    [
        ("float32", [1, 0.1]),
        ("float64", [0.1, 1e300]),
        ("int8", [-128, 127]),
        ("uint8", [0, 255]),
        ("int32", [-(2**31), 2**31 - 1]),
        ("int64", [-(2**63), 2**63 - 1]),
        ("uint32", [0, 2**32 - 1]),
        ("uint64", [0, 2**64 - 1]),
        ("bool", [True, False]),
        ("string", ["a", 'é\n"\\']),
    ],
)
def test_types_are_the_signatures(client, name, row):
    answer = client.post(PREDICT, {"signature_name": name, "instances": [row, row]})
    assert answer.status_code == 200, answer.text
    assert answer.json() == {"predictions": [row, row]}
    assert [type(value) for value in answer.json()["predictions"][0]] == [
        float if name.startswith("float") else type(value) for value in row
    ]


def test_bytes_go_in_and_out_as_base64(client):
    raw = {"b64": base64.b64encode(bytes(range(256))).decode()}
    content = {"signature_name": "bytes", "instances": [[raw, "text"]]}
    answer = client.post(PREDICT, content).json()
    assert answer == {"predictions": [[raw, {"b64": base64.b64encode(b"text").decode()}]]}


def test_numbers_that_are_not_finite_go_in_and_out_unquoted(client):
    answer = client.post(PREDICT, b'{"instances": [[NaN, Infinity, -Infinity, -0.0]]} and more')
    assert answer.text == '{"predictions": [[NaN, Infinity, -Infinity, -0.0]]}'
    assert "Number too big" in error(client.post(PREDICT, b'{"instances": [[1e999]]}'), 400)


def test_scalars_go_by_column_only(client):
    content = {"signature_name": "scaled", "inputs": {"n": 3, "x": VECTOR}}
    answer = client.post(PREDICT, content).json()
    assert answer == {"outputs": (3 * np.array(VECTOR)).tolist()}
    content = {"signature_name": "scaled", "instances": [{"n": 3, "x": VECTOR[0]}]}
    assert "not compatible" in error(client.post(PREDICT, content), 400)


@pytest.mark.parametrize(
    ("content", "status", "message"),
    [
        (b"", 400, "JSON Parse error: The document is empty"),
        (b"[1]", 400, "Is not object"),
        ({}, 400, "Missing 'inputs' or 'instances' key"),
        ({"signature_name": 5}, 400, "'signature_name' key must be a string value."),
        ({"signature_name": "zz"}, 400, 'Serving signature name: "zz" not found in signature def'),
        (
            {"signature_name": "__saved_model_init_op"},
            400,
            "Failed to get input map for signature: __saved_model_init_op",
        ),
        ({"instances": 1}, 400, "Excepting 'instances' to be an list/array"),
        ({"instances": []}, 400, "No values in 'instances' array"),
        ({"instances": [1], "inputs": [1]}, 400, "expecting only one of 'inputs' or 'instances' keys"),
        ({"instances": [{"x": 1}, 1]}, 400, "Expecting object but got list at item 1 of input list"),
        ({"instances": [1, {"x": 1}]}, 400, "Expecting value/list but got object at item 1 of input list"),
        (
            {"instances": [{"y": 1}]},
            400,
            "Failed to process element: 0 key: y of 'instances' list. Error: INVALID_ARGUMENT: JSON object:"
            " does not have named input: y",
        ),
        (
            {"instances": [[1, 2], [1, "a"]]},
            400,
            "Failed to process element: 1 of 'instances' list. Error: INVALID_ARGUMENT: JSON Value: \"a\""
            " Type: String is not of expected type: float",
        ),
        ({"instances": [[1, 2], [1]]}, 400, "Expecting tensor size: 2 but got: 1"),
        ({"instances": [[[1, 2]], [[1], [2]]]}, 400, "Expecting shape [1,2] but got: [2,1]"),
        ({"inputs": {"z": 1}}, 400, "Missing named input: x in 'inputs' object."),
        ({"signature_name": "scaled", "inputs": [1]}, 400, "inputs is a plain value/list"),
        ({"signature_name": "scaled", "instances": [1]}, 400, "instances is a plain list"),
        (
            {"signature_name": "scaled", "instances": [{"x": [1, 2, 3]}]},
            400,
            "keys must be equal to: n,x",
        ),
        ({"signature_name": "picky", "inputs": [[1, 2]]}, 400, "Shape of tensor x [1,2] is not compatible"),
        ({"signature_name": "picky", "inputs": 1}, 400, "with expected shape [?,3]."),
        ({"signature_name": "picky", "inputs": [[1, 2, -3]]}, 400, "below zero"),
        ({"signature_name": "total", "instances": VECTOR}, 400, "Tensor name: y has no shape information "),
        (
            {"signature_name": "uneven", "instances": VECTOR},
            400,
            "Tensor name: z has inconsistent batch size: 3 expecting: 2",
        ),
        ({"signature_name": "half", "inputs": [1.5]}, 501, "to type: half"),
        (
            {"signature_name": "to_half", "inputs": VECTOR},
            400,
            "Failed to write JSON value for tensor type: half",
        ),
        ({"signature_name": "int32", "inputs": [[1, 5.0]]}, 400, "JSON Value: 5.0 Type: Number"),
    ],
)
def test_bad_requests_have_tensorflow_servings_words(client, content, status, message):
    assert message in error(client.post(PREDICT, content), status)


def test_the_order_of_checks_is_tensorflow_servings(client):
    """The text, the type of signature_name, the model, the signature, the values."""
    assert "JSON Parse" in error(client.post("/v1/models/none:predict", b"{"), 400)
    assert "signature_name" in error(client.post("/v1/models/none:predict", {"signature_name": 1}), 400)
    content = {"signature_name": "zz", "instances": "a"}
    assert error(client.post("/v1/models/none:predict", content), 404) == (
        "Servable not found for request: Latest(none)"
    )
    assert '"zz"' in error(client.post(PREDICT, content), 400)


@pytest.mark.parametrize(
    ("path", "status", "message"),
    [
        ("/v1/models/typed/versions/7:predict", 404, "Servable not found for request: Specific(typed, 7)"),
        ("/v1/models/typed/labels/stable:predict", 400, "Unrecognized servable version label: stable"),
        ("/v1/models/typed/versions/" + "9" * 30 + ":predict", 400, "Failed to convert version"),
        ("/v1/models/typed:explain", 400, "Malformed request: POST /v1/models/typed:explain"),
        ("/v1/models/typed", 400, "Malformed request: POST /v1/models/typed"),
        ("/v1/models/a/b:predict", 400, "Malformed request"),
        ("/v1/models/typed:classify", 400, "tensorflow/serving/classify. Was: tensorflow/serving/predict"),
        ("/v1/models/typed:regress", 400, "tensorflow/serving/regress"),
    ],
)
def test_paths_of_predictions(client, path, status, message):
    assert message in error(client.post(path, {"instances": VECTOR}), status)


def test_paths_know_no_case_and_are_decoded(client):
    for path in (
        "/V1/Models/typed/VERSIONS/1:predict",
        "/v1/models/t%79ped:predict",
        "/v1/models/typed:predict?a=1",
    ):
        assert client.post(path, {"instances": VECTOR}).status_code == 200
    assert client.post("/v1/models/TYPED:predict", {"instances": VECTOR}).status_code == 404


def test_status(client):
    available = {"state": "AVAILABLE", "status": {"error_code": "OK", "error_message": ""}}
    for path in ("/v1/models/table", "/v1/models/table/versions/3"):
        assert client.get(path).json() == {"model_version_status": [{"version": "3", **available}]}
    assert error(client.get("/v1/models"), 400) == "Missing model name in request."
    assert error(client.get("/v1/models/m"), 404) == "Could not find any versions of model m"
    assert error(client.get("/v1/models/table/versions/7"), 404) == "Could not find version 7 of model table"
    assert "label: L" in error(client.get("/v1/models/table/labels/L"), 400)
    assert error(client.get("/v1/else"), 400) == "Malformed request: GET /v1/else"


def test_metadata_is_doubly_nested_with_numbers_as_strings(client):
    content = client.get("/v1/models/table/metadata").json()
    assert content["model_spec"] == {"name": "table", "signature_name": "", "version": "3"}
    signatures = content["metadata"]["signature_def"]["signature_def"]
    assert set(signatures) == {
        "__saved_model_init_op", "serving_default", "encode", "decode", "reconstruct", "sample", "score",
        "log_likelihood",
    }  # fmt: skip
    encode = signatures["encode"]
    assert encode["method_name"] == "tensorflow/serving/predict"
    assert encode["defaults"] == {}
    assert encode["inputs"]["x"]["dtype"] == "DT_FLOAT"
    sizes = [{"size": "-1", "name": ""}, {"size": "4", "name": ""}]
    assert encode["inputs"]["x"]["tensor_shape"] == {"dim": sizes, "unknown_rank": False}
    assert client.get("/v1/models/table/versions/3/metadata").json() == content
    assert "Latest(m)" in error(client.get("/v1/models/m/metadata"), 404)


def test_other_paths_and_methods(client):
    for path in ("/", "/else", "/v2/models/typed"):
        message = error(client.get(path), 404)
        for known in (
            "/v1/models/typed",
            "/v1/models/typed:predict (POST)",
            "/monitoring/prometheus/metrics",
        ):
            assert known in message
            assert len(message) < 400
    for method in ("PUT", "DELETE", "HEAD"):
        assert client.portal.call(client.ask, method, "/v1/models/table").status_code == 400
    assert "Origin" in error(client.portal.call(client.ask, "OPTIONS", "/v1/models/table:predict"), 400)


def test_a_pre_flight_with_an_origin_is_answered(client):
    headers = {"origin": "https://page.example"}
    answer = client.portal.call(lambda: client._http.options(PREDICT, headers=headers))
    assert (answer.status_code, answer.content) == (200, b"")


def test_status_and_metadata_are_tensorflow_servings_messages(client, exported):
    """Read by its own protocol buffers, and compared with the file."""
    status = json_format.Parse(client.get("/v1/models/table").text, GetModelStatusResponse())
    (version,) = status.model_version_status
    assert version.version == 3
    assert version.state == ModelVersionStatus.AVAILABLE
    content = client.get("/v1/models/table/metadata").json()["metadata"]["signature_def"]
    received = json_format.ParseDict(content, SignatureDefMap())
    file = (exported / "table" / "3" / "saved_model.pb").read_bytes()
    expected = saved_model_pb2.SavedModel.FromString(file).meta_graphs[0].signature_def
    assert dict(received.signature_def) == dict(expected)


def test_answers_are_json_as_a_client_reads_it(client):
    text = client.post(PREDICT, {"signature_name": "uneven", "inputs": VECTOR}).text
    assert json.loads(text) == {"outputs": {"y": VECTOR, "z": [0.0, 0.0, 0.0]}}


def test_an_unexpected_error_is_a_500_without_its_message(serving, exported, monkeypatch, caplog):
    def broken(*arguments):
        raise RuntimeError("a secret")

    monkeypatch.setattr(Version, "call", broken)
    with serving(exported) as client:
        answer = client.post(PREDICT, {"instances": [1.0]})
    assert answer.status_code == 500
    assert answer.json() == {"error": "The server failed; see its log"}
    assert "a secret" in caplog.text
