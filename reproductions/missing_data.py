"""Imputation of numeric tables: MIWAE of Mattei and Frellsen 2019, not-MIWAE of Ipsen et al. 2021.

At random: breast cancer (569 x 30, from scikit-learn), half of all entries hidden, as in Mattei and Frellsen.
Not at random: concrete and wine, half of the columns hidden wherever they are above their mean, as in Ipsen
et al.; red and white wine apart. Columns have mean 0 and variance 1 before any entry is hidden, so that
filling with the mean of the whole table would have an error of 1. The error is that of the hidden entries.

    TFVAE_DATA=folder python reproductions/missing_data.py --seeds 3

`TFVAE_DATA` holds uci/concrete.csv and mixed_tabular/wine.npz.
"""

from __future__ import annotations

import argparse
import os
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
import numpy as np
from record import record
from sklearn.datasets import load_breast_cancer

import tfvae

DATA = Path(os.environ.get("TFVAE_DATA", Path(__file__).parents[2] / "shared" / "data"))
SAMPLES = 20


def standardized(x: np.ndarray) -> np.ndarray:
    return ((x - x.mean(axis=0)) / x.std(axis=0)).astype("float32")


def concrete() -> np.ndarray:
    return np.loadtxt(DATA / "uci" / "concrete.csv", delimiter=",", skiprows=1)


def wine(color: int) -> np.ndarray:
    """The eleven measurements of one color; the smaller group is the red one."""
    table = np.load(DATA / "mixed_tabular" / "wine.npz")["X"]
    groups = sorted((table[table[:, 12] == code, :11] for code in np.unique(table[:, 12])), key=len)
    return groups[color]


def hidden_at_random(x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return rng.random(x.shape) < 0.5


def hidden_above_mean(x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Which entries are above the mean of their column, in the first half of the columns."""
    first_half = np.arange(x.shape[1]) < x.shape[1] // 2
    return (x > x.mean(axis=0)) & first_half


def networks() -> dict[str, keras.Layer]:
    return {name: tfvae.networks.mlp((128, 128), "tanh") for name in ("encoder", "decoder")}


def miwae(columns: int, latent_dim: int) -> tfvae.VAE:
    return tfvae.zoo.miwae((columns,), latent_dim, SAMPLES, **networks())


def gaussian_miwae(columns: int, latent_dim: int) -> tfvae.VAE:
    """MIWAE with the likelihood of not-MIWAE, for a comparison of nothing but the mask model."""
    return tfvae.VAE(
        **networks(),
        posterior=tfvae.posteriors.Normal(latent_dim),
        likelihood=tfvae.likelihoods.MissingAtRandom(tfvae.likelihoods.Normal((columns,))),
        objective=tfvae.objectives.ImportanceWeighted(SAMPLES),
    )


def not_miwae(columns: int, latent_dim: int) -> tfvae.VAE:
    return tfvae.zoo.not_miwae((columns,), latent_dim, SAMPLES, **networks())


def linear_not_miwae(columns: int, latent_dim: int) -> tfvae.VAE:
    """not-MIWAE with the decoder of probabilistic PCA."""
    parts = {**networks(), "decoder": tfvae.networks.linear()}
    return tfvae.zoo.not_miwae((columns,), latent_dim, SAMPLES, **parts)


TABLES = {
    "breast": (lambda: load_breast_cancer().data, hidden_at_random, 10, (miwae,)),
    "concrete": (concrete, hidden_above_mean, None, (gaussian_miwae, not_miwae, linear_not_miwae)),
    "red": (lambda: wine(0), hidden_above_mean, None, (gaussian_miwae, not_miwae, linear_not_miwae)),
    "white": (lambda: wine(1), hidden_above_mean, None, (gaussian_miwae, not_miwae, linear_not_miwae)),
}


def error(filled: np.ndarray, x: np.ndarray, hidden: np.ndarray) -> float:
    return float(np.mean(np.square(filled - x)[hidden]))


def mean_error(x: np.ndarray, hidden: np.ndarray) -> float:
    seen = np.where(hidden, np.nan, x)
    return error(np.broadcast_to(np.nanmean(seen, axis=0), x.shape), x, hidden)


def trained_error(make: object, x: np.ndarray, hidden: np.ndarray, latent_dim: int, args: object) -> float:
    gaps = np.where(hidden, np.nan, x)
    vae = make(x.shape[1], latent_dim)
    vae.compile(optimizer=tfvae.optimizers.Adam(1e-3))
    epochs = -(-args.steps // -(-len(x) // 64))
    vae.fit(gaps, batch_size=64, epochs=epochs, verbose=0)
    return error(tfvae.evaluation.impute(vae, gaps, args.draws), x, hidden)


def line(name: str, method: str, values: list[float], start: float) -> None:
    mse, rmse = np.array(values), np.sqrt(values)
    print(
        f"{name:10} {method:18} MSE {mse.mean():.3f} +- {mse.std():.3f}   RMSE {rmse.mean():.3f} +- "
        f"{rmse.std():.3f}   {len(values)} seeds, {(time.time() - start) / 60:.1f} min",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tables", nargs="+", choices=TABLES, default=list(TABLES))
    parser.add_argument("--steps", type=int, default=2000, help="optimizer steps of 64 rows")
    parser.add_argument("--draws", type=int, default=2000, help="draws of z for each row's imputation")
    parser.add_argument("--seeds", type=int, default=3)
    args = parser.parse_args()
    figures = {}
    for name in args.tables:
        load, hide, latent_dim, models = TABLES[name]
        x = standardized(load())
        start = time.time()
        masks = [hide(x, np.random.default_rng(seed)) for seed in range(args.seeds)]
        line(name, "mean", [mean_error(x, hidden) for hidden in masks], start)
        for make in models:
            values = []
            for seed, hidden in enumerate(masks):
                keras.utils.set_random_seed(seed)
                values.append(trained_error(make, x, hidden, latent_dim or x.shape[1] - 1, args))
            line(name, make.__name__, values, start)
            figures[name, make.__name__] = f"{np.mean(values):.3f} ± {np.std(values):.3f}"
    if ("breast", "miwae") in figures:
        budget = f"{args.steps:,} steps, {args.seeds} masks"
        line_of = f"breast cancer, half missing, {budget}: MSE {figures['breast', 'miwae']}"
        record("missing_data", "miwae", line_of)
    if ("red", "not_miwae") in figures:
        ours, theirs = figures["red", "not_miwae"], figures["red", "gaussian_miwae"]
        budget = f"{args.steps:,} steps, {args.seeds} seeds"
        record("missing_data", "not_miwae", f"red wine, self-masked, {budget}: MSE {ours}, MIWAE {theirs}")


if __name__ == "__main__":
    main()
