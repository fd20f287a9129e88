"""The files beside a version, checked with TensorFlow Serving's own messages and stubs.

TensorFlow Serving is not available as a Python package: a servicer of its interface around the loaded model
and a small HTTP server stand for it.
"""

import concurrent.futures
import contextlib
import http.server
import json
import re
import runpy
import subprocess
import threading

import grpc
import numpy as np
import pytest
import tensorflow as tf
from google.protobuf import text_format
from tensorflow_serving.apis import predict_pb2, prediction_log_pb2, prediction_service_pb2_grpc
from tensorflow_serving.config import model_server_config_pb2

from tfvae.core.errors import InvalidInput, UnreadableFile
from tfvae.export.endpoints.base import Endpoint
from tfvae.export.serving.model_card import ModelCard
from tfvae.export.serving.model_folder import ModelFolder, newest_version
from tfvae.export.verification.check_messages import records, request_of


class _Servicer(prediction_service_pb2_grpc.PredictionServiceServicer):
    """Predict, with the checks of names and dtypes that TensorFlow Serving makes."""

    def __init__(self, name, folder):
        self.name = name
        self.signatures = tf.saved_model.load(str(folder)).signatures

    def Predict(self, request, context):  # noqa: N802  (the interface's name)
        if request.model_spec.name != self.name:
            context.abort(grpc.StatusCode.NOT_FOUND, f"Servable not found for {request.model_spec.name}")
        key = request.model_spec.signature_name or "serving_default"
        if key not in self.signatures:
            context.abort(grpc.StatusCode.FAILED_PRECONDITION, f'Serving signature key "{key}" not found.')
        specs = self.signatures[key].structured_input_signature[1]
        if set(specs) != set(request.inputs):
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, "input size does not match signature")
        inputs = {name: tf.constant(tf.make_ndarray(value)) for name, value in request.inputs.items()}
        for name, value in inputs.items():
            if not specs[name].is_compatible_with(value):
                context.abort(grpc.StatusCode.INVALID_ARGUMENT, f"{name}: {value.dtype} {value.shape}")
        try:
            outputs = self.signatures[key](**inputs)
        except tf.errors.InvalidArgumentError as error:
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, error.message)
        answer = predict_pb2.PredictResponse()
        for name, value in outputs.items():
            answer.outputs[name].CopyFrom(tf.make_tensor_proto(value))
        return answer


@pytest.fixture(scope="module")
def servicer(pictures):
    return _Servicer("pictures", pictures.path)


