"""Malformed, oversized and hostile requests to a server of its own process, over loopback.

Each request is drawn from the attacks below; each answer must be one that the attack allows, never a crash, a
hang or a 500. Every so often an honest request must have the answer it had at the start, bit for bit. At the
end the memory of the server is compared with that at the start, after a warm-up with the same attacks.

    python benchmarks/serving_hostile.py --requests 10000
"""

from __future__ import annotations

import argparse
import collections
import concurrent.futures
import contextlib
import itertools
import json
import random
import re
import socket
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import psutil
from local_server import Running, export, running

GOOD = json.dumps({"instances": [[[[0.1 * i] for i in range(8)]] * 8] * 2}).encode()
LARGEST = 2**20  # of a body, told to the server
CLOSED = 0  # the server closed the connection without an answer
BAD, MISSING, TOO_LARGE, OK = 400, 404, 413, 200
_HONEST_EVERY = 500


def message(
    body: bytes, path: str = "/v1/models/digits:predict", method: str = "POST", **headers: object
) -> bytes:
    """Return an HTTP request; a header that is given replaces the right one."""
    lines = {"host": "127.0.0.1", "connection": "close", "content-length": len(body)}
    lines |= {name.replace("_", "-"): value for name, value in headers.items()}
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode("latin-1") + body


# Attacks: functions of a random generator; they return what to send and the statuses allowed.


def truncated(draw: random.Random) -> tuple[bytes, set[int]]:
    return message(GOOD[: draw.randrange(len(GOOD) - 1)]), {BAD}


def flipped(draw: random.Random) -> tuple[bytes, set[int]]:
    body = bytearray(GOOD)
    for _ in range(draw.randrange(1, 20)):
        body[draw.randrange(len(body))] = draw.randrange(256)
    return message(bytes(body)), {OK, BAD}


def noise(draw: random.Random) -> tuple[bytes, set[int]]:
    return message(draw.randbytes(draw.randrange(1, 4000))), {BAD}


def not_http(draw: random.Random) -> tuple[bytes, set[int]]:
    return draw.randbytes(draw.randrange(1, 2000)) + b"\r\n\r\n", {BAD, CLOSED}


def nested(draw: random.Random) -> tuple[bytes, set[int]]:
    depth = draw.choice([40, 300, 900, 1100, 10_000, 400_000])
    opened, closed = draw.choice([(b"[", b"]"), (b'{"a":', b"}")])
    return message(b'{"instances":' + opened * depth + draw.choice([closed * depth, b""])), {BAD, TOO_LARGE}


def large_number(draw: random.Random) -> tuple[bytes, set[int]]:
    number = draw.choice(
        ["1e999", "-1e400", "9" * 400, "9" * 5000, "1" * 30_000, "1e39", "16777217", "1e-9999999"]
    )
    value = [[[[number]] * 8] * 8] if draw.random() < 0.5 else number
    return message(json.dumps({"instances": value}).replace('"' + number + '"', number).encode()), {
        OK,
        BAD,
        TOO_LARGE,
    }


def not_finite(draw: random.Random) -> tuple[bytes, set[int]]:
    word = draw.choice(["NaN", "Infinity", "-Infinity", "nan", "Inf", "-NaN"])
    text = json.dumps({"instances": [[["x"] * 8] * 8]}).replace('"x"', f"[{word}]")
    return message(text.encode()), {BAD}  # read as TensorFlow Serving does, and rejected by the model itself


def wrong_values(draw: random.Random) -> tuple[bytes, set[int]]:
    value = draw.choice(
        [None, True, "a", {}, {"b64": "!"}, [], [[]], [1, [2]], {"x": 1}, [[1] * 8] * 8, 5, 1.5]
    )
    form = draw.choice(["instances", "inputs"])
    return message(json.dumps({form: draw.choice([value, [value], [value, value]])}).encode()), {BAD}


def wrong_keys(draw: random.Random) -> tuple[bytes, set[int]]:
    content = draw.choice(
        [
            {},
            {"instance": [1]},
            {"instances": [1], "inputs": [1]},
            {"signature_name": 5, "instances": [1]},
            {"signature_name": "\u0000", "instances": [1]},
            {"signature_name": "__saved_model_init_op", "instances": [1]},
            {"signature_name": "x" * 100_000, "instances": [1]},
            {"instances": [{"y": 1}]},
            {"inputs": {"y": 1}},
            {"instances": [{"x": 1, "y" * 50_000: 2}]},
            {str(i): i for i in range(20_000)},
        ]
    )
    return message(json.dumps(content).encode()), {BAD}


