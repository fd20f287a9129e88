"""Shared by the benchmarks of the server: an exported model, and `tfvae serve` in a process of its own."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

TFVAE = Path(sys.executable).with_name("tfvae")  # the installed command


@dataclasses.dataclass(frozen=True)
class Running:
    """A running server.

    Attributes:
        host: its address.
        port: its port.
        model: the model's name in requests.
        process: the process.
    """

    host: str
    port: int
    model: str
    process: subprocess.Popen

    def connect(self, timeout: float = 30.0) -> socket.socket:
        """Return a new connection."""
        return socket.create_connection((self.host, self.port), timeout)


def export(folder: Path, shape: tuple[int, ...] = (8, 8, 1), latent_dim: int = 8) -> Path:
    """Write an untrained VAE to `folder/digits/1` and return `folder/digits`."""
    import tfvae

    tfvae.export.saved_model(tfvae.zoo.vae(shape, latent_dim=latent_dim), folder / "digits")
    return folder / "digits"


@contextlib.contextmanager
def running(folder: Path, *options: str, program: tuple[str, ...] = (str(TFVAE),)) -> Iterator[Running]:
    """Serve a folder at a free port of 127.0.0.1; at the end, stop the server and check its exit status."""
    command = [*program, "serve", str(folder), "--port", "0", *options]
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": ""}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
    try:
        address = process.stdout.readline().strip()
        if not address:
            raise SystemExit(f"the server ended with status {process.wait()}")
        parts = urlsplit(address)
        yield Running(parts.hostname, parts.port, parts.path.rpartition("/")[2], process)
        process.send_signal(signal.SIGTERM)
        if process.wait(60) != 0:
            raise SystemExit(f"expected the server to end with status 0, received {process.returncode}")
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