@pytest.fixture(scope="module")
def address(servicer):
    server = grpc.server(concurrent.futures.ThreadPoolExecutor(2))
    prediction_service_pb2_grpc.add_PredictionServiceServicer_to_server(servicer, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield f"127.0.0.1:{port}"
    server.stop(None).wait()


@pytest.fixture(scope="module")
def client(pictures):
    return runpy.run_path(str(pictures.path.parent / "client.py"))


@pytest.fixture(scope="module")
def stored(pictures):
    with np.load(pictures.path / "assets.extra" / "verification.npz") as file:
        return dict(file)


def _inputs(pictures, endpoint):
    return json.loads((pictures.path.parent / "requests" / f"{endpoint}.json").read_text())["inputs"]


def test_warm_up_records_are_tensorflow_servings_messages(pictures, servicer, stored):
    """Read with its own messages, and answered: names, dtypes, shapes are those of the signatures."""
    path = pictures.path / "assets.extra" / "tf_serving_warmup_requests"
    seen = {}
    for data in tf.data.TFRecordDataset(str(path)):  # which checks the checksums
        log = prediction_log_pb2.PredictionLog.FromString(data.numpy())
        assert log.WhichOneof("log_type") == "predict_log"
        request = log.predict_log.request
        answer = servicer.Predict(request, None)
        endpoint = request.model_spec.signature_name
        rows = len(tf.make_ndarray(answer.outputs[min(answer.outputs)]))
        seen.setdefault(endpoint, []).append(rows)
        for name, value in request.inputs.items():
            np.testing.assert_array_equal(
                tf.make_ndarray(value).astype(stored[f"{endpoint}/in/{name}"].dtype),
                stored[f"{endpoint}/in/{name}"][:rows],
            )
        for name, value in answer.outputs.items():
            expected = stored[f"{endpoint}/out/{name}"][:rows]
            np.testing.assert_allclose(tf.make_ndarray(value), expected, rtol=1e-4, atol=1e-5)
    assert seen == {endpoint: [1, 5] for endpoint in set(servicer.signatures) - {"serving_default"}}


def test_records_are_read_without_tensorflow(pictures, stored):
    path = pictures.path / "assets.extra" / "tf_serving_warmup_requests"
    requests = [request_of(data) for data in records(path)]
    data = [record.numpy() for record in tf.data.TFRecordDataset(str(path))]
    assert [request_of(record)[0] for record in data] == [endpoint for endpoint, _ in requests]
    for endpoint, inputs in requests:
        for name, value in inputs.items():
            expected = stored[f"{endpoint}/in/{name}"]
            np.testing.assert_array_equal(value.astype(expected.dtype), expected[: len(value)])


def test_the_client_speaks_grpc(client, pictures, address, stored):
    for endpoint in client["INPUTS"]:
        outputs = client["over_grpc"](address, endpoint, _inputs(pictures, endpoint))
        assert set(outputs) == set(client["OUTPUTS"][endpoint])
        for name, value in outputs.items():
            expected = stored[f"{endpoint}/out/{name}"][:2]
            np.testing.assert_allclose(value, expected, rtol=1e-4, atol=1e-5)


def test_the_client_shows_a_servers_error(client, address, capsys):
    with pytest.raises(SystemExit, match="(?s)INVALID_ARGUMENT: .*expected the bytes of a PNG or JPEG file"):
        client["over_grpc"](address, "encode", {"image_bytes": ["no image"]})
    with pytest.raises(SystemExit, match="INVALID_ARGUMENT: input size does not match"):
        client["over_grpc"](address, "encode", {})


@contextlib.contextmanager
def _rest(signatures):
    """Answer in TensorFlow Serving's column form: a single output has no name."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            signature = signatures[request["signature_name"]]
            outputs = signature(**{name: tf.constant(value) for name, value in request["inputs"].items()})
            plain = {name: value.numpy().tolist() for name, value in outputs.items()}
            found = self.path == "/v1/models/digits:predict"
            outputs = plain if len(plain) > 1 else min(plain.values())
            body = {"outputs": outputs} if found else {"error": "which model?"}
            self.send_response(200 if found else 404)
            self.end_headers()
            self.wfile.write(json.dumps(body).encode())

        def log_message(self, *arguments):
            pass

    with _listening(Handler) as port:
        yield f"127.0.0.1:{port}"


@contextlib.contextmanager
def _listening(handler):
    server = http.server.HTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server.server_port
    server.shutdown()
    thread.join()
    server.server_close()


def test_the_client_speaks_rest(exported, signatures, monkeypatch, capsys):
    path = exported.path.parent / "client.py"
    with np.load(exported.path / "assets.extra" / "verification.npz") as file:
        stored = dict(file)
    with _rest(signatures) as address:
        for endpoint in ("encode", "decode", "score"):
            monkeypatch.setattr("sys.argv", ["client.py", endpoint, "--address", address])
            runpy.run_path(str(path), run_name="__main__")
            for name, value in json.loads(capsys.readouterr().out).items():
                expected = stored[f"{endpoint}/out/{name}"][:2]
                np.testing.assert_allclose(value, expected, rtol=1e-4, atol=1e-5)
    monkeypatch.setattr("sys.argv", ["client.py", "--address", address])
    with pytest.raises(SystemExit, match="cannot be reached"):
        runpy.run_path(str(path), run_name="__main__")


def test_the_configuration_is_tensorflow_servings(exported):
    folder = exported.path.parent
    config = text_format.Parse(
        (folder / "models.config").read_text(), model_server_config_pb2.ModelServerConfig()
    )
    (model,) = config.model_config_list.config
    assert (model.name, model.base_path) == ("digits", "/models/digits")
    compose = (folder / "docker-compose.yml").read_text()
    for file in ("models.config", "batching.config"):
        assert f"=/models/digits/{file}" in compose
        assert (folder / file).is_file()
    assert all(f'"127.0.0.1:{port}:{port}"' in compose for port in (8500, 8501))


def test_the_version_of_the_server_is_that_of_the_exporting_tensorflow(exported):
    compose = (exported.path.parent / "docker-compose.yml").read_text()
    (version,) = re.findall(r"image: tensorflow/serving:(\S+)", compose)
    assert version.split(".")[:2] == tf.__version__.split(".")[:2]


def test_the_server_is_monitored(exported):
    folder = exported.path.parent
    config = " ".join((folder / "monitoring.config").read_text().split())
    form = r'prometheus_config { enable: true path: "(/[a-z/]+)" }'  # of tensorflow.serving.MonitoringConfig
    path = re.fullmatch(form, config)
    assert path is not None
    assert "=/models/digits/monitoring.config" in (folder / "docker-compose.yml").read_text()
    assert path[1] in (folder / "README.md").read_text()


@pytest.mark.parametrize(("state", "status"), [("AVAILABLE", 0), ("LOADING", 1)])
def test_the_health_check_asks_for_a_served_version(exported, state, status):
    """The command of the file in this machine's bash, with another port."""
    compose = (exported.path.parent / "docker-compose.yml").read_text()
    (command,) = re.findall(r"- (exec 3<>.*)", compose)
    asked = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps({"model_version_status": [{"state": state}]}).encode())

        def log_message(self, *arguments):
            pass

    with _listening(Handler) as port:
        command = command.replace("/127.0.0.1/8501", f"/127.0.0.1/{port}")
        assert subprocess.run(["bash", "-c", command], timeout=20, check=False).returncode == status
    assert asked == ["/v1/models/digits"]


