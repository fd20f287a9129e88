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


@pytest.mark.parametrize("start", [b"", b"POST /v1/mod", b"GET / HTTP/1.1\r\nhost: a\r\nx"])
def test_a_connection_without_a_request_is_closed(listening, start):
    with socket.create_connection(listening, 10) as connection:
        connection.sendall(start)
        began = time.monotonic()
        with contextlib.suppress(ConnectionResetError):
            assert received(connection) == b""
        assert time.monotonic() - began < 8


def test_a_connection_whose_second_request_does_not_end_is_closed(listening):
    with socket.create_connection(listening, 10) as connection:
        connection.sendall(b"GET /v1/models/typed HTTP/1.1\r\nhost: a\r\n\r\nGET /v1")
        assert b"200 OK" in connection.recv(65536)
        with contextlib.suppress(ConnectionResetError):
            assert b"HTTP" not in received(connection)


def test_connections_beyond_the_limit_are_closed_until_others_end(listening):
    held = [socket.create_connection(listening, 10) for _ in range(8)]
    time.sleep(2)
    for connection in held:
        connection.close()
    with socket.create_connection(listening, 10) as connection:
        connection.sendall(b"GET /v1/models/typed HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n")
        assert b"200 OK" in received(connection)
