"""A second encoder for missing values, beside a trained model that is not changed."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from tfvae.core.errors import InvalidInput
from tfvae.core.noise import SeedStream
from tfvae.core.replicas import mean_loss
from tfvae.core.types import Tensor
from tfvae.layers.masking import RandomMask
from tfvae.likelihoods import MissingAtRandom, WithMissingMask
from tfvae.models.vae import VAE
from tfvae.posteriors import Posterior
from tfvae.priors import Prior


class PosteriorMatching(keras.Model):
    """A partial encoder r(z|x_obs), trained to be the trained model's q(z|x) averaged over the rest of x.

    loss = -E_x E_s E_q(z|x) log r(z|x_s),  least where r(z|x_s) is the average of q(z|x) over x given x_s

    Within the family of r it is the least KL(E[q(z|x)|x_s] || r(z|x_s)): a normal r gets mean and variances.
    Train it with `fit` on complete data; `model` is then a VAE for missing values, of the trained decoder,
    likelihood and prior, and of r, with which `evaluation.impute` works; save that one. No weight of the
    trained model is changed.

    Args:
        trained: a model of complete data, whose likelihood has independent elements.
        encoder: network for r, from values and marks (see `likelihoods.WithMissingMask`) to features.
        posterior: r's family, with a density in closed form; over the same latent space.
        hiding: what of x is hidden from r while it is trained.
        seed: start of the draws from q(z|x); None takes it from Python's random numbers.

    Attributes:
        model: the VAE for missing values.

    Raises:
        InvalidInput: where the parts do not go together.

    Source: Strauss and Oliva 2022, section 3.

    Example:
        >>> import numpy as np
        >>> import tfvae
        >>> trained = tfvae.zoo.vae((4,), latent_dim=2)
        >>> matching = PosteriorMatching(
        ...     trained, tfvae.networks.mlp((8,)), tfvae.posteriors.Normal(2), tfvae.layers.MaskElements(0.5))
        >>> matching.compile("adam")
        >>> history = matching.fit(np.ones((8, 4), "float32"), verbose=0)
        >>> tfvae.evaluation.impute(matching.model, [[1.0, float("nan"), 1.0, 1.0]], num_samples=10).shape
        (1, 4)
    """

    def __init__(
        self,
        trained: VAE,
        encoder: keras.Layer,
        posterior: Posterior,
        hiding: RandomMask,
        seed: int | None = None,
    ):
        super().__init__()
        if trained.likelihood.support.missing:
            raise InvalidInput(
                "trained", "a model of complete data", f"one with {type(trained.likelihood).__name__}"
            )
        if not (posterior.has_density and posterior.explicit_density):
            raise InvalidInput(
                "posterior", "one with a density in closed form at any z", type(posterior).__name__
            )
        if type(trained.prior).attach is not Prior.attach:
            raise InvalidInput(
                "trained", "a prior that is not made of its posterior", type(trained.prior).__name__
            )
        self.trained, self.hiding = trained, hiding
        self.noise = SeedStream(seed, name="noise")
        self.model = VAE(
            encoder=encoder,
            decoder=trained.decoder,
            posterior=posterior,
            likelihood=WithMissingMask(MissingAtRandom(trained.likelihood)),
            prior=trained.prior,
        )
        self.built = True

    @property
    def trainable_variables(self) -> list[keras.Variable]:
        """The weights of r alone."""
        return [*self.model.encoder.trainable_variables, *self.model.posterior.trainable_variables]

    @property
    def trainable_weights(self) -> list[keras.Variable]:
        """The weights of r alone."""
        return self.trainable_variables

    def fit(
        self,
        x: Any,
        batch_size: int = 64,
        epochs: int = 1,
        verbose: str | int = "auto",
        callbacks: list | None = None,
    ) -> keras.callbacks.History:
        """Train r on complete data [n, *event], as Keras's `fit` does.

        Raises:
            InvalidInput: for values that the trained model does not take, missing ones among them.
        """
        x = self.trained.checked(x)["x"]
        return super().fit(x, batch_size=batch_size, epochs=epochs, verbose=verbose, callbacks=callbacks)

    def call(self, x: Tensor, training: bool = False) -> Tensor:
        """Return the loss of each example, [B] nats, with one draw of z and of what is hidden."""
        # In inference mode, so that nothing of the trained model moves, such as averages of batch statistics.
        features = self.trained.encoder(self.trained.likelihood.encoder_input(x), training=False)
        q = self.trained.posterior(features, training=False)
        noise = self.trained.noise(1, tf.shape(x)[0], self.noise.next())
        z = tf.stop_gradient(self.trained.posterior.transform(q, noise)[0][0])
        seen = self.hiding(self.model.likelihood.encoder_input(x), training=True)
        r = self.model.posterior(self.model.encoder(seen, training=training), training=training)
        return -self.model.posterior.distribution(r).log_prob(z)

    def compute_loss(
        self,
        x: Any = None,
        y: Any = None,
        y_pred: Tensor | None = None,
        sample_weight: Tensor | None = None,
        training: bool = True,
    ) -> Tensor:
        """Return the mean over a batch of what the call returned, and what r's layers add to the loss."""
        added = [*self.model.encoder.losses, *self.model.posterior.losses]
        return mean_loss(y_pred, added, sample_weight)
