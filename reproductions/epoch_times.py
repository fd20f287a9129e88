"""Seconds of one training epoch of each model that is no plain composition of parts, on its own data.

A model takes `--steps` steps to start, and as many under the clock, or one whole epoch where that is shorter;
what is more is extrapolated, and the table says so. The networks are those of the other scripts here, or the
recipes' own. Data is made ready before the clock starts.

    TFVAE_DATA=folder python reproductions/epoch_times.py                   # all
    TFVAE_DATA=folder python reproductions/epoch_times.py --models vrnn vdvae

Prints a table, worth keeping if the machine has nothing else to do.
"""

from __future__ import annotations

import argparse
import dataclasses
import os
import time
from collections.abc import Callable

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import cora
import hierarchical
import keras
import missing_data
import mixed_tables
import multimodal
import numpy as np
import recommendation
import semi_supervised
import sequences
import short_runs
import tensorflow as tf

import tfvae
from tfvae.data import hide_labels

EXAMPLES, LABELS = 60000, 100
networks, likelihoods = tfvae.networks, tfvae.likelihoods


@dataclasses.dataclass(frozen=True)
class Case:
    """A model and its data: `data(n)` gives the first n examples, or all if there are fewer."""

    data: str
    make: Callable[[], tfvae.LatentModel]
    inputs: Callable[[int], object]
    size: int
    batch: int = 100


def digits(count: int, shape: tuple[int, ...] = (784,)) -> np.ndarray:
    """Images of MNIST, binarized once; random ones serve as well for the time they take."""
    return (np.random.default_rng(0).random((min(count, EXAMPLES), *shape)) < 0.13).astype("float32")


def classes(count: int) -> np.ndarray:
    return np.arange(min(count, EXAMPLES)) % 10


def with_condition(count: int) -> dict[str, np.ndarray]:
    return {"x": digits(count), "condition": np.eye(10, dtype="float32")[classes(count)]}


