"""Recipes without a script of their own, trained for a few epochs: that they learn, and how fast.

- `auxiliary_vae`: MNIST with 100 labels, test error; networks with one hidden layer of 500 softplus units.
- `vq_vae_2`: MNIST, distortion, ELBO under the uniform prior, and how many codes of each level are in use,
  as perplexity.
- `vdvae`: game tiles of 32 x 32 pixels, red, green and blue, 8 layers, width 32, a mixture of 5 logistics for
  each pixel: bits for each number, and the rate of each layer.
- `predictive_sparse_decomposition`: MNIST, what the encoder's codes cost against the least that proximal
  steps reach with the same dictionary, and their share of zeros.
- `sparse_vae`: nine elements made of three factors; F-score of the masks that are found.

    TFVAE_DATA=folder python reproductions/short_runs.py --models vq_vae_2 vdvae --epochs 2

Writes reproductions/results/short_runs.json.
"""

from __future__ import annotations

import argparse
import itertools
import os
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
import numpy as np
import tensorflow as tf
from record import record
from semi_supervised import images_and_labels, mlp

import tfvae
from tfvae.posteriors import perplexity

DATA = Path(os.environ.get("TFVAE_DATA", Path(__file__).parents[2] / "shared" / "data"))
SPARSITY, TESTED = 0.2, 1000


def auxiliary() -> tfvae.models.AuxiliarySemiSupervised:
    parts = ("encoder", "decoder", "classifier", "auxiliary_encoder", "auxiliary_decoder")
    likelihood, networks = tfvae.likelihoods.Bernoulli((784,)), {part: mlp() for part in parts}
    return tfvae.zoo.auxiliary_vae((784,), 10, 50, 50, alpha=600.0, likelihood=likelihood, **networks)


def vq_vae_2() -> tfvae.VAE:
    return tfvae.zoo.vq_vae_2((28, 28, 1))


def vdvae() -> tfvae.models.VDVAE:
    likelihood = tfvae.likelihoods.DiscretizedLogisticMixture((32, 32, 3), 5)
    return tfvae.zoo.vdvae(
        (32, 32, 3), factors=(2, 2, 2), encoder_blocks=(1, 1, 1, 1), decoder_blocks=(2, 2, 2, 2),
        likelihood=likelihood,
    )  # fmt: skip


def sparse_coding() -> tfvae.VAE:
    return tfvae.zoo.predictive_sparse_decomposition((784,), 256, SPARSITY)


def tiles() -> np.ndarray:
    """Tiles over black, in [0, 1], in a random order, [4192, 32, 32, 3]."""
    x = np.load(DATA / "dcss_tiles" / "dcss_tiles_32.npz")["x"].astype("float32") / 255
    return np.random.default_rng(0).permutation(np.round(255 * x[..., :3] * x[..., 3:]) / 255)


