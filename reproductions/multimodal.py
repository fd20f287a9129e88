"""Three ways to fuse experts on MNIST: an image with its label, and two images of the same class.

Each model is trained on 10,000 pairs, or on data of which a tenth are pairs and of the rest half lack one
modality and half the other. It is then asked for what it was not given. A classifier of images says which
digit a generated image shows; its own accuracy bounds what can be seen. Images are gray values under a
Bernoulli likelihood, the networks perceptrons of 256-256, z has 16 dimensions, batches of 100, Adam at 1e-3.

    python reproductions/multimodal.py

Writes samples/multimodal.png: above, images for each label; below, images of the class of the first row,
which was given. In each half the rows are MVAE, MMVAE, MoPoE-VAE, trained on pairs alone.
"""

from __future__ import annotations

import argparse
import os
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
import matplotlib.pyplot as plt
import numpy as np
from mnist_iwae import DATA, images
from record import record

import tfvae

HERE = Path(__file__).parent
RECIPES = ("multimodal_vae", "mmvae", "mopoe_vae")
TEST, LATENT = 2000, 16
COLUMNS = ("joint", "a from b", "b from a", "b from both", "log p", "s/epoch")


def digits(part: str) -> tuple[np.ndarray, np.ndarray]:
    source = tfvae.data.source(f"idx:{DATA / 'mnist'}/{part}")
    labels = np.concatenate([np.asarray(chunk["label"]) for chunk in source.chunks(8192)])
    return images(part).astype("float32"), labels.astype(int)


def classifier(x: np.ndarray, y: np.ndarray, seed: int) -> keras.Model:
    keras.utils.set_random_seed(seed)
    model = keras.Sequential(
        [keras.layers.Dense(256, "relu"), keras.layers.Dropout(0.3), keras.layers.Dense(10)]
    )
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    model.fit(x, y, batch_size=200, epochs=4, verbose=0)
    return model


def classmates(labels: np.ndarray, seed: int) -> np.ndarray:
    """For each example the number of another one, drawn from those of its class."""
    rng, mates = np.random.default_rng(seed), np.zeros(len(labels), int)
    for digit in range(10):
        rows = rng.permutation(np.flatnonzero(labels == digit))
        mates[rows] = np.roll(rows, 1)
    return mates


def pairs(kind: str, x: np.ndarray, labels: np.ndarray, seed: int) -> dict[str, np.ndarray]:
    b = labels[:, np.newaxis].astype("float32") if kind == "label" else x[classmates(labels, seed)]
    return {"a": x, "b": b}


def torn(data: dict[str, np.ndarray], paired: float, seed: int) -> dict[str, np.ndarray]:
    """The same data with modality a or b missing in all but a share `paired` of the examples."""
    u = np.random.default_rng(seed).random(len(data["a"]))
    holes = {name: array.copy() for name, array in data.items()}
    holes["a"][u > (1 + paired) / 2] = np.nan
    holes["b"][(u > paired) & (u <= (1 + paired) / 2)] = np.nan
    return holes


def make(recipe: str, kind: str, label_weight: float) -> tfvae.models.MultimodalVAE:
    mlp, likelihoods = tfvae.networks.mlp, tfvae.likelihoods
    label = kind == "label"
    return getattr(tfvae.zoo, recipe)(
        {"a": (784,), "b": (1,) if label else (784,)},
        latent_dim=LATENT,
        modality_weights={"b": label_weight} if label else None,
        likelihoods={
            "a": likelihoods.Bernoulli((784,)),
            "b": likelihoods.Categorical((1,), 10) if label else likelihoods.Bernoulli((784,)),
        },
        encoders={"b": mlp((64,))} if label else None,
        decoders={"b": mlp((64, 64))} if label else None,
    )