@pytest.mark.parametrize(
    "name", ["it's", 'a "b"', "\\", "\r\n", "\u2028", '"""', "{{ x }}", "größe 😀", "`|`"]
)
def test_the_client_and_the_card_take_any_name_of_a_tensor(tmp_path, name):
    specs = {name: tf.TensorSpec((None,), tf.float32)}
    expected = {f"score/in/{name}": np.zeros(2, "float32"), f"score/out/{name}": np.zeros(2, "float32")}
    folder = ModelFolder(tmp_path / "digits")
    card = ModelCard(title=f"of {name}", data={name: name})
    files = folder.describe(tmp_path / "digits" / "1", [Endpoint("score", specs, dict)], expected, card)
    (tmp_path / "client.py").write_text(files["client.py"], encoding="utf-8")
    client = runpy.run_path(str(tmp_path / "client.py"))
    assert client["INPUTS"] == {"score": {name: "float32"}}
    assert client["OUTPUTS"] == {"score": [name]}
    assert json.loads(files["requests/score.json"])["inputs"] == {name: [0.0, 0.0]}
    lines = files["README.md"].splitlines()
    assert lines[0].startswith("# of")
    assert sum(line.startswith("| in |") for line in lines) == 1


def test_an_endpoints_name_is_part_of_a_files_name():
    for name in ("../up", "a b", "", "größe", "1"):
        with pytest.raises(InvalidInput, match="name: expected an endpoint's name"):
            Endpoint(name, {"x": tf.TensorSpec((None,))}, dict)


def test_the_model_card_has_every_tensor(pictures):
    text = (pictures.path.parent / "README.md").read_text()
    assert text == (pictures.path / "assets.extra" / "README.md").read_text()
    for row in (
        "| in | `image_bytes` | [B] | string | bytes of a PNG or JPEG file |",
        "| out | `reconstruction` | [B, 8, 8, 1] | float32 | pixels, 0 to 255 |",
        "| out | `log_likelihood` | [B] | float32 | nats |",
        "| source | a \\| b |",
        "CC BY 4.0",
    ):
        assert row in text
    assert "Not stated." in text


def test_a_folder_without_a_model_is_rejected(exported, tmp_path):
    assert newest_version(exported.path) == newest_version(exported.path.parent) == exported.path
    (tmp_path / "3").mkdir()
    for folder, reason in ((tmp_path, "there is no saved_model.pb"), (tmp_path / "4", "there is no such")):
        with pytest.raises(UnreadableFile, match=reason):
            newest_version(folder)
