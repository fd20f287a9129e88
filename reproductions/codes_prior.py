"""VQ-VAE on MNIST with an autoregressive prior fitted to its codes, and that model's log p(x).

The VQ-VAE is that of `compare.py`, trained as there. Then a recurrent prior is fitted to the codes of the
training images, whose pixels are drawn anew in each epoch.

    python reproductions/codes_prior.py
"""

from __future__ import annotations

import argparse
import os
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
import numpy as np
from compare import EVALUATED, make, picture
from mnist_iwae import binarized_batches, images
from record import record

import tfvae
from tfvae.priors.autoregressive import AutoregressiveCodes
from tfvae.priors.codes_model import CodesModel


def codes(model: tfvae.VAE, x: np.ndarray) -> np.ndarray:
    """Return the numbers of the codes of images, [n, positions]."""
    parts = [model.posterior_summary(model.tensors(part))["codes"] for part in np.array_split(x, 60)]
    return np.concatenate(parts)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=12, help="of the VQ-VAE")
    parser.add_argument("--prior-epochs", type=int, default=12)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    train, test = images("train"), images("test")[:EVALUATED]
    test = (np.random.default_rng(1234).random(test.shape) < test).astype("float32")
    start = time.perf_counter()
    keras.utils.set_random_seed(args.seed)
    model = make("vq_vae")
    data, steps = binarized_batches(train, 100, args.seed)
    model.compile(tfvae.optimizers.Adam(1e-3))
    model.fit(data, steps_per_epoch=steps, epochs=args.epochs, verbose=0)
    uniform = model.elbo(test).mean()

    posterior = model.posterior
    prior = AutoregressiveCodes(posterior.num_codes, posterior.code_dim, posterior.num_positions)
    fitted = CodesModel(prior)
    fitted.compile(optimizer=keras.optimizers.Adam(2e-3))
    rng = np.random.default_rng(args.seed)
    for _ in range(args.prior_epochs):
        drawn = (rng.random(train.shape) < train).astype("float32")
        fitted.fit(codes(model, drawn), batch_size=100, verbose=0)

    whole = tfvae.VAE(model.encoder, model.decoder, posterior, model.likelihood, prior, model.objective)
    bound, rate = whole.elbo(test).mean(), whole.trace(test).rate.numpy().mean()
    line = f"ELBO {bound:.1f}, rate {rate:.1f} nats; uniform prior {uniform:.1f} nats"
    print(f"{line}; {(time.perf_counter() - start) / 60:.1f} min")
    budget = f"{args.epochs} + {args.prior_epochs} epochs"
    record("codes_prior", "vq_vae", f"autoregressive prior, {budget}: {line}")
    picture("vq_vae_fitted_prior", whole)


if __name__ == "__main__":
    main()
