"""Requests for a foreign host are rejected: names that are resolved to this machine by others."""

import pytest

from tfvae.pipelines.serve.hosts import is_allowed

PATHS = ["/v1/models/typed", "/monitoring/prometheus/metrics", "/"]


@pytest.mark.parametrize(
    "host",
    [
        "localhost", "LOCALHOST:8501", "localhost.", "app.localhost", "127.0.0.1", "127.0.0.1:80", "[::1]",
        "[::1]:80", "192.168.1.7:8501", "model", "Model:8501",
    ],
)  # fmt: skip
def test_this_machine_and_named_hosts_are_allowed(host):
    assert is_allowed(host, {"model"})


@pytest.mark.parametrize(
    "host",
    [
        "evil.example", "evil.example:8501", "localhost.evil.example", "127.0.0.1.evil.example", "model.evil",
        "notlocalhost", "", "[evil]", "localhost@evil.example", "127.1.evil", "models",
    ],
)  # fmt: skip
def test_other_hosts_are_not(host):
    assert not is_allowed(host, {"model"})
    assert is_allowed(host, {"*"})


@pytest.mark.parametrize("path", PATHS)
def test_a_foreign_host_is_answered_403(client, path):
    answer = client.portal.call(client.ask, "GET", path)
    assert answer.status_code in (200, 404)
    answer = client.get(path, host="evil.example")
    assert answer.status_code == 403
    assert "--allowed-host" in answer.json()["error"]


def test_a_named_host_is_answered(serving, exported):
    with serving(exported / "typed", hosts=("Model",)) as client:
        assert client.get("/v1/models/typed", host="model:8501").status_code == 200
        assert client.get("/v1/models/typed", host="other").status_code == 403
