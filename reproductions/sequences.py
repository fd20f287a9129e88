"""Sequence models: MNIST images as sequences of 28 rows, and sentences of a small grammar.

    python reproductions/sequences.py vrnn --epochs 4
    python reproductions/sequences.py sequence_vae --epochs 4
    python reproductions/sequences.py vae --epochs 4             # the plain VAE of compare.py, as a yardstick
    python reproductions/sequences.py text --epochs 10

Rows are drawn anew from Bernoulli(gray value) in each epoch, as in compare.py: batches of 100, Adam with
learning rate 1e-3, judged on test images that are binarized once.

The text VAE is trained with and without hidden tokens, and with and without a rate that rises. What can be
reached is known: log p(x) of a sentence under the grammar that made it. A decoder that ignores z has rate 0.
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
from mnist_iwae import binarized_batches, images
from record import record

import tfvae

HERE = Path(__file__).parent
EVALUATED, DRAWS, SAMPLES = 500, 100, 16
TOPICS = (
    (("cook", "baker", "waiter"), ("tastes", "burns", "serves"), ("soup", "bread", "cake")),
    (("sailor", "captain", "pirate"), ("steers", "sinks", "paints"), ("ship", "boat", "raft")),
    (("teacher", "student", "writer"), ("reads", "opens", "writes"), ("book", "letter", "poem")),
    (("farmer", "shepherd", "rider"), ("feeds", "leads", "washes"), ("horse", "goat", "cow")),
)
ARTICLES, ADJECTIVES, ADVERBS = ("the", "a"), ("old", "young", "small"), ("slowly", "again", "today")
WORDS = (
    ".",
    *ARTICLES,
    *ADJECTIVES,
    *ADVERBS,
    *(word for topic in TOPICS for kind in topic for word in kind),
)
LONGEST = 10


def sentences(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Token numbers [count, 10], NaN after the full stop; and each sentence's log-probability, nats.

    article (adjective) who does article (adjective) what (adverb) . -- of one of four topics.
    """
    rng = np.random.default_rng(seed)
    x, log_p = np.full((count, LONGEST), np.nan, "float32"), np.zeros(count)
    for row in range(count):
        sentence = []

        def choose(words: tuple, sentence: list = sentence, row: int = row) -> object:
            log_p[row] -= np.log(len(words))
            return words[rng.integers(len(words))]

        who, does, what = choose(TOPICS)
        for noun, verb in ((who, does), (what, None)):
            sentence.append(choose(ARTICLES))
            if choose((True, False)):
                sentence.append(choose(ADJECTIVES))
            sentence.append(choose(noun))
            if verb:
                sentence.append(choose(verb))
        if choose((True, False)):
            sentence.append(choose(ADVERBS))
        x[row, : len(sentence) + 1] = [WORDS.index(word) for word in (*sentence, ".")]
    return x, log_p


def read(tokens: np.ndarray) -> str:
    """A text up to its first full stop."""
    words = [WORDS[int(number)] for number in tokens if not np.isnan(number)]
    return " ".join(words[: words.index(".") + 1] if "." in words else words)


