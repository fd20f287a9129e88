"""A semi-supervised model of another model's latent variable, trained one after the other."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from tfvae.core.errors import InvalidInput
from tfvae.core.files import replacing
from tfvae.core.types import ArrayLike, Tensor
from tfvae.data import mixed_batches
from tfvae.models.loading import load
from tfvae.models.semi_supervised.base import ClassModel
from tfvae.models.vae import VAE

_FEATURES, _MODEL = "features.keras", "model.keras"


class StackedSemiSupervised:
    """p(x, y, z1, z2) = p(y) p(z2) p(z1|y,z2) p(x|z1): M2 on the latent variable of M1; the M1+M2 model.

    M1 is trained on x first, with `fit` as any VAE. `fit` of this object then trains M2 with draws
    z1 ~ q(z1|x) in the place of data, new ones at each step; M1 is not trained further.

    Args:
        features: M1, a trained VAE with a normal posterior and without a condition.
        model: M2, or another model with classes, whose x is z1.

    Source: Kingma et al. 2014, section 2 (stacked generative semi-supervised model).

    Example:
        >>> import tfvae
        >>> stacked = StackedSemiSupervised(tfvae.zoo.vae((6,), 2), tfvae.zoo.semi_supervised_vae((2,), 3, 2))
        >>> stacked.sample(4, given={"label": [0, 1, 2, 2]}).shape
        (4, 6)
    """

    def __init__(self, features: VAE, model: ClassModel):
        if model.event_shape != (features.latent_dim,):
            raise InvalidInput(
                "model", f"one of x of shape {(features.latent_dim,)}, the latent variable", model.event_shape
            )
        if len(features.accepts) > 1:
            raise InvalidInput("features", "a model of x alone", list(features.accepts))
        self.features = features
        self.model = model

    def fit(
        self,
        x: np.ndarray,
        label: np.ndarray,
        batch_size: int = 200,
        labeled: int = 100,
        epochs: int = 10,
        seed: int = 0,
    ) -> keras.callbacks.History:
        """Train M2 on draws of z1, in batches as `tfvae.data.mixed_batches` makes them.

        Args:
            x: data [N, *event].
            label: class of each example, -1 where it is unknown, [N].
            batch_size: examples a batch.
            labeled: of these, how many with a known class.
            epochs: passes over the examples of unknown class.
            seed: start of the random numbers of order and draws.
        """
        q = self.features.encode(x)
        both = np.stack([q.mean(), q.stddev()], axis=-1)
        stream = tf.data.Dataset.random(seed=seed, rerandomize_each_iteration=True)
        batches = tf.data.Dataset.zip(mixed_batches(both, label, batch_size, labeled, seed), stream)

        def drawn(batch: tuple, number: Tensor) -> tuple:
            inputs, y, weight = batch
            loc, scale = tf.unstack(inputs["x"], axis=-1)
            noise = tf.random.stateless_normal(tf.shape(loc), tf.stack([number, 0]))
            return {**inputs, "x": loc + scale * noise}, y, weight

        return self.model.fit(batches.map(drawn), epochs=epochs, verbose=0)

    def save(self, folder: str | os.PathLike) -> None:
        """Write both models to a folder that is not there yet or empty, whole or not at all.

        Raises:
            UnwritableFile: where it cannot be written, or has something in it.
        """
        with replacing(folder) as temporary:
            temporary.mkdir()
            self.features.save(temporary / _FEATURES)
            self.model.save(temporary / _MODEL)

    @classmethod
    def load(cls, folder: str | os.PathLike) -> StackedSemiSupervised:
        """Read what `save` wrote.

        Raises:
            UnreadableFile: where one of the two files is missing or damaged.
        """
        return cls(load(Path(folder) / _FEATURES), load(Path(folder) / _MODEL))

    def predict_label(self, x: np.ndarray) -> np.ndarray:
        """Return the most probable class at the location of q(z1|x), int64 [B]."""
        return self.model.predict_label(self.features.encode(x).mean())

    def sample(
        self, num_samples: int, seed: int = 0, given: Mapping[str, ArrayLike] | None = None
    ) -> np.ndarray:
        """Return E[x|z1] for z1 = E[z1|y,z2] and draws of y, or a label that is given, and z2."""
        z = self.model.sample(num_samples, seed, given)
        return self.features.decoded_mean(tf.constant(z)).numpy()
