"""Two layers of latent variables against one on MNIST, by the protocol of compare.py.

784-200-200-20 and back, tanh, as there, and above the 20 a second layer of 10 behind 100 units. The rate is
raised to its full weight over the first steps in all of them, 4,000 of the 7,200. Judged on the same 2,000
test images, binarized once. `ladder_normalized` is the ladder with batch normalization in all its networks,
as its paper has it, and leaky rectifiers; `one_layer_normalized` has such networks without the second layer.

    python reproductions/hierarchical.py
    python reproductions/hierarchical.py --recipes ladder_vae --warmup-steps 1000
"""

from __future__ import annotations

import argparse
import time

import keras
import numpy as np
from compare import EVALUATED, figures, picture
from mnist_iwae import binarized_batches, images
from record import record

import tfvae

LAYERS = {
    "annealed_vae": {"latent_dim": 20},
    "hierarchical_vae": {"latent_dims": (20, 10), "hidden": 100},
    "ladder_vae": {"latent_dims": (20, 10), "hidden": 100},
}


def normalized(*sizes: int) -> keras.Sequential:
    layers = [keras.layers.Flatten()]
    for size in sizes:
        dense = keras.layers.Dense(size, use_bias=False)
        layers += [dense, keras.layers.BatchNormalization(momentum=0.9), keras.layers.LeakyReLU(0.1)]
    return keras.Sequential(layers)


def ladder_normalized(warmup_steps: int) -> tfvae.models.HierarchicalVAE:
    lower, upper = LAYERS["ladder_vae"]["latent_dims"]
    normal, priors, models = tfvae.posteriors.Normal, tfvae.priors, tfvae.models
    return models.HierarchicalVAE(
        models.LadderInference([normalized(200, 200), normalized(100)], [normal(lower), normal(upper)]),
        models.MarkovPrior([priors.Conditional(lower, normalized(100), upper), priors.StandardNormal(upper)]),
        normalized(200, 200),
        tfvae.likelihoods.Bernoulli((784,)),
        tfvae.objectives.ELBO(beta=tfvae.schedules.Linear(0.0, 1.0, warmup_steps)),
    )


def one_layer_normalized(warmup_steps: int) -> tfvae.VAE:
    return tfvae.VAE(
        normalized(200, 200),
        normalized(200, 200),
        tfvae.posteriors.Normal(20),
        tfvae.likelihoods.Bernoulli((784,)),
        objective=tfvae.objectives.ELBO(beta=tfvae.schedules.Linear(0.0, 1.0, warmup_steps)),
    )


NORMALIZED = {"ladder_normalized": ladder_normalized, "one_layer_normalized": one_layer_normalized}
MODELS = [*LAYERS, *NORMALIZED]


def make(name: str, warmup_steps: int) -> tfvae.LatentModel:
    if name in NORMALIZED:
        return NORMALIZED[name](warmup_steps)
    networks = tfvae.networks
    return getattr(tfvae.zoo, name)(
        (784,),
        likelihood=tfvae.likelihoods.Bernoulli((784,)),
        encoder=networks.mlp((200, 200), "tanh"),
        decoder=networks.mlp((200, 200), "tanh"),
        warmup_steps=warmup_steps,
        **LAYERS[name],
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=12)
    parser.add_argument("--recipes", nargs="+", default=MODELS, choices=MODELS)
    parser.add_argument("--warmup-steps", type=int, default=4000)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    train, test = images("train"), images("test")[:EVALUATED]
    test = (np.random.default_rng(1234).random(test.shape) < test).astype("float32")
    for name in args.recipes:
        keras.utils.set_random_seed(args.seed)
        model = make(name, args.warmup_steps)
        data, steps = binarized_batches(train, 100, args.seed)
        model.compile(tfvae.optimizers.Adam(1e-3))
        start = time.perf_counter()
        model.fit(data, steps_per_epoch=steps, epochs=args.epochs, verbose=0)
        seconds = (time.perf_counter() - start) / args.epochs
        line = figures(name, model, test)
        print(f"{name:17s} {seconds:5.1f} s an epoch  {line}", flush=True)
        budget = f"{args.epochs} epochs, warm-up of {args.warmup_steps:,} steps"
        if name in ("hierarchical_vae", "ladder_vae"):
            record("hierarchical", name, f"MNIST, {budget}: {line}")
        if isinstance(model, tfvae.models.HierarchicalModel):
            rates = model.layer_rates(test, num_samples=10).mean(axis=0)
            print(
                " " * 17, "rates from z_1 up:", ", ".join(f"{rate:.2f}" for rate in rates), "nats", flush=True
            )
            picture(name, model)
        keras.backend.clear_session()


if __name__ == "__main__":
    main()
