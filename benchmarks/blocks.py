"""What a detector's scores cost: rows per second against the bare networks, by rows of a block.

The bare networks do the same work with no more: encoder and posterior once, decoder and likelihood for each
draw, in batches of 256 under one `tf.function`. Each round calls one after the other; what is printed are
medians over rounds. `alone` is the time of one row by itself, for which a whole block is computed.

    python benchmarks/blocks.py                    # a million rows of 16 columns
    python benchmarks/blocks.py --rows 20000 --rounds 1 --samples 1 8
"""

from __future__ import annotations

import argparse
import resource
import statistics
import time

import numpy as np
import tensorflow as tf

import tfvae
from tfvae.anomaly import LogLikelihood, Scorer, VAEDetector
from tfvae.networks import at_points

BATCH = 256


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--columns", type=int, default=16)
    parser.add_argument("--hidden", type=int, nargs="+", default=[64, 32])
    parser.add_argument("--samples", type=int, nargs="+", default=[1, 16, 64])
    parser.add_argument("--blocks", type=int, nargs="+", default=[16, 32, 64, 128, 256, 1024])
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    x = np.random.default_rng(0).normal(size=(arguments.rows, arguments.columns)).astype("float32")
    model = _model(arguments.columns, tuple(arguments.hidden))
    print(f"{'draws':>6} {'block':>6} {'rows/s':>10} {'bare rows/s':>12} {'ratio':>6} {'alone ms':>9}")
    for samples in arguments.samples:
        fitted = VAEDetector(model, score=LogLikelihood(samples), epochs=0).fit(x[:1000]).scorer_
        bare = _bare(model, samples)
        for block in sorted({fitted.block, *arguments.blocks}):
            scorer = Scorer(fitted.model, fitted.score, fitted.calibration, block=block)
            ours = lambda rows, scorer=scorer: scorer.assess_arrays({"x": rows})["score"]  # noqa: E731
            ours(x[:BATCH]), bare(x[:BATCH])
            pairs = [(_seconds(ours, x), _seconds(bare, x)) for _ in range(arguments.rounds)]
            mine, theirs = (arguments.rows / statistics.median(side) for side in zip(*pairs, strict=True))
            alone = statistics.median(_seconds(ours, x[:1]) for _ in range(50))
            chosen = "*" if block == fitted.block else " "
            print(
                f"{samples:6d} {block:5d}{chosen} {mine:10.0f} {theirs:12.0f} {mine / theirs:6.2f} "
                f"{alone * 1e3:9.2f}",
                flush=True,
            )
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20:.2f} GiB")


def _model(columns, hidden):
    mlp = tfvae.networks.mlp
    return tfvae.VAE(mlp(hidden), mlp(hidden[::-1]), tfvae.posteriors.Normal(8),
                     tfvae.likelihoods.Normal((columns,)))  # fmt: skip


def _bare(model, samples):
    noise = tf.random.stateless_normal((samples, 1, model.latent_dim), (0, 0))

    @tf.function(reduce_retracing=True)
    def networks(x):
        params = model.posterior(model.encoder(x))
        z = params["loc"] + params["scale"] * noise
        return at_points(lambda flat: model.likelihood(model.decoder(flat)), z)["loc"][0, :, 0]

    def run(x):
        parts = [networks(tf.constant(x[start : start + BATCH])) for start in range(0, len(x), BATCH)]
        return np.concatenate([part.numpy() for part in parts])

    return run


def _seconds(function, x):
    start = time.perf_counter()
    function(x)
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
