"""Bytes and time of LiteRT files in each way to write numbers: one example alone, and a batch of 256.

The model is the convolutional VAE of `tfvae.zoo.vae`, untrained, as weights change neither bytes nor time;
int8 is scaled on draws from it. Each file is run by the LiteRT interpreter in a process of its own, on the
threads it takes by itself. The last column is the tensor arena that the microcontroller interpreter needs.

    python benchmarks/devices.py --size 28 --latent-dim 16
"""

from __future__ import annotations

import argparse
import os
import tempfile
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
import numpy as np
from rich.console import Console
from rich.table import Table

import tfvae
from tfvae.export.endpoints.base import endpoints
from tfvae.export.serving.saved_model import expectations
from tfvae.export.verification import verify

WAYS = (None, "float16", "dynamic", "int8")


def measured(
    vae: tfvae.VAE, endpoint: str, way: str | None, x: np.ndarray, batch: int, folder: Path
) -> list[str]:
    """A row of the table."""
    data = x if way == "int8" else None
    path = folder / f"{endpoint}_{way}.tflite"
    export = tfvae.export.litert(vae, path, endpoint, way, representative_data=data)
    (function,) = [each for each in endpoints(vae, None, 1) if each.name == endpoint]
    np.savez(folder / "numbers.npz", **expectations([function], {"x": x[:8]}))
    report = verify.LITERT.measure(path, folder / "numbers.npz", batch)
    micro = export.microcontroller
    arena = f"{micro.arena_bytes:,}" if micro is not None and micro.arena_bytes else ""
    times = [report[key][endpoint] for key in ("seconds_alone", "seconds_in_batch")]
    return [
        endpoint,
        way or "float32",
        f"{export.size_bytes:,}",
        f"{report['difference'][endpoint]:.2g}",
        *(f"{1000 * seconds:.4f}" for seconds in times),
        arena,
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", type=int, default=28, help="height and width of the image")
    parser.add_argument("--latent-dim", type=int, default=16)
    parser.add_argument("--batch", type=int, default=256)
    parser.add_argument("--endpoints", nargs="+", default=["encode", "reconstruct", "score"])
    args = parser.parse_args()
    keras.utils.set_random_seed(0)
    vae = tfvae.zoo.vae((args.size, args.size, 1), latent_dim=args.latent_dim)
    x = vae.sample(256)
    table = Table(title=f"{args.size}x{args.size} images, {args.latent_dim} latent dimensions")
    for heading in ("endpoint", "numbers"):
        table.add_column(heading)
    batch = f"ms an item in {args.batch}"
    for heading in ("bytes", "largest difference", "ms alone", batch, "arena, bytes"):
        table.add_column(heading, justify="right")
    with tempfile.TemporaryDirectory() as folder:
        for endpoint in args.endpoints:
            for way in WAYS:
                table.add_row(*measured(vae, endpoint, way, x, args.batch, Path(folder)))
    Console(width=110).print(table)


if __name__ == "__main__":
    main()
