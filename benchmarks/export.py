"""What an export costs: its endpoints against the bare Keras networks, alternating in one process.

`encode` of the SavedModel stands against encoder and projection under one `tf.function`, `score` with one
draw against encoder, projection, decoder and projection. Each round calls one after the other; what is
printed is the median over rounds of the ratio of their throughputs, and its spread.

    python benchmarks/export.py --rounds 20
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Callable

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import numpy as np
import tensorflow as tf

import tfvae

SHAPE, LATENT = (28, 28, 1), 16


def networks() -> dict[str, tuple[Callable, Callable]]:
    """Two encoders and decoders for images: perceptrons and convolutions."""
    return {
        "mlp": (tfvae.networks.mlp((400, 400)), tfvae.networks.mlp((400, 400))),
        "conv": (None, None),
    }


def model(kind: str) -> tfvae.VAE:
    encoder, decoder = networks()[kind]
    if encoder is None:
        return tfvae.zoo.vae(SHAPE, latent_dim=LATENT)
    return tfvae.zoo.vae(SHAPE, latent_dim=LATENT, encoder=encoder, decoder=decoder)


def bare(vae: tfvae.VAE) -> dict[str, Callable]:
    spec = tf.TensorSpec((None, *SHAPE), tf.float32)

    @tf.function(input_signature=[spec])
    def encode(x):
        return vae.posterior(vae.encoder(x))

    @tf.function(input_signature=[spec])
    def score(x):
        parameters = vae.posterior(vae.encoder(x))
        location = tf.nest.flatten(parameters)[0][..., :LATENT]
        return vae.likelihood(vae.decoder(location))

    return {"encode": encode, "score": score}


def seconds(function: Callable[[], object], calls: int) -> float:
    start = time.perf_counter()
    for _ in range(calls):
        function()
    return (time.perf_counter() - start) / calls


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--calls", type=int, default=20, help="of each in a round")
    parser.add_argument("--batch", type=int, default=256)
    given = parser.parse_args()
    x = tf.constant(np.random.default_rng(0).random((given.batch, *SHAPE), "float32"))
    for kind in networks():
        vae = model(kind)
        path = tfvae.export.saved_model(vae, os.path.join(tempfile.mkdtemp(), kind), num_samples=1).path
        signatures = tf.saved_model.load(str(path)).signatures
        for name, network in bare(vae).items():
            ours, theirs = (lambda s=signatures[name]: s(x=x)), (lambda n=network: n(x))
            seconds(ours, 5), seconds(theirs, 5)
            pairs = [(seconds(ours, given.calls), seconds(theirs, given.calls)) for _ in range(given.rounds)]
            ratios = np.array([bare_time / our_time for our_time, bare_time in pairs])
            low, high = np.quantile(ratios, [0.25, 0.75])
            rate = given.batch / np.median([pair[0] for pair in pairs])
            print(
                f"{kind:5} {name:7} {rate:10,.0f} items/s, {np.median(ratios):.3f} of the bare network "
                f"(half of the rounds in {low:.3f} to {high:.3f})"
            )


if __name__ == "__main__":
    main()
