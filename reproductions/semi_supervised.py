"""Test error with few labels on MNIST, as in Kingma et al. 2014, table 1: M1, M2, and M1+M2.

All 60,000 training images are used, `--labels` of them with their label, as many of each class. Pixels are
binarized once. Networks have softplus units and 50 latent dimensions: two hidden layers of 500 in M1, one in
each network of M2. Published test errors, after thousands of epochs:

    labels    M1 (transductive SVM)    M2                M1+M2
    100       11.82 % (0.25)           11.97 % (1.71)    3.33 % (0.14)
    1000      4.24 % (0.07)            3.60 % (0.56)     2.40 % (0.02)

M1 here has an ordinary support vector machine, and is trained once for all that stands on it. The defaults
are a few minutes for each model on 2 cores, far too little for M2 with the paper's `--alpha 0.1`; README.md
has what was measured.

    python reproductions/semi_supervised.py --models m1 m2 stacked --labels 100 1000 --seeds 0 1 2
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
from record import record

import tfvae

DATA = Path(os.environ.get("TFVAE_DATA", Path(__file__).parents[2] / "shared" / "data"))
UNITS, LATENT, CLASSES = 500, 50, 10
BATCH = 200


def images_and_labels(part: str) -> tuple[np.ndarray, np.ndarray]:
    if not (DATA / "mnist").is_dir():
        raise SystemExit(f"{DATA / 'mnist'}: no such folder; set TFVAE_DATA to one that holds mnist/")
    chunks = list(tfvae.data.source(f"idx:{DATA / 'mnist'}/{part}").chunks(8192))
    x = np.concatenate([chunk["x"] for chunk in chunks]).reshape(-1, 784)
    binary = np.random.default_rng(1234).random(x.shape) < x
    return binary.astype("float32"), np.concatenate([chunk["label"] for chunk in chunks])


def mlp(*sizes: int) -> keras.Sequential:
    return tfvae.networks.mlp(sizes or (UNITS,), "softplus")


def trained_m1(x: np.ndarray, args: argparse.Namespace) -> tfvae.VAE:
    vae = tfvae.zoo.vae(
        (784,),
        LATENT,
        likelihood=tfvae.likelihoods.Bernoulli((784,)),
        encoder=mlp(UNITS, UNITS),
        decoder=mlp(UNITS, UNITS),
    )
    vae.compile(tfvae.optimizers.Adam(args.learning_rate))
    vae.fit(x, batch_size=BATCH, epochs=args.m1_epochs, verbose=0)
    return vae


def m2(
    shape: tuple[int, ...], likelihood: tfvae.likelihoods.Likelihood, labels: int, args: argparse.Namespace
) -> object:
    # The paper's alpha is 0.1 N in all, so 0.1 N / N_l for each of the N_l labels.
    model = tfvae.zoo.semi_supervised_vae(
        shape, CLASSES, LATENT, alpha=args.alpha * 60000 / labels, likelihood=likelihood,
        encoder=mlp(), decoder=mlp(), classifier=mlp(),
    )  # fmt: skip
    model.compile(tfvae.optimizers.Adam(args.learning_rate))
    return model


def error(
    name: str, m1: tfvae.VAE | None, data: tuple, labels: int, seed: int, args: argparse.Namespace
) -> float:
    """Train one model, on top of M1 where that has a part, and return its error on the test images, in %."""
    keras.utils.set_random_seed(seed)
    (x, label), test = data
    seen = tfvae.data.hide_labels(label, labels // CLASSES, seed)
    if name == "m1":
        model = tfvae.evaluation.LatentClassifier(m1).fit(x, seen)
    elif name == "m2":
        model = m2((784,), tfvae.likelihoods.Bernoulli((784,)), labels, args)
        batches = tfvae.data.mixed_batches(x, seen, BATCH, args.labeled, seed)
        model.fit(batches, epochs=args.m2_epochs, verbose=0)
    else:
        likelihood = tfvae.likelihoods.Normal((LATENT,), tfvae.scales.PerElement())
        model = tfvae.models.StackedSemiSupervised(m1, m2((LATENT,), likelihood, labels, args))
        model.fit(x, seen, BATCH, args.labeled, args.stacked_epochs, seed)
    return 100 * float((model.predict_label(test[0]) != test[1]).mean())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--models", nargs="+", default=["m1", "m2", "stacked"], choices=["m1", "m2", "stacked"]
    )
    parser.add_argument("--labels", type=int, nargs="+", default=[100], help="in all, as many of each class")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--m1-epochs", type=int, default=10)
    parser.add_argument("--m2-epochs", type=int, default=5)
    parser.add_argument("--stacked-epochs", type=int, default=10, help="of M2, after M1's")
    parser.add_argument("--labeled", type=int, default=20, help=f"labeled images in a batch of {BATCH}")
    parser.add_argument("--alpha", type=float, default=0.1, help="weight of the classifier's loss, times N")
    parser.add_argument("--learning-rate", type=float, default=1e-3)
    args = parser.parse_args()
    data = images_and_labels("train"), images_and_labels("test")
    found: dict[tuple[str, int], list[float]] = {}
    for seed in args.seeds:
        keras.utils.set_random_seed(seed)
        m1 = None if args.models == ["m2"] else trained_m1(data[0][0], args)
        for labels, name in itertools.product(args.labels, args.models):
            start = time.perf_counter()
            found.setdefault((name, labels), []).append(error(name, m1, data, labels, seed, args))
            minutes = (time.perf_counter() - start) / 60
            print(
                f"{name:8} {labels} labels, seed {seed}: {found[name, labels][-1]:.2f} % {minutes:.1f} min",
                flush=True,
            )
    for (name, labels), errors in found.items():
        if len(errors) > 1:
            spread = np.std(errors, ddof=1)
            print(f"{name:8} {labels} labels: mean {np.mean(errors):.2f} %, standard deviation {spread:.2f}")
    _record(found, args)


def _record(found: dict[tuple[str, int], list[float]], args: argparse.Namespace) -> None:
    epochs = {"m2": args.m2_epochs, "stacked": f"{args.m1_epochs} + {args.stacked_epochs}"}
    titles = {"m2": "", "stacked": " of M1+M2"}
    lines = [
        f"MNIST, {labels} labels, {epochs[name]} epochs, alpha {args.alpha:g} N: test error{titles[name]} "
        + ", ".join(f"{error:.1f}" for error in errors)
        + " %"
        for (name, labels), errors in found.items()
        if name in epochs
    ]
    if lines:
        record("semi_supervised", "semi_supervised_vae", "; ".join(lines))


if __name__ == "__main__":
    main()
