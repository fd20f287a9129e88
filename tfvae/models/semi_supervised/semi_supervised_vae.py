"""A VAE with a class that is known for some examples and summed over for the others."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from tfvae.core.errors import InvalidInput
from tfvae.core.trace import Trace
from tfvae.core.training_mode import TRAINING
from tfvae.core.types import DType, Tensor, Tensors
from tfvae.models.semi_supervised.base import ClassModel
from tfvae.models.semi_supervised.class_trace import ClassTrace
from tfvae.models.vae import VAE
from tfvae.objectives import Objective
from tfvae.priors import Prior


class SemiSupervised(ClassModel):
    """p(x, y, z) = p(y) p(z) p(x|y,z), with q(y, z|x) = q(y|x) q(z|x,y); the M2 model.

    Inputs are {"x": x, "label": y}, y [B] in 0..K-1, or -1 where the class is unknown, as it is everywhere if
    the label is left out. Bounds and likelihoods are of log p(x, y) where the class is known, and of log p(x)
    where it is not, with the sum over all classes taken exactly: one pass with each of them. As in the paper
    each example counts once, so that a batch mixes both kinds as they come; see
    `tfvae.data.mixed_batches` for batches with more of the labeled ones, and the weights that this takes.

    A latent point is z followed by the one-hot code of y, so that draws know their class.

    Args:
        vae: a VAE with a condition: q(z|x,y), p(x|y,z) and p(z), or p(z|y), for the class as a one-hot code.
            Its objective is not used.
        classifier: network from x to features, for q(y|x).
        class_prior: p(y) over one one-hot variable; None is `priors.LearnedCategorical`.
        objective: what training minimizes: `ELBO` or `ControlledCapacity`, alone or in `Classification`; None
            is `Classification()`.
        seed: start of the training noise, as in `VAE`.

    Source: Kingma et al. 2014, equations 2, 4 and 6 to 9.

    Example:
        >>> import numpy as np
        >>> import tfvae
        >>> joined, mlp = tfvae.layers.ConcatenateCondition, tfvae.networks.mlp
        >>> vae = tfvae.VAE(
        ...     joined(mlp((8,))), joined(mlp((8,))), tfvae.posteriors.Normal(2),
        ...     tfvae.likelihoods.Bernoulli((4,)), condition_dim=3)
        >>> model = SemiSupervised(vae, classifier=mlp((8,)))
        >>> model.elbo({"x": np.ones((2, 4)), "label": [2, -1]}).shape
        (2,)
    """

    def __init__(
        self,
        vae: VAE,
        classifier: keras.Layer,
        class_prior: Prior | None = None,
        objective: Objective | None = None,
        seed: int | None = None,
        *,
        name: str | None = None,
        dtype: DType = None,
    ):
        if not isinstance(vae, VAE) or vae.condition_dim < 2:
            raise InvalidInput("vae", "a VAE whose condition_dim is the number of classes, at least 2", vae)
        super().__init__(vae, classifier, class_prior, objective, seed, name, dtype)
        self.build(self.input_shapes)

    @property
    def num_classes(self) -> int:
        """K."""
        return self.vae.condition_dim

    def build(self, input_shape: Any) -> None:
        """Make the weights of the classifier; the VAE has its own."""
        self.class_posterior(self.classifier(self.seen()))
        self.finish_build()

    def noise(self, num_samples: int | Tensor, batch: int | Tensor, seed: Tensor) -> Tensor:
        """Draw the noise of z, [num_samples, batch, ...], shared by the classes."""
        return self.vae.noise(num_samples, batch, seed)

    def record(self, inputs: Tensors, noise: Tensor) -> dict:
        """Classify; encode, draw and decode with every class."""
        if noise.shape[1] != 1:  # one row serves all examples
            noise = tf.repeat(noise, self.num_classes, axis=1)
        each = self.vae.record(self._repeated(inputs["x"]), noise)
        return {"each": each, "logits": self.logits(inputs["x"])[tf.newaxis]}

    def with_every_class(self, inputs: Tensors, record: dict) -> Trace:
        """Make the trace of the VAE, of B K examples."""
        return self.vae.assemble(self._repeated(inputs["x"]), record["each"])

    def observe(self, trace: ClassTrace) -> None:
        """Let the parts of the VAE see a training batch with every class."""
        self.vae.observe(trace.each)

    def logits(self, x: Tensor) -> Tensor:
        """Return the logits of q(y|x), [B, K]."""
        features = self.classifier(self.likelihood.encoder_input(x), training=TRAINING.get())
        return self.class_posterior(features, training=TRAINING.get())["logits"][:, 0]

    def location(self, x: Tensor, classes: Tensor) -> Tensor:
        """Return the location of q(z|x,y), for one-hot codes y [B, K]."""
        return self.vae.latent({"x": x, **self.condition(classes)})

    def condition(self, classes: Tensor) -> Tensors:
        """Return the class as the condition of the VAE."""
        return {"condition": classes}

    def _repeated(self, x: Tensor) -> Tensors:
        classes = tf.tile(tf.eye(self.num_classes), [tf.shape(x)[0], 1])
        return {"x": tf.repeat(x, self.num_classes, axis=0), **self.condition(classes)}
