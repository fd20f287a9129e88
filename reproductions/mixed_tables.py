"""Imputation of mixed tables, as HI-VAE of Nazabal et al. 2020, with the masks of that paper.

Wine, breast and adult with 10 to 50 % of their entries hidden at random, three masks for each share. The
model sees the table with the gaps of one mask, and fills them. The error is that of hidden entries, by kind
of column as in the paper: root mean squared error over the column's range for numbers, share of wrong
categories, mean distance over the number of ranks for ranks; then the mean over the columns of a kind.
Beside it: the mean for numbers, the most frequent value for categories and ranks.

    TFVAE_DATA=folder python reproductions/mixed_tables.py --rates 10 30 50

`TFVAE_DATA` holds mixed_tabular/. Here the mixture is a learned prior over z, not the groups of
rows with likelihoods of their own that the paper has.
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

import tfvae
from tfvae.likelihoods import Category, Column, Count, MixedColumns, Ordinal, Positive

DATA = Path(os.environ.get("TFVAE_DATA", Path(__file__).parents[2] / "shared" / "data"))


class Table:
    """A table with codes from 0 and positive numbers above 0, and the kinds of its columns."""

    def __init__(self, name: str):
        file = np.load(DATA / "mixed_tabular" / f"{name}.npz")
        self.file, self.kinds, self.sizes = file, file["type"].astype(str), file["nclass"]
        self.sizes = np.where(self.kinds == "ordinal", file["dim"], self.sizes).astype(int)
        x = file["X"].copy()
        coded = np.isin(self.kinds, ("cat", "ordinal"))
        x[:, coded] -= 1  # the file counts codes from 1
        x[:, (self.kinds == "pos") & (np.nanmin(x, axis=0) == 0)] += 1  # capital gains and losses
        self.x = x

    def columns(self, gaps: np.ndarray) -> tuple[Column, ...]:
        """Kinds with the locations and scales of what is seen."""
        return tuple(_column(*each) for each in zip(self.kinds, self.sizes, gaps.T, strict=True))

    def errors(self, filled: np.ndarray, hidden: np.ndarray) -> dict[str, float]:
        """The mean error of the columns of each kind."""
        by_kind: dict[str, list[float]] = {}
        for kind, size, ours, truth, gone in zip(
            self.kinds, self.sizes, filled.T, self.x.T, hidden.T, strict=True
        ):
            gone = gone & ~np.isnan(truth)
            difference = ours[gone] - truth[gone]
            if kind == "cat":
                value = np.mean(difference != 0)
            elif kind == "ordinal":
                value = np.mean(np.abs(difference)) / size
            else:
                value = np.sqrt(np.mean(np.square(difference))) / np.ptp(truth[~np.isnan(truth)])
            by_kind.setdefault(kind, []).append(float(value))
        return {kind: float(np.mean(values)) for kind, values in by_kind.items()}

    def plain(self, gaps: np.ndarray) -> np.ndarray:
        """The mean of what is seen for numbers, the most frequent value for categories and ranks."""
        coded = np.isin(self.kinds, ("cat", "ordinal"))
        values = [
            np.bincount(column[~np.isnan(column)].astype(int)).argmax() if code else np.nanmean(column)
            for code, column in zip(coded, gaps.T, strict=True)
        ]
        return np.broadcast_to(values, gaps.shape)


def _column(kind: str, size: int, seen: np.ndarray) -> Column:
    seen = seen[~np.isnan(seen)]
    if kind == "cat":
        return Category(int(size))
    if kind == "ordinal":
        return Ordinal(int(size))
    if kind == "count":
        return Count(float(seen.mean()))
    return Positive(float(np.log(seen).mean()), float(np.log(seen).std()))


def model(table: Table, gaps: np.ndarray, latent_dim: int) -> tfvae.VAE:
    return tfvae.VAE(
        encoder=tfvae.networks.mlp((128, 128)),
        decoder=tfvae.networks.mlp((128, 128)),
        posterior=tfvae.posteriors.Normal(latent_dim),
        likelihood=MixedColumns(table.columns(gaps)),
        prior=tfvae.priors.Mixture(latent_dim, 10),
    )


def imputed(table: Table, gaps: np.ndarray, args: argparse.Namespace) -> np.ndarray:
    vae = model(table, gaps, args.latent_dim)
    vae.compile(optimizer=tfvae.optimizers.Adam(1e-3))
    steps_an_epoch = -(-len(gaps) // 128)
    vae.fit(gaps, batch_size=128, epochs=-(-args.steps // steps_an_epoch), verbose=0)
    return tfvae.evaluation.impute(vae, gaps, args.draws)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tables", nargs="+", default=["wine", "breast", "adult"])
    parser.add_argument("--rates", nargs="+", type=int, default=[10, 30, 50], help="per cent hidden")
    parser.add_argument("--steps", type=int, default=1500, help="optimizer steps of 128 rows")
    parser.add_argument("--draws", type=int, default=100, help="draws of z for each row's imputation")
    parser.add_argument("--latent-dim", type=int, default=10)
    parser.add_argument("--seeds", type=int, default=3, help="masks, each with a seed of its own")
    args = parser.parse_args()
    found = {}
    for name in args.tables:
        table, start = Table(name), time.time()
        for rate in args.rates:
            ours, plain = [], []
            for seed, hidden in enumerate(table.file[f"miss{rate}"][: args.seeds]):
                keras.utils.set_random_seed(seed)
                gaps = np.where(hidden, np.nan, table.x).astype("float32")
                ours.append(table.errors(imputed(table, gaps, args), hidden))
                plain.append(table.errors(table.plain(gaps), hidden))
            for kind in ours[0]:
                a, b = (np.array([each[kind] for each in errors]) for errors in (ours, plain))
                print(
                    f"{name:7} {rate:2d} % {kind:8} {a.mean():.4f} +- {a.std():.4f}   mean or mode "
                    f"{b.mean():.4f} +- {b.std():.4f}   {(time.time() - start) / 60:.1f} min",
                    flush=True,
                )
                found[f"{name}, {rate} % missing, {kind}"] = f"{a.mean():.3f} against {b.mean():.3f}"
    chosen = [f"{what} {errors}" for what, errors in found.items() if what.startswith("breast, 10")]
    if chosen:
        budget = f"{args.seeds} masks, {args.steps:,} steps"
        record(
            "mixed_tables", "hi_vae", f"errors against the most frequent value, {budget}: {'; '.join(chosen)}"
        )


if __name__ == "__main__":
    main()
