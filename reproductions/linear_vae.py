"""The linear VAE on MNIST against probabilistic PCA, whose log p(x) is known exactly (Lucas et al. 2019).

784 pixels in [0, 1], 20 latent dimensions, a normal likelihood with one scale. No such model has a larger
mean log p(x) of its training set than probabilistic PCA (Tipping and Bishop 1999). The linear VAE's own
log p(x) follows exactly from its weights, N(b, W W^T + s^2 I), and its ELBO is below it.

    python reproductions/linear_vae.py --seeds 3
"""

from __future__ import annotations

import argparse
import os
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
import numpy as np
from mnist_iwae import images
from record import record
from scipy import stats
from sklearn.decomposition import PCA

import tfvae

LATENT = 20


def exact_log_p(model: tfvae.VAE, x: np.ndarray) -> float:
    """Mean of log N(x; b, W W^T + s^2 I) for the model's own weights."""
    dense = model.likelihood.head.dense
    weights, bias = (weight.numpy().astype("float64") for weight in (dense.kernel, dense.bias))
    variance = float(model.likelihood.scale.scale([])) ** 2
    covariance = weights.T @ weights + variance * np.eye(len(bias))
    return stats.multivariate_normal(bias, covariance).logpdf(x).mean()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=30)
    parser.add_argument("--examples", type=int, default=5000)
    args = parser.parse_args()
    train, test = images("train")[: args.examples], images("test")
    pca = PCA(LATENT, svd_solver="covariance_eigh").fit(train)
    print(f"probabilistic PCA: train {pca.score(train):.1f}, test {pca.score(test):.1f} nats", flush=True)
    figures = []
    for seed in range(args.seeds):
        keras.utils.set_random_seed(seed)
        model = tfvae.zoo.linear_vae((784,), latent_dim=LATENT)
        steps = args.epochs * (len(train) // 100)
        model.compile(tfvae.optimizers.Adam(keras.optimizers.schedules.CosineDecay(5e-3, steps)))
        start = time.perf_counter()
        model.fit(train, epochs=args.epochs, batch_size=100, verbose=0)
        seconds = time.perf_counter() - start
        figures.append(
            [
                exact_log_p(model, train),
                model.elbo(train, num_samples=4).mean(),
                exact_log_p(model, test),
                model.elbo(test, num_samples=4).mean(),
            ]
        )
        print(f"seed {seed}: {np.round(figures[-1], 1)} in {seconds:.0f} s", flush=True)
    mean, spread = np.mean(figures, 0), np.std(figures, 0, ddof=min(1, args.seeds - 1))
    exact, bound = mean[:2]
    line = f"MNIST, {len(train):,} images: train log p(x) {exact:.1f}, ELBO {bound:.1f}"
    record("linear_vae", "linear_vae", f"{line}, the maximum (PCA) {pca.score(train):.1f} nats")
    for name, value, error in zip(
        ("train log p(x)", "train ELBO", "test log p(x)", "test ELBO"), mean, spread, strict=True
    ):
        print(f"linear VAE {name:15s} {value:.1f} ± {error:.1f} nats")


if __name__ == "__main__":
    main()
