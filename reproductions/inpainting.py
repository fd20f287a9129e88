"""Digits filled in of which half is missing: an encoder that learned to see parts, beside one that did not.

Two models of the same networks are trained on whole digits. The encoder of the first sees a part of each: a
random half, what is around a random block, or half of the pixels, with marks of what is seen. The second
one's sees all. Both are then given the upper half of test digits, the lower one missing, and filled in by
`evaluation.impute` with E[x_mis|x_obs]. Its importance weights make up for a wrong posterior as far as the
draws reach.

    TFVAE_DATA=folder python reproductions/inpainting.py --epochs 10

`TFVAE_DATA` holds mnist/ in IDX files. Printed: the mean squared error of the hidden pixels, the estimated
log p(x_obs), and how many of the draws count. Written: samples/inpainting.png, whose rows are what is seen,
what was hidden, the filled digits of the first and of the second model, and three draws of the first.
"""

from __future__ import annotations

import argparse
import os
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf

import tfvae
from tfvae.layers.masking import MaskBlock, MaskElements, MaskHalf, MaskOneOf

DATA = Path(os.environ.get("TFVAE_DATA", Path(__file__).parents[2] / "shared" / "data"))
PICTURE = Path(__file__).parent / "samples" / "inpainting.png"
SHAPE = (28, 28, 1)
SHOWN = 12


def images(part: str, count: int) -> np.ndarray:
    """The first `count` images of a part, black and white."""
    if not (DATA / "mnist").is_dir():
        raise SystemExit(f"{DATA / 'mnist'}: no such folder; set TFVAE_DATA to one that holds mnist/")
    chunks = tfvae.data.source(f"idx:{DATA / 'mnist'}/{part}").chunks(8192)
    x = np.concatenate([chunk["x"] for chunk in chunks])[:count]
    return (x.reshape(-1, *SHAPE) > 0.5).astype("float32")


def trained(x: np.ndarray, *before: keras.Layer, args: argparse.Namespace) -> tfvae.VAE:
    """A model whose encoder has these layers before it."""
    vae = tfvae.VAE(
        encoder=tfvae.networks.chain(*before, tfvae.networks.mlp((256, 256))),
        decoder=tfvae.networks.mlp((256, 256)),
        posterior=tfvae.posteriors.Normal(20),
        likelihood=tfvae.likelihoods.WithMissingMask(
            tfvae.likelihoods.MissingAtRandom(tfvae.likelihoods.Bernoulli(SHAPE))
        ),
    )
    vae.compile(optimizer=tfvae.optimizers.Adam(1e-3))
    vae.fit(x, batch_size=128, epochs=args.epochs, verbose=0)
    return vae


def draws_that_count(vae: tfvae.VAE, gaps: np.ndarray, num_samples: int) -> float:
    weights = tf.nn.softmax(vae.trace(gaps, num_samples).log_weights, axis=0)
    return float(tf.reduce_mean(1 / tf.reduce_sum(tf.square(weights), axis=0)))


def picture(rows: list[np.ndarray]) -> np.ndarray:
    """Rows of digits [n, 28, 28, 1] as one gray picture; what is missing is gray."""
    lines = [np.concatenate(np.pad(row[..., 0], ((0, 0), (1, 1), (1, 1))), axis=1) for row in rows]
    return np.nan_to_num(np.concatenate(lines), nan=0.4)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--examples", type=int, default=20000)
    parser.add_argument("--tested", type=int, default=500)
    parser.add_argument("--draws", type=int, default=1000)
    parser.add_argument("--seeds", type=int, default=2)
    args = parser.parse_args()
    x, test = images("train", args.examples), images("test", args.tested)
    lower = np.arange(28)[:, np.newaxis, np.newaxis] >= 14
    gaps = np.where(lower, np.nan, test).astype("float32")
    hidden = np.broadcast_to(lower, test.shape)
    plain = np.mean(np.square(x.mean(axis=0) - test)[hidden])
    print(f"mean digit                 MSE {plain:.4f}", flush=True)
    start, results = time.time(), {"parts": [], "whole": []}
    for seed in range(args.seeds):
        for name in results:
            keras.utils.set_random_seed(seed)
            ways = (MaskHalf(), MaskBlock(), MaskElements(0.5))
            vae = trained(x, *([MaskOneOf(ways)] if name == "parts" else []), args=args)
            filled = tfvae.evaluation.impute(vae, gaps, args.draws)
            error = np.mean(np.square(filled - test)[hidden])
            log_p = vae.log_likelihood(gaps, num_samples=args.draws).mean()
            count = draws_that_count(vae, gaps[:100], args.draws)
            results[name].append((vae, filled))
            print(
                f"encoder of {name}, seed {seed}   MSE {error:.4f}   log p(x_obs) {log_p:.1f} nats   "
                f"{count:.1f} of {args.draws} draws count   {(time.time() - start) / 60:.1f} min",
                flush=True,
            )
    (vae, ours), (_, whole) = results["parts"][0], results["whole"][0]
    many = tfvae.evaluation.multiple_imputations(vae, gaps[:SHOWN], 3, args.draws)
    rows = [gaps[:SHOWN], test[:SHOWN], ours[:SHOWN], whole[:SHOWN], *many]
    plt.imsave(PICTURE, picture(rows), cmap="gray", vmin=0, vmax=1)


if __name__ == "__main__":
    main()