def with_labels(count: int) -> dict[str, np.ndarray]:
    label = classes(count)
    return {"x": digits(count), "label": hide_labels(label, max(1, LABELS * len(label) // EXAMPLES // 10))}


def with_label_as_modality(count: int) -> dict[str, np.ndarray]:
    return {"a": digits(count), "b": classes(count)[:, np.newaxis].astype("float32")}


def mlps() -> dict[str, object]:
    two = {name: networks.mlp((200, 200), "tanh") for name in ("encoder", "decoder")}
    return {**two, "likelihood": likelihoods.Bernoulli((784,))}


def conditional(name: str) -> Case:
    return Case("MNIST", lambda: getattr(tfvae.zoo, name)((784,), 10, 20, **mlps()), with_condition, EXAMPLES)


def m2() -> tfvae.LatentModel:
    args = argparse.Namespace(alpha=0.1, learning_rate=1e-3)
    return semi_supervised.m2((784,), likelihoods.Bernoulli((784,)), LABELS, args)


def m2_of_latents() -> tfvae.LatentModel:
    """M2 as it stands on M1 in M1+M2."""
    args = argparse.Namespace(alpha=0.1, learning_rate=1e-3)
    size = semi_supervised.LATENT
    return semi_supervised.m2((size,), likelihoods.Normal((size,), tfvae.scales.PerElement()), LABELS, args)


def latents(count: int) -> dict[str, np.ndarray]:
    inputs = with_labels(count)
    size = (len(inputs["x"]), semi_supervised.LATENT)
    return {**inputs, "x": np.random.default_rng(0).normal(size=size).astype("float32")}


def layered(name: str) -> Case:
    return Case("MNIST", lambda: hierarchical.make(name, 4000), digits, EXAMPLES)


def several(name: str) -> Case:
    return Case(
        "MNIST and labels", lambda: multimodal.make(name, "label", 50.0), with_label_as_modality, EXAMPLES
    )


def rows(name: str) -> Case:
    return Case("MNIST by rows", lambda: sequences.make(name), lambda n: digits(n, (28, 28)), EXAMPLES)


def graph(name: str) -> Case:
    def make() -> tfvae.VAE:
        features = cora.cora()[1]
        encoder = tfvae.layers.GraphConvolution((32,), features=features)
        return getattr(tfvae.zoo, name)((len(features),) * 2, latent_dim=16, encoder=encoder)

    def whole(count: int) -> np.ndarray:
        edges, features = cora.cora()
        return cora.split(edges, len(features), 0, 0.0)[0][np.newaxis]

    return Case("Cora, one graph", make, whole, 1, 1)


def gaps(name: str) -> np.ndarray:
    load, hide, _, _ = missing_data.TABLES[name]
    x = missing_data.standardized(load())
    return np.where(hide(x, np.random.default_rng(0)), np.nan, x)


def adult() -> tuple[mixed_tables.Table, np.ndarray]:
    table = mixed_tables.Table("adult")
    return table, np.where(table.file["miss10"][0], np.nan, table.x).astype("float32")


def sources(count: int) -> dict[str, np.ndarray]:
    """As many numbers as `ivae.py` makes."""
    x = np.random.default_rng(0).normal(size=(min(count, 40000), 2)).astype("float32")
    return {"x": x, "condition": np.eye(40, dtype="float32")[np.arange(len(x)) % 40]}


CASES = {
    **{name: conditional(name) for name in ("cvae", "conditional_prior_cvae", "conditional_prior_vae")},
    "semi_supervised_vae (M2)": Case("MNIST", m2, with_labels, EXAMPLES, 200),
    "M2 on M1's latent variable": Case("50 numbers for each of MNIST", m2_of_latents, latents, EXAMPLES, 200),
    "auxiliary_vae": Case("MNIST", short_runs.auxiliary, with_labels, EXAMPLES, 200),
    "hierarchical_vae": layered("hierarchical_vae"),
    "ladder_vae": layered("ladder_vae"),
    "vdvae": Case("tiles of 32 x 32 x 3", short_runs.vdvae, lambda n: short_runs.tiles()[:n], 4192, 16),
    "vq_vae_2": Case("MNIST", short_runs.vq_vae_2, lambda n: digits(n, (28, 28, 1)), EXAMPLES),
    **{name: several(name) for name in multimodal.RECIPES},
    "vrnn": rows("vrnn"),
    "sequence_vae": rows("sequence_vae"),
    "text_vae": Case(
        "sentences, made",
        lambda: tfvae.zoo.text_vae((sequences.LONGEST,), 8, len(sequences.WORDS)),
        lambda n: sequences.sentences(min(n, 20000), 0)[0],
        20000,
    ),
    "graph_vae": graph("graph_vae"),
    "graph_autoencoder": graph("graph_autoencoder"),
    "mult_vae": Case(
        "made", lambda: tfvae.zoo.mult_vae((1000,)), lambda n: recommendation.ratings(0)[0][:n][:8000], 8000
    ),
    "ivae": Case("sources, made", lambda: tfvae.zoo.ivae((2,), 40), sources, 40000, 250),
    "sparse_vae": Case(
        "made", lambda: tfvae.zoo.sparse_vae((9,), 3), lambda n: short_runs.nine(500, 0)[0][:n], 500, 50
    ),
    "miwae": Case("breast cancer", lambda: missing_data.miwae(30, 10), lambda n: gaps("breast")[:n], 569, 64),
    "not_miwae": Case(
        "red wine", lambda: missing_data.not_miwae(11, 10), lambda n: gaps("red")[:n], 1599, 64
    ),
    "hi_vae": Case("adult", lambda: mixed_tables.model(*adult(), 10), lambda n: adult()[1][:n], 32561, 128),
    "predictive_sparse_decomposition": Case("MNIST", short_runs.sparse_coding, digits, EXAMPLES),
    "linear_vae": Case("MNIST, 5,000 images", lambda: tfvae.zoo.linear_vae((784,), 20), digits, 5000),
}


def timed(case: Case, steps: int) -> tuple[float, int]:
    """Seconds for the steps under the clock, and how many examples these were."""
    keras.utils.set_random_seed(0)
    model = case.make()
    model.compile(tfvae.optimizers.Adam(1e-3))
    inputs = case.inputs(steps * case.batch)
    count = len(tf.nest.flatten(inputs)[0])
    model.fit(inputs, batch_size=case.batch, verbose=0)
    start = time.perf_counter()
    model.fit(inputs, batch_size=case.batch, verbose=0)
    return time.perf_counter() - start, count


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", nargs="+", choices=list(CASES), default=list(CASES), metavar="MODEL")
    parser.add_argument("--steps", type=int, default=50, help="under the clock, at most; an epoch at most")
    args = parser.parse_args()
    print("| model | data | examples | batch | s/epoch | timed |\n| --- | --- | --- | --- | --- | --- |")
    for name in args.models:
        case = CASES[name]
        seconds, count = timed(case, args.steps)
        epoch = seconds * case.size / count
        share = "a whole epoch" if count >= case.size else f"{100 * count / case.size:.1f} %, extrapolated"
        print(
            f"| `{name}` | {case.data} | {case.size:,} | {case.batch} | {epoch:.2g} | {share} |", flush=True
        )
        keras.backend.clear_session()


if __name__ == "__main__":
    main()