def not_objects(draw: random.Random) -> tuple[bytes, set[int]]:
    return message(draw.choice([b"[]", b"1", b'"a"', b"null", b"NaN", b"", b"  ", b"\xef\xbb\xbf"])), {BAD}


def bad_text(draw: random.Random) -> tuple[bytes, set[int]]:
    text = draw.choice([b'"\xff\xfe"', b'"\\ud800"', b'"\x00"', b'"\\u12"', b"'a'", b'"\xc0\xaf"'])
    return message(b'{"signature_name":' + text + b',"instances":[1]}'), {BAD}


def many_empty_lists(draw: random.Random) -> tuple[bytes, set[int]]:
    return message(b'{"instances":[' + b"[]," * draw.randrange(1, 200_000) + b"[]]}"), {BAD, TOO_LARGE}


def too_large(draw: random.Random) -> tuple[bytes, set[int]]:
    return message(b" " * (LARGEST + draw.randrange(1, 2**20))), {TOO_LARGE, CLOSED}


def claims_too_much(draw: random.Random) -> tuple[bytes, set[int]]:
    return message(GOOD, content_length=draw.choice([2**40, 10**30, LARGEST + 1])), {TOO_LARGE, BAD, CLOSED}


def claims_wrongly(draw: random.Random) -> tuple[bytes, set[int]]:
    length = draw.choice([len(GOOD) + 10, len(GOOD) - 10, -1, "a", "1, 2", "0x10", 0])
    return message(GOOD, content_length=length), {BAD, CLOSED}


def bad_chunks(draw: random.Random) -> tuple[bytes, set[int]]:
    head = message(b"", transfer_encoding="chunked").replace(b"content-length: 0\r\n", b"")
    body = draw.choice(
        [b"zz\r\nabc\r\n", b"5\r\nabc", b"ffffffffffffffffff\r\n", b"-1\r\n", b"1;" + b"a" * 70_000]
    )
    return head + body, {BAD, CLOSED}


def large_headers(draw: random.Random) -> tuple[bytes, set[int]]:
    if draw.random() < 0.5:
        return message(GOOD, x="a" * draw.choice([10_000, 70_000, 500_000])), {OK, BAD, CLOSED}
    return message(GOOD, **{f"x{i}": i for i in range(draw.choice([100, 5000]))}), {OK, BAD, CLOSED}


def strange_paths(draw: random.Random) -> tuple[bytes, set[int]]:
    path = draw.choice(
        [
            "/v1/models/digits/versions/7:predict",
            "/v1/models/digits/versions/99999999999999999999999:predict",
            "/v1/models/digits/labels/%ff:predict",
            "/v1/models/%2e%2e%2f%2e%2e:predict",
            "/v1/models/../../etc/passwd",
            "/v1/models/" + "a" * 8000 + ":predict",
            "/v1/models/:predict",
            "/v1/",
            "/",
            "/../../../etc/passwd",
            "*",
            "http://elsewhere/v1/models/digits",
            "/v1/models/digits:predict%00",
            f"/v1/models/{draw.randrange(10**9)}/metadata",
        ]
    )
    return message(GOOD, path, draw.choice(["POST", "GET"])), {BAD, MISSING}


def strange_methods(draw: random.Random) -> tuple[bytes, set[int]]:
    method = draw.choice(["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT", "BREW", "G" * 300])
    return message(GOOD, method=method), {BAD, OK, CLOSED}


def too_many(draw: random.Random) -> tuple[bytes, set[int]]:
    return message(b'{"instances":[' + b"1," * 10_001 + b"1]}"), {TOO_LARGE}


ATTACKS: list[Callable[[random.Random], tuple[bytes, set[int]]]] = [
    truncated, flipped, noise, not_http, nested, large_number, not_finite, wrong_values, wrong_keys,
    not_objects, bad_text, many_empty_lists, too_large, claims_too_much, claims_wrongly, bad_chunks,
    large_headers, strange_paths, strange_methods, too_many,
]  # fmt: skip


