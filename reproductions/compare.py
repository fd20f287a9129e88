"""The recipes side by side on MNIST: the same networks, data and number of epochs for each.

784-200-200-20 and back, tanh, Bernoulli pixels, pixels drawn anew in each epoch, batches of 100, Adam with
learning rate 1e-3. Judged on 2,000 test images, binarized once. One seed.

    python reproductions/compare.py                          # all
    python reproductions/compare.py --recipes vae iwae       # some

Writes reproductions/results/compare.json, for the table in README.md, and a row of samples for each.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable, Iterable
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
import matplotlib.pyplot as plt
import numpy as np
from mnist_iwae import binarized_batches, images
from record import record

import tfvae

HERE = Path(__file__).parent
EVALUATED, DRAWS, SAMPLES = 2000, 500, 16
FEWER = {"iwae": {"num_samples": 50}, "beta_tcvae": {"dataset_size": 60000}}
DISENTANGLING = ("beta_vae", "beta_tcvae", "factor_vae", "dip_vae", "vae")
RECIPES = (
    "vae", "annealed_vae", "beta_vae", "beta_tcvae", "factor_vae", "dip_vae", "iwae", "renyi_vae",
    "info_vae", "wae_mmd", "aae", "vae_gan", "mixture_vae", "vamp_vae", "flow_prior_vae", "planar_vae",
    "iaf_vae", "hamiltonian_vae", "hyperspherical_vae", "discrete_vae", "vq_vae", "autoencoder",
    "denoising_autoencoder", "sparse_autoencoder", "contractive_autoencoder",
)  # fmt: skip


def make(name: str, **others: int) -> tfvae.VAE:
    options = {**FEWER.get(name, {}), **others}
    if name not in ("vq_vae", "discrete_vae"):
        options["latent_dim"] = 20
    networks = tfvae.networks
    return getattr(tfvae.zoo, name)(
        (784,),
        likelihood=tfvae.likelihoods.Bernoulli((784,)),
        encoder=networks.mlp((200, 200), "tanh"),
        decoder=networks.mlp((200, 200), "tanh"),
        **options,
    )


def figures(name: str, model: tfvae.VAE, test: np.ndarray) -> str:
    """One line of what this recipe is judged by."""
    if not model.has_density:
        return f"distortion {model.distortion(test).mean():.1f} nats"
    elbo = model.elbo(test, num_samples=10).mean()
    if model.posterior.space == "codes":
        return f"ELBO {elbo:.1f} nats under the uniform prior"
    log_p = model.log_likelihood(test, num_samples=DRAWS)
    line = f"log p(x) {log_p.mean():.1f} ± {log_p.std() / np.sqrt(len(log_p)):.1f}, ELBO {elbo:.1f} nats"
    if name in DISENTANGLING:
        terms = tfvae.evaluation.rate_decomposition(model, test)
        line += f", total correlation {terms.total_correlation:.2f} nats"
    return line + f", {tfvae.evaluation.active_units(model, test).sum()} active units"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=12, help="for each recipe")
    parser.add_argument("--recipes", nargs="+", default=RECIPES, choices=RECIPES)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    side_by_side("compare", args.recipes, make, args.epochs, args.seed)


def side_by_side(
    script: str,
    names: Iterable[str],
    make: Callable[[str], tfvae.VAE],
    epochs: int,
    seed: int,
    note: str = "",
) -> None:
    """Train and judge the models of these names one after the other; record, print and draw each.

    A note on how they are trained goes into the record and into the picture's name.
    """
    train, test = images("train"), images("test")[:EVALUATED]
    test = (np.random.default_rng(1234).random(test.shape) < test).astype("float32")
    for name in names:
        keras.utils.set_random_seed(seed)
        model = make(name)
        data, steps = binarized_batches(train, 100, seed)
        model.compile(tfvae.optimizers.Adam(1e-3))
        start = time.perf_counter()
        model.fit(data, steps_per_epoch=steps, epochs=epochs, verbose=0)
        minutes = (time.perf_counter() - start) / 60
        line = figures(name, model, test)
        record(script, name, f"MNIST, {epochs} epochs{note}: {line}")
        print(f"{name:24s} {minutes:5.1f} min  {line}", flush=True)
        picture(name + "_slowly" * bool(note), model)
        keras.backend.clear_session()


def picture(name: str, model: tfvae.VAE) -> None:
    """One row of means of p(x|z) for z from the prior."""
    row = model.sample(SAMPLES, seed=0).reshape(SAMPLES, 28, 28).transpose(1, 0, 2).reshape(28, -1)
    folder = HERE / "samples"
    folder.mkdir(exist_ok=True)
    plt.imsave(folder / f"{name}.png", row, cmap="gray", vmin=0, vmax=1)


if __name__ == "__main__":
    main()
