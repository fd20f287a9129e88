"""What models with a class that is known for some examples share: inputs, latent points, answers."""

from __future__ import annotations

import abc
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tfvae.core.errors import InvalidInput
from tfvae.core.inputs import Input
from tfvae.core.support import Support
from tfvae.core.trace import Trace
from tfvae.core.types import DType, Inputs, Tensor, Tensors
from tfvae.likelihoods import Likelihood
from tfvae.models.base import LatentModel
from tfvae.models.fit_data import STREAMS
from tfvae.models.semi_supervised.class_trace import ClassTrace
from tfvae.models.vae import VAE
from tfvae.objectives import ELBO, Classification, ControlledCapacity, Objective
from tfvae.posteriors import Categorical, Posterior
from tfvae.priors import LearnedCategorical, Prior


class ClassModel(LatentModel):
    """p(x, y, z) = p(y) p(z) p(x|y,z), with an approximate posterior in which y is summed; abstract.

    A subclass says how q is made: how the class is guessed, and where z lies given the class.

    Args:
        vae: a VAE whose condition has the class as a one-hot code, the subclass says how.
        classifier: network to the features of q(y|...).
        class_prior: p(y) over one one-hot variable; None is `priors.LearnedCategorical`.
        objective: `ELBO` or `ControlledCapacity`, alone or in `Classification`; None is `Classification()`.
        seed: start of the training noise, as in `VAE`.
    """

    def __init__(
        self,
        vae: VAE,
        classifier: keras.Layer,
        class_prior: Prior | None,
        objective: Objective | None,
        seed: int | None,
        name: str | None,
        dtype: DType,
    ):
        super().__init__(Classification() if objective is None else objective, seed, name, dtype)
        if not (vae.posterior.reparameterized and vae.has_density):
            expected = "a posterior with a density and draws that carry gradients"
            raise InvalidInput("vae", expected, type(vae.posterior).__name__)
        self.vae = vae
        self.classifier = classifier
        self.class_prior = LearnedCategorical(1, self.num_classes) if class_prior is None else class_prior
        if self.class_prior.space != "one-hot" or self.class_prior.latent_dim != self.num_classes:
            expected = f"a prior over one one-hot variable of {self.num_classes} values"
            raise InvalidInput("class_prior", expected, class_prior)
        self.class_posterior = Categorical(1, self.num_classes, name="class_posterior")
        bound = getattr(self.objective, "objective", self.objective)
        if not isinstance(bound, ELBO | ControlledCapacity):
            expected = "ELBO or ControlledCapacity, alone or in Classification"
            raise InvalidInput("objective", expected, type(bound).__name__)
        self.objective.check(self)

    # What a subclass defines, beside `noise`, `record` with "logits" [S or 1, B, K], and `observe`.

    @property
    @abc.abstractmethod
    def num_classes(self) -> int:
        """K."""

    @abc.abstractmethod
    def with_every_class(self, inputs: Tensors, record: dict) -> Trace:
        """Make the trace of every example with every class, the class running fastest."""

    @abc.abstractmethod
    def logits(self, x: Tensor) -> Tensor:
        """Return the logits of q(y|x), [B, K], with no noise."""

    @abc.abstractmethod
    def location(self, x: Tensor, classes: Tensor) -> Tensor:
        """Return the location of q(z|x,y), with no noise, for one-hot codes y [B, K]."""

    @abc.abstractmethod
    def condition(self, classes: Tensor) -> Tensors:
        """Return what the VAE generates from, for one-hot codes [B, K]."""

    # The parts, under the names they have in a VAE.

    @property
    def posterior(self) -> Posterior:
        """Q(z|...)."""
        return self.vae.posterior

    @property
    def prior(self) -> Prior:
        """P(z), or p(z|y)."""
        return self.vae.prior

    @property
    def likelihood(self) -> Likelihood:
        """P(x|y,z)."""
        return self.vae.likelihood

    @property
    def accepts(self) -> dict[str, Input]:
        """The data and the label."""
        classes = Support(-1.0, self.num_classes - 1.0, integer=True, hint=" (-1 for an unknown class)")
        return {"x": self.vae.accepts["x"], "label": Input((), classes, default=-1.0)}

    def seen(self) -> keras.KerasTensor:
        """Return what stands for the encoder's input where weights are made."""
        return keras.KerasTensor((None, *self.likelihood.encoder_shape))

    def check_training(self, data: Any) -> None:
        """Reject arrays in which no class is known: q(y|x) would learn nothing of the labels."""
        if isinstance(data, STREAMS):
            return
        label = data.get("label") if isinstance(data, dict) else None
        if label is None or not np.any(np.asarray(label) >= 0):
            raise InvalidInput("label", "at least one class that is known", "-1, unknown, everywhere")

    def assemble(self, inputs: Tensors, record: dict) -> ClassTrace:
        """Make the trace with every class, and what sums over them."""
        each = self.with_every_class(inputs, record)
        return ClassTrace(
            x=inputs["x"],
            given=self.given(inputs),
            q=each.q,
            p=each.p,
            px=each.px,
            z=each.z,
            log_q=each.log_q,
            record=record,
            seed=record.get("seed"),
            each=each,
            label=inputs["label"],
            log_classifier=tf.nn.log_softmax(record["logits"]),
            log_class_prior=self.class_prior.distribution().log_prob(tf.eye(self.num_classes)),
        )

    # Latent points [z; y], and what is made of them.

    @property
    def latent_dim(self) -> int:
        """Entries of z, and the number of classes."""
        return self.vae.latent_dim + self.num_classes

    @property
    def prior_noise_dim(self) -> int:
        """One number chooses the class, the others make z."""
        return 1 + self.vae.prior_noise_dim

    def prior_draw(self, noise: Tensor, given: Tensors | None = None) -> Tensor:
        """Return [z; y], [B, latent_dim], with the label's class, or one drawn from p(y) where it is -1."""
        classes = self._known_or(self.class_prior.transform(noise[:, :1]), given)
        return tf.concat([self.vae.prior_draw(noise[:, 1:], self.condition(classes)), classes], axis=-1)

    def decoded_mean(self, z: Tensor, given: Tensors | None = None) -> Tensor:
        """Return E[x|y,z], [B, *event], for points [z; y] of the label's class, or their own."""
        z, own = tf.split(z, [self.vae.latent_dim, self.num_classes], axis=-1)
        return self.vae.decoded_mean(z, self.condition(self._known_or(own, given)))

    def latent(self, inputs: Tensors) -> Tensor:
        """Return [location of q(z|x,y); y], [B, latent_dim], y the label or the most probable class."""
        guess = tf.one_hot(tf.argmax(self.logits(inputs["x"]), axis=-1), self.num_classes)
        classes = self._known_or(guess, inputs)
        return tf.concat([self.location(inputs["x"], classes), classes], axis=-1)

    def posterior_summary(self, inputs: Tensors) -> Tensors:
        """Return `location`, [B, latent_dim], and `label_probabilities`, q(y|x) [B, K]."""
        probabilities = tf.nn.softmax(self.logits(inputs["x"]))
        return {"location": self.latent(inputs), "label_probabilities": probabilities}

    def describe(self, inputs: Tensors) -> Tensors:
        """Return what `predict` gives: the latent point, the mean of p(x|y,z) there, and q(y|x)."""
        probabilities = tf.nn.softmax(self.logits(inputs["x"]))
        return {**super().describe(inputs), "label_probabilities": probabilities}

    # For users.

    def label_probabilities(self, inputs: Inputs, batch_size: int = 512) -> np.ndarray:
        """Return q(y|x), [B, K], whatever label is given."""
        return self._evaluate(self._probabilities, inputs, 0, batch_size)

    def predict_label(self, inputs: Inputs, batch_size: int = 512) -> np.ndarray:
        """Return the most probable class of each example, int64 [B]."""
        return self.label_probabilities(inputs, batch_size).argmax(axis=-1)

    def in_every_class(self, inputs: Inputs) -> np.ndarray:
        """Return E[x|y,z] for the z of each example and every class y, [B, K, *event]: its style in each.

        z is the location of q(z|x,y) for the known or most probable class.

        Source: Kingma et al. 2014, section 4.2, whose analogies these are.
        """
        points = tf.repeat(self.latent(self.checked(inputs)), self.num_classes, axis=0)
        labels = tf.tile(tf.range(self.num_classes, dtype=tf.float32), [points.shape[0] // self.num_classes])
        drawn = self.decoded_mean(points, {"label": labels}).numpy()
        return drawn.reshape(-1, self.num_classes, *self.event_shape)

    @tf.function(reduce_retracing=True, autograph=False)
    def _probabilities(self, inputs: Tensors, seed: Tensor) -> Tensor:
        return tf.nn.softmax(self.logits(inputs["x"]))

    def _known_or(self, otherwise: Tensor, given: Tensors | None) -> Tensor:
        """Return the label's class as a one-hot code [B, K], or `otherwise` where it is unknown."""
        if not given:
            return otherwise
        label = given["label"]
        classes = tf.one_hot(tf.cast(label, tf.int32), self.num_classes)
        return tf.where(label[:, tf.newaxis] >= 0, classes, otherwise)
