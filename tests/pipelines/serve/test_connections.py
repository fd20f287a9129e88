"""Connections of silent clients are closed, and those beyond the limit."""

import contextlib
import functools
import socket
import threading
import time

import pytest
import uvicorn

from tfvae.pipelines.serve.connections import Connection
from tfvae.pipelines.serve.limits import Limits
from tfvae.pipelines.serve.version import Version


@pytest.fixture
def listening(serving, exported):
    """A real server in a thread of this process, with short time limits."""
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


@pytest.mark.parametrize("start", [b"", b"POST /v1/mod", b"GET / HTTP/1.1\r\nhost: localhost\r\nx"])
def test_a_connection_without_a_request_is_closed(listening, start):
    with socket.create_connection(listening, 10) as connection:
        connection.sendall(start)
        began = time.monotonic()
        with contextlib.suppress(ConnectionResetError):
            assert received(connection) == b""
        assert time.monotonic() - began < 8


def test_a_connection_whose_second_request_does_not_end_is_closed(listening):
    with socket.create_connection(listening, 10) as connection:
        connection.sendall(b"GET /v1/models/typed HTTP/1.1\r\nhost: localhost\r\n\r\nGET /v1")
        assert b"200 OK" in connection.recv(65536)
        with contextlib.suppress(ConnectionResetError):
            assert b"HTTP" not in received(connection)


GET = b"GET /v1/models/typed HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n"


def test_idle_connections_make_way_for_new_ones(listening):
    """Many more than the limit of 5 are held open; each honest client is answered at once."""
    with contextlib.ExitStack() as held:
        for _ in range(40):
            held.enter_context(socket.create_connection(listening, 10))
            with socket.create_connection(listening, 10) as connection:
                connection.sendall(GET)
                assert b"200 OK" in received(connection)


def test_the_connection_that_was_idle_for_longest_is_closed_first(listening):
    with contextlib.ExitStack() as held:
        connections = [held.enter_context(socket.create_connection(listening, 10)) for _ in range(6)]
        connections[0].settimeout(0.15)  # less than the time limit of a header
        with contextlib.suppress(ConnectionResetError):
            assert connections[0].recv(1) == b""
        connections[5].sendall(GET)
        assert b"200 OK" in received(connections[5])


@pytest.fixture
def waiting(monkeypatch):
    """Hold each answer back until the event is set."""
    go_on, call = threading.Event(), Version.call

    def slow(*arguments):
        assert go_on.wait(30)
        return call(*arguments)

    monkeypatch.setattr(Version, "call", slow)
    yield go_on
    go_on.set()


BODY = b'{"instances": [1.0]}'
POST = (
    b"POST /v1/models/typed:predict HTTP/1.1\r\nhost: localhost\r\ncontent-length: %d\r\n\r\n" % len(BODY)
    + BODY
)


def test_connections_with_a_request_are_never_closed_for_others(listening, waiting):
    with contextlib.ExitStack() as held:
        busy = [held.enter_context(socket.create_connection(listening, 10)) for _ in range(5)]
        for connection in busy:
            connection.sendall(POST)
        time.sleep(0.2)
        with socket.create_connection(listening, 10) as late, contextlib.suppress(ConnectionResetError):
            assert received(late) == b""
        waiting.set()
        for connection in busy:
            assert b"200 OK" in connection.recv(65536)


@pytest.mark.parametrize("requests", [1, 3])
def test_a_client_that_has_closed_its_side_is_answered(listening, waiting, requests):
    with socket.create_connection(listening, 10) as connection:
        connection.sendall(POST * requests)
        connection.shutdown(socket.SHUT_WR)
        time.sleep(0.1)
        waiting.set()
        assert received(connection).count(b'{"predictions": [2.0]}') == requests  # and then it is closed


def test_a_client_that_leaves_within_its_request_is_not_answered(listening):
    for sent in (POST[:-3], POST[:20], b""):
        with socket.create_connection(listening, 10) as connection:
            connection.sendall(sent)
            connection.shutdown(socket.SHUT_WR)
            with contextlib.suppress(ConnectionResetError):
                assert b"predictions" not in received(connection)


def test_connections_beyond_the_limit_are_closed_until_others_end(listening):
    held = [socket.create_connection(listening, 10) for _ in range(8)]
    time.sleep(2)
    for connection in held:
        connection.close()
    with socket.create_connection(listening, 10) as connection:
        connection.sendall(b"GET /v1/models/typed HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")
        assert b"200 OK" in received(connection)