def answer(connection: socket.socket) -> tuple[int, bytes]:
    """Return the status and body of what comes until the server closes the connection."""
    pieces = []
    with contextlib.suppress(ConnectionError):
        while piece := connection.recv(65536):
            pieces.append(piece)
    head, _, body = b"".join(pieces).partition(b"\r\n\r\n")
    status = re.match(rb"HTTP/1\.1 (\d{3})", head)
    return (int(status[1]), body) if status else (CLOSED, b"")


def send(connection: socket.socket, sent: bytes) -> None:
    """Send what the server takes: it may have closed the connection."""
    with contextlib.suppress(ConnectionError):
        connection.sendall(sent)


def attack(server: Running, make: Callable, seed: int) -> tuple[str, int, bytes, set[int]]:
    """Carry out one attack; return its name, the status, the body and the statuses allowed."""
    draw = random.Random(seed)
    sent, allowed = make(draw)
    with server.connect() as connection:
        cut = draw.randrange(1, len(sent)) if draw.random() < 0.1 else len(sent)
        send(connection, sent[:cut])
        if cut < len(sent) and draw.random() < 0.5:
            return make.__name__, CLOSED, b"", {CLOSED}  # leaves in the middle
        send(connection, sent[cut:])
        if CLOSED in allowed:  # it may be that the server waits for more
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_WR)
        status, body = answer(connection)
    return make.__name__, status, body, allowed


def honest(server: Running) -> bytes:
    """Return the answer to a request that is right."""
    with server.connect() as connection:
        connection.sendall(message(GOOD))
        status, body = answer(connection)
    if status != OK:
        raise SystemExit(f"an honest request: expected 200, received {status} {body[:200]}")
    return body


def hold(server: Running, count: int) -> list[socket.socket]:
    """Open connections that send the start of a request, and no more."""
    held = []
    for index in range(count):
        with contextlib.suppress(OSError):
            connection = server.connect(5)
            connection.sendall(message(GOOD)[: 10 + index % 200])
            held.append(connection)
    return held


def memory(server: Running) -> float:
    """Return the server's resident memory in MiB."""
    return psutil.Process(server.process.pid).memory_info().rss / 2**20


def storm(server: Running, requests: int, seed: int, clients: int = 8) -> collections.Counter:
    """Send attacks from several clients, and honest requests between; return counts by attack and status.

    Raises:
        SystemExit: an answer that is not allowed, or an honest request with another answer.
    """
    expected = honest(server)
    counts: collections.Counter = collections.Counter()
    jobs = zip(itertools.cycle(ATTACKS), range(seed, seed + requests), strict=False)
    with concurrent.futures.ThreadPoolExecutor(clients) as pool:
        for block in iter(lambda: list(itertools.islice(jobs, _HONEST_EVERY)), []):
            for name, status, body, allowed in pool.map(lambda job: attack(server, *job), block):
                counts[name, status] += 1
                if status not in allowed:
                    raise SystemExit(f"{name}: expected one of {allowed}, received {status} {body[:300]}")
            if honest(server) != expected:
                raise SystemExit("an honest request had another answer")
    return counts


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--requests", type=int, default=10_000)
    parser.add_argument("--warm-up", type=int, default=2_000, help="attacks before memory is first measured")
    parser.add_argument("--held", type=int, default=600, help="connections left open meanwhile")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--max-batch-size", type=int, default=1)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = export(Path(scratch))
        options = ("--max-body-bytes", str(LARGEST), "--max-batch-size", str(args.max_batch_size))
        with running(folder, *options) as server:
            storm(server, args.warm_up, args.seed - args.warm_up)
            before, start = memory(server), time.perf_counter()
            counts = storm(server, args.requests, args.seed)
            seconds, after = time.perf_counter() - start, memory(server)
            held = hold(server, args.held)
            time.sleep(15)  # longer than the server waits for a request's first lines
            honest(server)
            for connection in held:
                connection.close()
            last = memory(server)
    for (name, status), count in sorted(counts.items()):
        print(f"{name:18s} {status or 'closed':>6} {count:6d}")
    print(f"{sum(counts.values())} requests in {seconds:.0f} s; every answer one that is allowed")
    print(
        f"memory {before:.0f} MiB before, {after:.0f} MiB after,"
        f" {last:.0f} MiB after {args.held} connections that were held open"
    )


if __name__ == "__main__":
    main()
