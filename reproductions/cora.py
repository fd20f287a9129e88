"""Links of Cora that were held out, found by the graph VAE and autoencoder of Kipf and Welling 2016.

2,708 papers, 5,278 citations, 1,433 binary word features. 5% of the links are set aside for validation and
10% for the test, each with as many pairs that are no link. 200 steps of Adam at 0.01 on the whole graph; 32
hidden units, 16 latent dimensions a node. The figures are those of the last step; nothing is chosen by the
validation links. One split, as in the paper, and another start for each seed.

    python reproductions/cora.py --seeds 10

In the paper the pairs held out count as no links in training; here that is --held-out zero. With
--held-out missing they are NaN, links and others alike, and training does not see them.
"""

from __future__ import annotations

import argparse
import os
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
import numpy as np
import tensorflow as tf
from record import record
from scipy import sparse
from sklearn.metrics import average_precision_score, roc_auc_score

import tfvae

DATA = Path(os.environ.get("TFVAE_DATA", Path(__file__).parents[2] / "shared" / "data"))
PUBLISHED = {"graph_vae": (91.4, 92.6), "graph_autoencoder": (91.0, 92.0)}
VALIDATION, TEST = 0.05, 0.10


def cora() -> tuple[np.ndarray, np.ndarray]:
    """Links [E, 2], each once, and features [N, F]."""
    path = DATA / "cora" / "cora.npz"
    if not path.is_file():
        raise SystemExit(f"{path}: no such file; set TFVAE_DATA to a folder that holds cora/cora.npz")
    with np.load(path) as file:
        parts = [file[f"x_{name}"] for name in ("data", "indices", "indptr")]
        features = sparse.csr_matrix(tuple(parts), shape=file["x_shape"]).toarray()
        return file["edges"], features.astype("float32")


def split(
    edges: np.ndarray, nodes: int, seed: int, held_out: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The graph to train on [N, N]; pairs of the test [n, 2]; whether each is a link."""
    rng = np.random.default_rng(seed)
    edges = rng.permutation(edges)
    validation, test = int(VALIDATION * len(edges)), int(TEST * len(edges))
    whole = np.eye(nodes, dtype="float32")
    whole[edges[:, 0], edges[:, 1]] = whole[edges[:, 1], edges[:, 0]] = 1.0
    others = rng.integers(0, nodes, (4 * (validation + test), 2))
    others = np.unique(np.sort(others[whole[others[:, 0], others[:, 1]] == 0], axis=1), axis=0)
    others = rng.permutation(others)[: validation + test]
    seen = whole.copy()
    for pairs in (edges[: validation + test], others):
        seen[pairs[:, 0], pairs[:, 1]] = seen[pairs[:, 1], pairs[:, 0]] = held_out
    pairs = np.concatenate([edges[validation : validation + test], others[validation:]])
    return seen, pairs, whole[pairs[:, 0], pairs[:, 1]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--held-out", choices=("zero", "missing"), default="zero")
    parser.add_argument("--recipes", nargs="+", choices=PUBLISHED, default=list(PUBLISHED))
    args = parser.parse_args()
    edges, features = cora()
    nodes = len(features)
    graph, pairs, linked = split(edges, nodes, 0, {"zero": 0.0, "missing": np.nan}[args.held_out])
    for recipe in args.recipes:
        scores, seconds = [], []
        for seed in range(args.seeds):
            keras.utils.set_random_seed(seed)
            encoder = tfvae.layers.GraphConvolution((32,), features=features)
            model = getattr(tfvae.zoo, recipe)((nodes, nodes), latent_dim=16, encoder=encoder)
            model.compile(tfvae.optimizers.Adam(0.01))
            start = time.perf_counter()
            model.fit(tf.data.Dataset.from_tensors(graph[np.newaxis]).cache().repeat(args.steps), verbose=0)
            seconds.append((time.perf_counter() - start) / args.steps)
            links = model.reconstruct(graph[np.newaxis])[0][pairs[:, 0], pairs[:, 1]]
            scores.append((roc_auc_score(linked, links), average_precision_score(linked, links)))
            print(f"{recipe} seed {seed}: AUC {scores[-1][0]:.4f}, AP {scores[-1][1]:.4f}", flush=True)
            keras.backend.clear_session()
        mean, spread = 100 * np.mean(scores, 0), 100 * np.std(scores, 0, ddof=min(1, args.seeds - 1))
        auc, precision = (f"{m:.1f} ± {s:.1f}" for m, s in zip(mean, spread, strict=True))
        print(f"{recipe:18s} AUC {auc}, AP {precision} (± std of {args.seeds} starts);", end=" ")
        print(f"published {PUBLISHED[recipe]}; {np.mean(seconds):.2f} s a step")
        line = f"Cora's held-out links, {args.seeds} starts: AUC {auc}, average precision {precision}"
        record("cora", recipe, line)


if __name__ == "__main__":
    main()
