"""Training speed: `fit` against a raw loop with the same network, alternating in one process.

The network is 784-200-200-50 and back with tanh, the data 60,000 binary vectors. The raw loop is one
`tf.function` over all steps of an epoch with the mathematics written by hand and TensorFlow's fused Adam:
about the least that training this network can cost in TensorFlow. `fit` runs with this package's
defaults: `compile()` and an array.

    python benchmarks/training.py --rounds 5
"""

from __future__ import annotations

import argparse
import os
import statistics
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
import numpy as np
import tensorflow as tf

import tfvae

PIXELS, HIDDEN, LATENT = 784, 200, 50
SIZES = [
    (PIXELS, HIDDEN),
    (HIDDEN, HIDDEN),
    (HIDDEN, 2 * LATENT),
    (LATENT, HIDDEN),
    (HIDDEN, HIDDEN),
    (HIDDEN, PIXELS),
]


class RawLoop:
    """The same model as a page of TensorFlow."""

    def __init__(self, x: np.ndarray, batch_size: int):
        glorot = keras.initializers.GlorotUniform(seed=0)
        shapes = [shape for size in SIZES for shape in (size, size[1:])]
        self.weights = [tf.Variable(glorot(s) if len(s) == 2 else tf.zeros(s)) for s in shapes]
        self.slots = [[tf.Variable(tf.zeros_like(w)) for w in self.weights] for _ in range(2)]
        self.steps = tf.Variable(0, dtype=tf.int32)
        self.x, self.batch_size = tf.constant(x), batch_size

    def loss(self, x: tf.Tensor) -> tf.Tensor:
        w = self.weights
        h = tf.tanh(tf.tanh(x @ w[0] + w[1]) @ w[2] + w[3])
        mean, log_variance = tf.split(h @ w[4] + w[5], 2, axis=-1)
        noise = tf.random.stateless_normal(tf.shape(mean), tf.stack([0, self.steps]))
        z = mean + tf.exp(0.5 * log_variance) * noise
        h = tf.tanh(tf.tanh(z @ w[6] + w[7]) @ w[8] + w[9])
        logits = h @ w[10] + w[11]
        distortion = tf.reduce_sum(tf.nn.sigmoid_cross_entropy_with_logits(labels=x, logits=logits), axis=-1)
        rate = 0.5 * tf.reduce_sum(tf.square(mean) + tf.exp(log_variance) - 1 - log_variance, axis=-1)
        return tf.reduce_mean(distortion + rate)

    def step(self, x: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as tape:
            loss = self.loss(x)
        self.steps.assign_add(1)
        t = tf.cast(self.steps, tf.float32)
        for w, m, v, g in zip(self.weights, *self.slots, tape.gradient(loss, self.weights), strict=True):
            tf.raw_ops.ResourceApplyAdam(
                var=w.handle, m=m.handle, v=v.handle, grad=g, lr=1e-3,
                beta1_power=tf.pow(0.9, t), beta2_power=tf.pow(0.999, t),
                beta1=0.9, beta2=0.999, epsilon=1e-7,
            )  # fmt: skip
        return loss

    @tf.function
    def epoch(self) -> tf.Tensor:
        count = len(self.x) // self.batch_size
        order = tf.reshape(tf.random.shuffle(tf.range(count * self.batch_size)), (count, self.batch_size))
        total = 0.0
        for index in tf.range(count):
            total += self.step(tf.gather(self.x, order[index]))
        return total / tf.cast(count, tf.float32)


def package_model() -> tfvae.VAE:
    vae = tfvae.VAE(
        encoder=tfvae.networks.mlp((HIDDEN, HIDDEN), "tanh"),
        decoder=tfvae.networks.mlp((HIDDEN, HIDDEN), "tanh"),
        posterior=tfvae.posteriors.Normal(LATENT),
        likelihood=tfvae.likelihoods.Bernoulli((PIXELS,)),
    )
    vae.compile()
    return vae


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--epochs", type=int, default=20, help="in each round")
    parser.add_argument("--batch-size", type=int, default=100)
    parser.add_argument("--verbose", type=int, default=1, help="of fit; 1 is the progress bar, the default")
    args = parser.parse_args()
    keras.utils.set_random_seed(0)
    x = (np.random.default_rng(0).random((60000, PIXELS)) < 0.13).astype("float32")
    raw, vae = RawLoop(x, args.batch_size), package_model()

    def seconds(run: object) -> float:
        start = time.perf_counter()
        run()
        return time.perf_counter() - start

    def fit() -> None:
        vae.fit(x, batch_size=args.batch_size, epochs=args.epochs, verbose=args.verbose)

    def loop() -> None:
        for _ in range(args.epochs):
            print(f"loss {float(raw.epoch()):.4f}")

    fit(), loop()  # trace
    pairs = [(seconds(fit), seconds(loop)) for _ in range(args.rounds)]
    for name, times in zip(("fit", "raw loop"), zip(*pairs, strict=True), strict=True):
        speeds = sorted(args.epochs * len(x) / value for value in times)
        print(
            f"{name:10s} {statistics.median(speeds):8.0f} examples/s  ({speeds[0]:.0f} to {speeds[-1]:.0f})"
        )
    ratios = sorted(theirs / ours for ours, theirs in pairs)
    print(f"fit / raw  {statistics.median(ratios):8.2f}              ({ratios[0]:.2f} to {ratios[-1]:.2f})")


if __name__ == "__main__":
    main()
