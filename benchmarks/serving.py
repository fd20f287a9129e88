"""The local server under load: answers per second and the 99th percentile of their times.

The server is a process of its own; this one is its clients, each with one connection and one request at a
time, on 127.0.0.1. A request is one row; it runs alone, and then joined with those of other clients.

    python benchmarks/serving.py --seconds 5
    python benchmarks/serving.py --beside 3 8      one row beside clients of 1,000 rows
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import re
import tempfile
import time
from pathlib import Path

import numpy as np
from local_server import Running, export, running

_LENGTH = re.compile(rb"content-length: (\d+)")


def request(shape: tuple[int, ...], rows: int) -> bytes:
    x = np.random.default_rng(0).random((rows, *shape)).round(4).tolist()
    body = json.dumps({"instances": x}).encode()
    head = f"POST /v1/models/digits:predict HTTP/1.1\r\nhost: [::1]\r\ncontent-length: {len(body)}\r\n\r\n"
    return head.encode() + body


async def client(server: Running, sent: bytes, until: float, most: int) -> list[float]:
    """Return the seconds of each request that one client makes."""
    reader, writer = await asyncio.open_connection(server.host, server.port)
    seconds = []
    while time.perf_counter() < until and len(seconds) < most:
        start = time.perf_counter()
        writer.write(sent)
        head = await reader.readuntil(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 200"):
            raise SystemExit(f"expected 200, received {head[:100]}")
        await reader.readexactly(int(_LENGTH.search(head)[1]))
        seconds.append(time.perf_counter() - start)
    writer.close()
    return seconds


async def load(
    server: Running, sent: bytes, clients: int, seconds: float, most: int
) -> tuple[float, list[float]]:
    """Return the answers per second and the sorted seconds of all requests."""
    start = time.perf_counter()
    made = [client(server, sent, start + seconds, most // clients + 1) for _ in range(clients)]
    times = sorted(itertools.chain.from_iterable(await asyncio.gather(*made)))
    return len(times) / (time.perf_counter() - start), times


async def beside(server: Running, small: bytes, large: bytes, clients: int, seconds: float) -> list[float]:
    """Return the sorted seconds of one client's small requests, while others send large ones."""
    until = time.perf_counter() + seconds
    others = [asyncio.create_task(client(server, large, until, 10**6)) for _ in range(clients)]
    await asyncio.sleep(min(1.0, seconds / 2))
    times = await client(server, small, until, 10**6)
    await asyncio.gather(*others)
    return sorted(times)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=5.0, help="for each number of clients")
    parser.add_argument("--requests", type=int, default=20_000, help="at most, for each number of clients")
    parser.add_argument("--clients", type=int, nargs="+", default=[1, 8, 64])
    parser.add_argument("--rows", type=int, default=1, help="of a request")
    parser.add_argument("--max-batch-size", type=int, default=64)
    parser.add_argument("--batch-timeout-ms", type=float, default=2.0)
    parser.add_argument("--shape", type=int, nargs="+", default=[28, 28, 1])
    parser.add_argument("--beside", type=int, nargs="+", default=[], help="clients of 1,000 rows")
    args = parser.parse_args()
    sent = request(tuple(args.shape), args.rows)
    with tempfile.TemporaryDirectory() as scratch:
        folder = export(Path(scratch), tuple(args.shape))
        if args.beside:
            large = request(tuple(args.shape), 1000)
            with running(folder) as server:
                asyncio.run(load(server, sent, 1, 1.0, 10))
                for clients in args.beside:
                    times = asyncio.run(beside(server, sent, large, clients, args.seconds))
                    median, worst = 1000 * times[len(times) // 2], 1000 * times[-1]
                    print(f"beside {clients} large clients: median {median:.1f} ms, worst {worst:.1f} ms")
            return
        print(
            f"{'batching':10s} {'clients':>7s} {'answers/s':>10s} {'median':>9s} {'99th':>9s} {'answers':>8s}"
        )
        for name, size in (("off", 1), ("on", args.max_batch_size)):
            options = ("--max-batch-size", str(size), "--batch-timeout-ms", str(args.batch_timeout_ms))
            with running(folder, *options) as server:
                asyncio.run(
                    load(server, sent, max(args.clients), 1.0, 500)
                )  # the first calls build the graphs
                for clients in args.clients:
                    rate, times = asyncio.run(load(server, sent, clients, args.seconds, args.requests))
                    median, high = (1000 * times[int(q * (len(times) - 1))] for q in (0.5, 0.99))
                    print(
                        f"{name:10s} {clients:7d} {rate:10.0f} {median:6.1f} ms"
                        f" {high:6.1f} ms {len(times):8d}",
                        flush=True,
                    )


if __name__ == "__main__":
    main()