def nine(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Nine elements, six of one factor each and three of two; and which of which, [9, 3]."""
    rng = np.random.default_rng(seed)
    support = np.zeros((9, 3), bool)
    support[np.arange(6), np.arange(6) % 3] = True
    support[6, [0, 1]] = support[7, [1, 2]] = support[8, [0, 2]] = True
    z = rng.normal(size=(count, 3))
    pairs = np.stack([z[:, 0] + 1.5 * z[:, 1], z[:, 1] + 1.5 * z[:, 2], z[:, 2] - 1.5 * z[:, 0]], axis=1)
    x = np.concatenate([2 * z, np.sinh(z), pairs], axis=1)
    return (x + 0.1 * rng.normal(size=x.shape)).astype("float32"), support


def auxiliary_vae(args: argparse.Namespace) -> str:
    (x, label), test = images_and_labels("train"), images_and_labels("test")
    seen = tfvae.data.hide_labels(label, 10, args.seed)
    x, seen = _first(x, args.examples, seen), _first(seen, args.examples, seen)
    model = auxiliary()
    model.compile(tfvae.optimizers.Adam(1e-3))
    model.fit(tfvae.data.mixed_batches(x, seen, 200, 20, args.seed), epochs=args.epochs, verbose=0)
    wrong = 100 * (model.predict_label(test[0]) != test[1]).mean()
    return f"MNIST, {_budget(x, args)}, 100 labels, alpha 1 N: test error {wrong:.1f} %"


def vector_quantized(args: argparse.Namespace) -> str:
    x, test = (images_and_labels(part)[0].reshape(-1, 28, 28, 1) for part in ("train", "test"))
    x, test = x[: args.examples], test[:TESTED]
    model = vq_vae_2()
    model.compile(tfvae.optimizers.Adam(1e-3))
    model.fit(x, batch_size=100, epochs=args.epochs, verbose=0)
    posterior, codes = model.posterior, model.posterior.codes(model(test)["posterior"])
    top, bottom = tf.split(codes, [posterior.top.num_positions, posterior.bottom.num_positions], axis=-1)
    used = [f"{float(perplexity(part, posterior.top.num_codes)):.0f}" for part in (top, bottom)]
    return (
        f"MNIST, {_budget(x, args)}: distortion {model.distortion(test).mean():.1f}, ELBO "
        f"{model.elbo(test).mean():.1f} nats under the uniform prior; perplexity of the codes {used[0]} "
        f"(top) and {used[1]} (bottom) of {posterior.top.num_codes}"
    )


def very_deep(args: argparse.Namespace) -> str:
    x = tiles()
    test, x = x[-200:], x[:-200][: args.examples]
    model = vdvae()
    model.compile(tfvae.optimizers.Adam(1e-3, global_clipnorm=100.0))
    model.fit(x, batch_size=16, epochs=args.epochs, verbose=0)
    bits = -model.elbo(test, batch_size=50).mean() / (np.log(2) * test[0].size)
    rates = model.layer_rates(test).mean(axis=0)
    print("rates from z_1 up:", ", ".join(f"{rate:.0f}" for rate in rates), "nats")
    return f"tiles of 32 x 32 x 3, 8 layers, {_budget(x, args)}: {bits:.2f} bits for each number"


def decomposed(args: argparse.Namespace) -> str:
    x, test = (images_and_labels(part)[0] for part in ("train", "test"))
    x, test = x[: args.examples], tf.constant(test[:TESTED])
    model = sparse_coding()
    model.compile(tfvae.optimizers.Adam(1e-3))
    model.fit(x, batch_size=100, epochs=args.epochs, verbose=0)
    atoms = tf.convert_to_tensor(model.likelihood.atoms)
    codes = tf.constant(model.predict(test, verbose=0)["latent"])
    least = tfvae.layers.ista(test, atoms, SPARSITY / 2, 500, codes)

    def energy(z: tf.Tensor) -> float:
        cost = tf.reduce_sum(tf.square(test - z @ atoms), 1) + SPARSITY * tf.reduce_sum(tf.abs(z), 1)
        return float(tf.reduce_mean(cost))

    return (
        f"MNIST, {_budget(x, args)}: energy of the encoder's codes {energy(codes):.1f}, the least with this "
        f"dictionary {energy(least):.1f}, of zeros {energy(tf.zeros_like(codes)):.1f}; "
        f"{100 * np.mean(codes == 0):.0f} % of the entries are 0"
    )


def masked(args: argparse.Namespace) -> str:
    """The order of the factors is free: the F-score is that of the best one."""
    x, support = nine(500, args.seed)
    model = tfvae.zoo.sparse_vae((9,), 3, dataset_size=500)
    model.compile(tfvae.optimizers.Adam(3e-3))
    model.fit(x, batch_size=50, epochs=args.mask_epochs, verbose=0)
    found = model.objective.probability(model.likelihood.masks).numpy() > 0.5  # of the slab
    score = max(_f_score(found[:, order], support) for order in map(list, itertools.permutations(range(3))))
    everything = _f_score(np.ones_like(support), support)
    return (
        f"made data, 500 examples, {args.mask_epochs} epochs: F-score of the masks {score:.2f}, of all masks "
        f"{everything:.2f}; ELBO {model.elbo(x).mean():.1f} nats"
    )


MODELS = {
    "auxiliary_vae": auxiliary_vae,
    "vq_vae_2": vector_quantized,
    "vdvae": very_deep,
    "predictive_sparse_decomposition": decomposed,
    "sparse_vae": masked,
}


def _f_score(found: np.ndarray, true: np.ndarray) -> float:
    return 2 * (found & true).sum() / (found.sum() + true.sum())


def _first(values: np.ndarray, count: int, label: np.ndarray) -> np.ndarray:
    """The examples with a label, and the first ones without, `count` in all."""
    known, unknown = np.flatnonzero(label >= 0), np.flatnonzero(label < 0)
    return values[np.sort(np.concatenate([known, unknown[: count - len(known)]]))]


def _budget(x: np.ndarray, args: argparse.Namespace) -> str:
    return f"{len(x):,} images, {args.epochs} epochs"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", nargs="+", choices=list(MODELS), default=list(MODELS))
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--mask-epochs", type=int, default=300, help="of the sparse VAE, whose data is small")
    parser.add_argument("--examples", type=int, default=60000, help="images to train on, at most")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    for name in args.models:
        keras.utils.set_random_seed(args.seed)
        start = time.perf_counter()
        line = MODELS[name](args)
        record("short_runs", name, line)
        print(f"{name:32s} {(time.perf_counter() - start) / 60:5.1f} min  {line}", flush=True)
        keras.backend.clear_session()


if __name__ == "__main__":
    main()