def text(dropout: float, warmup: int, epochs: int, seed: int) -> str:
    """One line of figures for one way to train."""
    keras.utils.set_random_seed(seed)
    (train, _), (test, log_p) = sentences(20_000, seed), sentences(2000, seed + 1)
    model = tfvae.zoo.text_vae(
        (LONGEST,), latent_dim=8, num_tokens=len(WORDS), word_dropout=dropout, warmup_steps=warmup
    )
    model.compile(tfvae.optimizers.Adam(3e-3))
    start = time.perf_counter()
    model.fit(train, epochs=epochs, batch_size=100, verbose=0)
    seconds = (time.perf_counter() - start) / epochs
    elbo, distortion = model.elbo(test, num_samples=10).mean(), model.distortion(test, num_samples=10).mean()
    log_x = model.log_likelihood(test, num_samples=DRAWS).mean()
    rebuilt = model.reconstruct(test)
    same = (rebuilt == test)[~np.isnan(test)].mean()
    z = np.random.default_rng(seed).normal(size=(4, 8))
    print("  drawn:", " | ".join(read(row) for row in model.decode(z).sample(seed=(seed, 1)).numpy()))
    print(
        "  rebuilt:",
        " | ".join(f"{read(row)} -> {read(new)}" for row, new in zip(test[:2], rebuilt, strict=False)),
    )
    return (
        f"rate {-elbo - distortion:.2f}, ELBO {elbo:.2f}, log p(x) {log_x:.2f}, the grammar's "
        f"{log_p.mean():.2f} nats; "
        f"{100 * same:.0f} % of the words rebuilt in place; {seconds:.0f} s an epoch"
    )


def make(name: str) -> tfvae.LatentModel:
    if name == "vrnn":
        return tfvae.zoo.vrnn((28, 28), 8, 128, tfvae.likelihoods.Bernoulli((28,)))
    if name == "sequence_vae":
        return tfvae.zoo.sequence_vae((28, 28), 20, 128, tfvae.likelihoods.Bernoulli((28, 28)))
    mlp = tfvae.networks.mlp
    bernoulli = tfvae.likelihoods.Bernoulli((28, 28))
    return tfvae.zoo.vae((28, 28), 20, 0.0, bernoulli, mlp((200, 200), "tanh"), mlp((200, 200), "tanh"))


def rows_of_digits(name: str, epochs: int, seed: int) -> str:
    """One line of figures for one model."""
    keras.utils.set_random_seed(seed)
    model = make(name)
    data, steps = binarized_batches(images("train"), 100, seed)
    test = images("test")[:EVALUATED]
    test = (np.random.default_rng(1234).random(test.shape) < test).astype("float32").reshape(-1, 28, 28)
    model.compile(tfvae.optimizers.Adam(1e-3))
    start = time.perf_counter()
    rows = data.map(lambda x: keras.ops.reshape(x, (-1, 28, 28)))
    model.fit(rows, steps_per_epoch=steps, epochs=epochs, verbose=2)
    seconds = (time.perf_counter() - start) / epochs
    elbo, rate = model.elbo(test, num_samples=5), model.trace(test[:100]).rate.numpy().mean()
    log_p = model.log_likelihood(test, num_samples=DRAWS)
    drawn = model.generate(SAMPLES) if name == "vrnn" else model.sample(SAMPLES)
    row = drawn.reshape(SAMPLES, 28, 28).transpose(1, 0, 2).reshape(28, -1)
    folder = HERE / "samples"
    folder.mkdir(exist_ok=True)
    plt.imsave(folder / f"{name}_rows.png", row, cmap="gray", vmin=0, vmax=1)
    return (
        f"log p(x) {log_p.mean():.1f} ± {log_p.std() / np.sqrt(len(log_p)):.1f}, ELBO {elbo.mean():.1f}, "
        f"rate {rate:.1f} nats; {seconds:.0f} s an epoch"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=("vrnn", "sequence_vae", "vae", "text"))
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    if args.what != "text":
        line = rows_of_digits(args.what, args.epochs, args.seed)
        print(args.what, line, sep=": ")
        if args.what != "vae":
            record("sequences", args.what, f"MNIST by rows, {args.epochs} epochs: {line}")
        return
    for dropout, warmup in ((0.0, 1), (0.0, 1000), (0.5, 1), (0.5, 1000)):
        line = text(dropout, warmup, args.epochs, args.seed)
        print(f"dropout {dropout}, {warmup} steps of warm-up: {line}", flush=True)
    record(
        "sequences", "text_vae", f"made sentences, half of the tokens hidden, {args.epochs} epochs: {line}"
    )


if __name__ == "__main__":
    main()