def figures(
    model: tfvae.models.MultimodalVAE, test: dict, labels: np.ndarray, classes: dict, seed: int
) -> list[float]:
    """Share of generated modalities of the right class; of the prior's draws, share of pairs of one class."""

    def shown(z: np.ndarray) -> dict[str, np.ndarray]:
        means = model.decoded_mean(z)
        return {name: classes[name](np.asarray(means[name])) for name in means}

    def drawn(**given: np.ndarray) -> np.ndarray:
        return model.trace(given, seed=seed).z[0]

    prior = shown(np.random.default_rng(seed).normal(size=(len(labels), LATENT)).astype("float32"))
    return [
        np.mean(prior["a"] == prior["b"]),
        np.mean(shown(drawn(b=test["b"]))["a"] == labels),
        np.mean(shown(drawn(a=test["a"]))["b"] == labels),
        np.mean(shown(drawn(**test))["b"] == labels),
        model.log_likelihood({name: array[:500] for name, array in test.items()}, num_samples=100).mean(),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=15)
    parser.add_argument("--examples", type=int, default=10000)
    parser.add_argument("--label-weight", type=float, default=50.0, help="of the label's distortion")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    args = parser.parse_args()
    (x, y), (test_x, test_y) = digits("train"), digits("test")
    judge = classifier(x, y, seed=0)
    right = np.mean(judge.predict(test_x, verbose=0).argmax(-1) == test_y)
    print(f"classifier: accuracy {right:.4f} on the test images")
    x, y, test_x, test_y = x[: args.examples], y[: args.examples], test_x[:TEST], test_y[:TEST]

    def of_image(mean: np.ndarray) -> np.ndarray:
        return judge.predict(mean, verbose=0).argmax(-1)

    def of_label(mean: np.ndarray) -> np.ndarray:
        return mean[:, 0].astype(int)

    tiles = {}
    print("kind   paired recipe          seed " + "".join(f"{name:>12s}" for name in COLUMNS))
    for kind in ("label", "image"):
        classes = {"a": of_image, "b": of_label if kind == "label" else of_image}
        test = pairs(kind, test_x, test_y, seed=1)
        for paired in (1.0, 0.1):
            for recipe in RECIPES:
                rows = []
                for seed in args.seeds:
                    keras.utils.set_random_seed(seed)
                    model = make(recipe, kind, args.label_weight)
                    model.compile(tfvae.optimizers.Adam(1e-3))
                    data = torn(pairs(kind, x, y, seed), paired, seed)
                    start = time.perf_counter()
                    model.fit(data, batch_size=100, epochs=args.epochs, verbose=0)
                    seconds = (time.perf_counter() - start) / args.epochs
                    values = [*figures(model, test, test_y, classes, seed), seconds]
                    row = "".join(f"{value:12.3f}" for value in values)
                    print(f"{kind:6s} {paired:6.1f} {recipe:15s} {seed:5d} {row}", flush=True)
                    rows.append(values)
                if (kind, paired) == ("label", 1.0):
                    joint, forth, back = 100 * np.mean(rows, 0)[:3]
                    line = (
                        f"coherence: joint {joint:.0f} %, image from label {forth:.0f} %, label {back:.0f} %"
                    )
                    record("multimodal", recipe, f"MNIST image and label, {line}")
                if paired == 1.0:
                    tiles[kind, recipe] = tile(model, kind, test)
    picture(tiles, test_x)


def tile(model: tfvae.models.MultimodalVAE, kind: str, test: dict) -> np.ndarray:
    """Twenty images, [20, 784]: for each label two of them, or for each of the first test images one."""
    if kind == "label":
        given, wanted = {"b": np.repeat(np.arange(10.0), 2)[:, np.newaxis]}, "a"
    else:
        given, wanted = {"a": test["a"][:20]}, "b"
    return np.asarray(model.decoded_mean(model.trace(given, seed=0).z[0])[wanted])


def picture(tiles: dict, test_x: np.ndarray) -> None:
    above = [tiles["label", recipe] for recipe in RECIPES]
    below = [test_x[:20], *(tiles["image", recipe] for recipe in RECIPES)]
    gap = [np.ones((20, 784))]
    rows = [row.reshape(20, 28, 28).transpose(1, 0, 2).reshape(28, -1) for row in above + gap + below]
    (HERE / "samples").mkdir(exist_ok=True)
    plt.imsave(HERE / "samples" / "multimodal.png", np.concatenate(rows), cmap="gray", vmin=0, vmax=1)


if __name__ == "__main__":
    main()
