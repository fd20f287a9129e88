"""What the server does not take on."""

import asyncio
import contextlib
import functools
import socket
import threading
import time

import anyio
import pytest
import uvicorn

from tfvae.pipelines.serve.batching import Policy
from tfvae.pipelines.serve.connections import Connection
from tfvae.pipelines.serve.limits import Limits
from tfvae.pipelines.serve.version import Version

PREDICT = "/v1/models/typed:predict"
ROW = [1.0, 2.0, 3.0]


def test_large_bodies_and_many_instances(serving, exported):
    with serving(exported, limits=Limits(max_body_bytes=100, max_instances=3)) as client:
        assert client.post(PREDICT, {"instances": [ROW] * 3}).status_code == 200
        for form in ("instances", "inputs"):
            answer = client.post(PREDICT, {form: [ROW] * 4})
            assert answer.status_code == 413
            assert answer.json() == {"error": "Expected at most 3 instances but got: 4"}
        answer = client.post(PREDICT, {"instances": [ROW] * 20})
        assert answer.status_code == 413
        assert answer.json() == {"error": "Expected a body of at most 100 bytes"}


def slowly(*pieces, seconds=10.0):
    async def body():
        for piece in pieces:
            yield piece
            await anyio.sleep(seconds)

    return body()


def test_a_body_of_unknown_length_is_counted_as_it_comes(serving, exported):
    with serving(exported, limits=Limits(max_body_bytes=100)) as client:
        content = slowly(*[b" " * 60] * 4, seconds=0)
        assert client.portal.call(client.ask, "POST", PREDICT, content).status_code == 413


def test_a_slow_body_is_not_waited_for(serving, exported):
    with serving(exported, limits=Limits(body_seconds=0.05)) as client:
        answer = client.portal.call(client.ask, "POST", PREDICT, slowly(b'{"inst', b'ances": [1]}'))
        assert answer.status_code == 408
        assert "within 0.05 seconds" in answer.json()["error"]


@pytest.mark.parametrize("limits", [Limits(max_requests=2), Limits(max_bytes_at_a_time=70)])
def test_too_many_requests_at_a_time(serving, exported, limits):
    with serving(exported, limits=limits) as client:

        async def scenario():
            held = [
                asyncio.ensure_future(client.ask("POST", PREDICT, slowly(b"{" + b" " * 30, seconds=0.5)))
                for _ in range(2)
            ]
            await asyncio.sleep(0.2)
            refused = await client.ask("POST", PREDICT, b'{"instances": [1]}')
            status = await client.ask("GET", "/v1/models/typed")
            await asyncio.gather(*held)
            return refused, status, await client.ask("POST", PREDICT, b'{"instances": [1.0]}')

        refused, status, after = client.portal.call(scenario)
        assert refused.status_code == 503
        assert list(refused.json()) == ["error"]
        assert status.status_code == 200  # what costs nothing is still answered
        assert after.json() == {"predictions": [2.0]}


@pytest.mark.parametrize("batching", [None, Policy(8, 0.001)])
def test_the_event_loop_waits_for_nobody(serving, exported, monkeypatch, batching):
    """While a model runs, other requests are answered."""
    go_on, call = threading.Event(), Version.call

    def slow(*arguments):
        assert go_on.wait(30)
        return call(*arguments)

    monkeypatch.setattr(Version, "call", slow)
    with serving(exported, batching=batching) as client:

        async def scenario():
            running = asyncio.ensure_future(client.ask("POST", PREDICT, b'{"instances": [1.0]}'))
            await asyncio.sleep(0.05)
            status = await client.ask("GET", "/v1/models/typed")
            assert not running.done()
            go_on.set()
            return status, await running

        status, answer = client.portal.call(scenario)
    assert status.status_code == 200
    assert answer.json() == {"predictions": [2.0]}


def test_what_the_server_itself_does_wrong_is_a_500_in_its_own_form(serving, exported, monkeypatch, caplog):
    def broken(*arguments):
        raise RuntimeError("a secret")

    monkeypatch.setattr(Version, "call", broken)
    with serving(exported) as client:
        answer = client.post(PREDICT, {"instances": [1.0]})
    assert answer.status_code == 500
    assert answer.json() == {"error": "The server failed; its log says more"}
    assert "a secret" in caplog.text


@pytest.fixture
def listening(serving, exported):
    """A real server in a thread of this process, with short patience."""
    limits = Limits(header_seconds=0.3, body_seconds=0.3, max_connections=5)
    with serving(exported, limits=limits) as client:
        config = uvicorn.Config(
            client._http._transport.app,
            http=functools.partial(Connection, limits),
            ws="none",
            lifespan="off",
            log_config=None,
        )
        server = uvicorn.Server(config)
        address = socket.create_server(("127.0.0.1", 0))
        thread = threading.Thread(target=client.portal.call, args=(server.serve, [address]))
        thread.start()
        while not server.started:
            time.sleep(0.01)
        yield address.getsockname()
        server.should_exit = True
        thread.join(30)
        assert not thread.is_alive()


def received(connection):
    pieces = []
    while piece := connection.recv(65536):
        pieces.append(piece)
    return b"".join(pieces)


@pytest.mark.parametrize("start", [b"", b"POST /v1/mod", b"GET / HTTP/1.1\r\nhost: a\r\nx"])
def test_a_connection_that_brings_no_request_is_closed(listening, start):
    with socket.create_connection(listening, 10) as connection:
        connection.sendall(start)
        began = time.monotonic()
        with contextlib.suppress(ConnectionResetError):
            assert received(connection) == b""
        assert time.monotonic() - began < 8


def test_a_second_request_that_does_not_end_is_closed_too(listening):
    with socket.create_connection(listening, 10) as connection:
        connection.sendall(b"GET /v1/models/typed HTTP/1.1\r\nhost: a\r\n\r\nGET /v1")
        assert b"200 OK" in connection.recv(65536)
        with contextlib.suppress(ConnectionResetError):
            assert b"HTTP" not in received(connection)


def test_connections_beyond_the_limit_are_closed_and_places_become_free(listening):
    held = [socket.create_connection(listening, 10) for _ in range(8)]
    time.sleep(2)
    for connection in held:
        connection.close()
    with socket.create_connection(listening, 10) as connection:
        connection.sendall(b"GET /v1/models/typed HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n")
        assert b"200 OK" in received(connection)
