"""Nonlinear independent components with an identifiable VAE and with a plain one, as Khemakhem et al. 2020.

Two sources are normal and independent in each of 40 segments of 1,000 points, with mean 0 and scales drawn
for each segment and source from [0.5, 3]. A random network of two invertible layers with a leaky rectifier
between them mixes them, with a little noise. Both models see x; the identifiable one also the segment. The
figure is the mean correlation coefficient of the sources with the locations of q(z|x), or q(z|x,u).

    python reproductions/ivae.py
"""

from __future__ import annotations

import argparse
import os
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
import numpy as np
from record import record

import tfvae

NOISE = 0.1


def segments(args: argparse.Namespace, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Sources [n, d], data [n, d] standardized, and segment [n]."""
    segment = np.repeat(np.arange(args.segments), args.points)
    scales = rng.uniform(0.5, 3, (args.segments, args.sources))
    sources = rng.normal(size=(len(segment), args.sources)) * scales[segment]
    x = sources
    for layer in range(args.mixing_layers):
        # Orthogonal layers keep the mixing from losing a direction.
        x = x @ np.linalg.qr(rng.normal(size=(args.sources, args.sources)))[0]
        if layer < args.mixing_layers - 1:
            x = np.where(x > 0, x, 0.2 * x)
    x = x / x.std(axis=0) + NOISE * rng.normal(size=x.shape)
    return sources, x.astype("float32"), segment


def fitted(model: tfvae.VAE, inputs: object, args: argparse.Namespace) -> np.ndarray:
    """Train, and return the locations of the posterior."""
    steps = args.epochs * args.segments * args.points // args.batch_size
    decay = keras.optimizers.schedules.CosineDecay(args.learning_rate, steps, alpha=0.01)
    model.compile(tfvae.optimizers.Adam(decay))
    model.fit(inputs, batch_size=args.batch_size, epochs=args.epochs, verbose=0)
    return model.predict(inputs, batch_size=4096, verbose=0)["latent"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2, 3, 4])
    parser.add_argument("--sources", type=int, default=2)
    parser.add_argument("--segments", type=int, default=40)
    parser.add_argument("--points", type=int, default=1000, help="in a segment")
    parser.add_argument("--mixing-layers", type=int, default=2)
    parser.add_argument("--epochs", type=int, default=40)
    parser.add_argument("--batch-size", type=int, default=250)
    parser.add_argument("--learning-rate", type=float, default=1e-2)
    args = parser.parse_args()
    found = {"mixed data": [], "VAE": [], "iVAE": []}
    start = time.perf_counter()
    for seed in args.seeds:
        keras.utils.set_random_seed(seed)
        sources, x, segment = segments(args, np.random.default_rng(seed))
        condition = np.eye(args.segments, dtype="float32")[segment]
        mlp = tfvae.networks.mlp
        networks = {name: mlp((50, 50), "leaky_relu") for name in ("encoder", "decoder")}
        plain = tfvae.zoo.vae(x.shape[1:], args.sources, **networks)
        informed = tfvae.zoo.ivae(x.shape[1:], args.segments, args.sources)
        for name, latent in (
            ("mixed data", x),
            ("VAE", fitted(plain, x, args)),
            ("iVAE", fitted(informed, {"x": x, "condition": condition}, args)),
        ):
            found[name].append(tfvae.evaluation.mean_correlation_coefficient(sources, latent))
        line = ", ".join(f"{name} {values[-1]:.3f}" for name, values in found.items())
        print(f"seed {seed}: {line}   {(time.perf_counter() - start) / 60:.1f} min", flush=True)
    means = {name: f"{np.mean(values):.3f}" for name, values in found.items()}
    setting = f"nonlinear ICA, {args.sources} sources, {args.mixing_layers} layers, {len(args.seeds)} seeds"
    record("ivae", "ivae", f"{setting}: mean correlation {means['iVAE']}, plain VAE {means['VAE']}")
    for name, values in found.items():
        spread = np.std(values, ddof=1) if len(values) > 1 else float("nan")
        print(f"{name:10}  mean correlation {np.mean(values):.3f}, standard deviation {spread:.3f}")


if __name__ == "__main__":
    main()
