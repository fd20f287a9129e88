"""Posteriors and priors without a recipe of their own, and learned priors with a slow start.

The protocol is that of `compare.py`. In the recipes `annealed_vae`, `mixture_vae`, `vamp_vae` and
`flow_prior_vae` the weight of the rate is raised from 0 to 1 over the first 4,000 steps.

    python reproductions/parts.py                       # all
    python reproductions/parts.py --models full radial  # some

Writes reproductions/results/parts.json and a row of samples for each.
"""

from __future__ import annotations

import argparse
import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

from compare import make as make_recipe
from compare import side_by_side

import tfvae
from tfvae import flows, posteriors, priors

WARMUP = 4000


def _normal() -> tfvae.posteriors.Posterior:
    return posteriors.Normal(20)


MODELS = {
    "full": (lambda: posteriors.FullNormal(20), None),
    "mixture": (lambda: posteriors.Mixture(20, 5), None),
    "radial": (lambda: posteriors.Radial(20), None),
    "von_mises_fisher": (lambda: posteriors.VonMisesFisher(20), lambda: priors.SphereUniform(20)),
    "categorical": (lambda: posteriors.Categorical(20, 10), lambda: priors.Categorical(20, 10)),
    "maf_prior": (_normal, lambda: priors.Flow(20, flows.MAF(20))),
}
SLOWLY = ("annealed_vae", "mixture_vae", "vamp_vae", "flow_prior_vae")


def make(name: str) -> tfvae.VAE:
    if name in SLOWLY:
        return make_recipe(name, warmup_steps=WARMUP)
    posterior, prior = MODELS[name]
    return tfvae.VAE(
        tfvae.networks.mlp((200, 200), "tanh"),
        tfvae.networks.mlp((200, 200), "tanh"),
        posterior(),
        tfvae.likelihoods.Bernoulli((784,)),
        None if prior is None else prior(),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=12, help="for each model")
    parser.add_argument("--models", nargs="+", default=[*MODELS, *SLOWLY], choices=[*MODELS, *SLOWLY])
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    for name in args.models:
        note = f", warm-up of {WARMUP:,} steps" if name in SLOWLY else ""
        side_by_side("parts", [name], make, args.epochs, args.seed, note)


if __name__ == "__main__":
    main()
