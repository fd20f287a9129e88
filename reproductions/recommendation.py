"""Mult-VAE (Liang et al. 2018) on ratings made here, against popularity and a truncated SVD.

Users have a mixture of latent tastes (Dirichlet 0.1 over 12), each taste is a distribution over 1,000 items
that is a popularity with a long tail times a Dirichlet of its own, and a user takes 30 to 120 items of the
mixture; x is whether an item was taken. 8,000 users train; of 2,000 others 80% of the items are given and 20%
are to be found. The best possible ranking is that of the true mixture, which is shown as well.

    python reproductions/recommendation.py --seeds 3
"""

from __future__ import annotations

import argparse
import os
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
import numpy as np
from record import record
from sklearn.decomposition import TruncatedSVD

import tfvae

USERS, TESTED, ITEMS, TASTES = 10000, 2000, 1000, 12


def ratings(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Items taken, [users, items], and the true chances of each item."""
    rng = np.random.default_rng(seed)
    popularity = 1.0 / (np.arange(ITEMS) + 20.0)
    tastes = rng.dirichlet(np.full(ITEMS, 0.1), TASTES) + 1e-5
    tastes = tastes * popularity / (tastes @ popularity)[:, np.newaxis]
    chances = rng.dirichlet(np.full(TASTES, 0.1), USERS) @ tastes
    chances /= chances.sum(axis=1, keepdims=True)
    # The largest of log p + Gumbel noise are draws without replacement.
    order = np.argsort(-(np.log(chances) + rng.gumbel(size=chances.shape)), axis=1)
    place = np.empty_like(order)
    np.put_along_axis(place, order, np.arange(ITEMS)[np.newaxis].repeat(USERS, 0), axis=1)
    return (place < rng.integers(30, 121, (USERS, 1))).astype("float32"), chances


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=60)
    args = parser.parse_args()
    figures: dict[str, list] = {}
    for seed in range(args.seeds):
        x, chances = ratings(seed)
        train, test = x[TESTED:], x[:TESTED]
        given = test * (np.random.default_rng(100 + seed).random(test.shape) < 0.8)
        held_out = test - given
        scores = {
            "chance": np.random.default_rng(seed).random(test.shape),
            "popularity": np.tile(train.mean(0), (TESTED, 1)),
        }
        svd = TruncatedSVD(TASTES, random_state=seed).fit(train)
        scores["truncated SVD"] = svd.inverse_transform(svd.transform(given))
        for beta in (0.2, 1.0):
            keras.utils.set_random_seed(seed)
            steps = args.epochs * len(train) // 250
            model = tfvae.zoo.mult_vae(
                (ITEMS,), latent_dim=32, beta=beta, warmup_steps=steps // 2,
                encoder=tfvae.networks.mlp((200,), "tanh"), decoder=tfvae.networks.mlp((200,), "tanh"),
            )  # fmt: skip
            model.compile(tfvae.optimizers.Adam(1e-3))
            start = time.perf_counter()
            model.fit(train, epochs=args.epochs, batch_size=250, verbose=0)
            print(f"seed {seed}, beta {beta}: {time.perf_counter() - start:.0f} s", flush=True)
            scores[f"mult_vae, beta to {beta}"] = model.reconstruct(given)
        scores["true chances"] = chances[:TESTED]
        for name, score in scores.items():
            figures.setdefault(name, []).append(
                [
                    np.nanmean(tfvae.evaluation.recall_at(20, score, held_out, given)),
                    np.nanmean(tfvae.evaluation.ndcg_at(100, score, held_out, given)),
                ]
            )
    print(f"mean ± std over {args.seeds} data sets:")
    recalls = {name: np.mean(values, 0)[0] for name, values in figures.items()}
    line = f"made data, {args.seeds} sets, beta to 1: Recall@20 {recalls['mult_vae, beta to 1.0']:.3f}"
    others = ", ".join(f"{name} {recalls[name]:.3f}" for name in ("popularity", "truncated SVD"))
    record("recommendation", "mult_vae", f"{line}, {others}")
    for name, values in figures.items():
        mean, spread = np.mean(values, 0), np.std(values, 0, ddof=min(1, args.seeds - 1))
        print(
            f"{name:24s} Recall@20 {mean[0]:.3f} ± {spread[0]:.3f}   NDCG@100 {mean[1]:.3f} ± {spread[1]:.3f}"
        )


if __name__ == "__main__":
    main()
