"""A VAE with a class that is known for some examples and summed over for the others."""

from __future__ import annotations

import keras
import numpy as np
import tensorflow as tf

from tfvae.errors import InvalidInput
from tfvae.inputs import Input
from tfvae.likelihoods import Likelihood
from tfvae.likelihoods.base import Support
from tfvae.models.base import LatentModel
from tfvae.models.class_trace import ClassTrace
from tfvae.models.vae import VAE
from tfvae.objectives import ELBO, Classification, ControlledCapacity, Objective
from tfvae.posteriors import Categorical, Posterior
from tfvae.priors import LearnedCategorical, Prior
from tfvae.trace import Trace


class SemiSupervised(LatentModel):
    """p(x, y, z) = p(y) p(z) p(x|y,z), with q(y, z|x) = q(y|x) q(z|x,y); the M2 model.

    Inputs are {"x": x, "label": y}, y [B] in 0..K-1, or -1 where the class is unknown, as it is everywhere if
    the label is left out. Bounds and likelihoods are of log p(x, y) where the class is known, and of log p(x)
    where it is not, with the sum over all classes taken exactly: one pass with each of them. As in the paper
    each example counts once, so that a batch mixes both kinds as they come; see
    `tfvae.data.mixed_batches` for batches with more of the labelled ones, and the weights that this takes.

    A latent point is z followed by the one-hot code of y, so that draws know their class.

    Args:
        vae: a VAE with a condition: q(z|x,y), p(x|y,z) and p(z), or p(z|y), for the class as a one-hot code.
            Its objective is not used.
        classifier: network from x to features, for q(y|x).
        class_prior: p(y) over one one-hot variable; None is `priors.LearnedCategorical`.
        objective: what training minimises: `ELBO` or `ControlledCapacity`, alone or in `Classification`; None
            is `Classification()`.
        seed: start of the training noise, as in `VAE`.

    Source: Kingma et al. 2014, equations 2, 4 and 6 to 9.

    Example:
        >>> import tfvae
        >>> joined, mlp = tfvae.conditioning.Joined, tfvae.networks.mlp
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
        dtype: object = None,
    ):
        super().__init__(Classification() if objective is None else objective, seed, name, dtype)
        if not isinstance(vae, VAE) or vae.condition_dim < 2:
            raise InvalidInput("vae", "a VAE whose condition_dim is the number of classes, at least 2", vae)
        if not (vae.posterior.reparameterised and vae.has_density):
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
        self.build(self.input_shapes)

    # The parts, under the names they have in a VAE.

    @property
    def num_classes(self) -> int:
        """K."""
        return self.vae.condition_dim

    @property
    def posterior(self) -> Posterior:
        """Q(z|x,y)."""
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
        classes = Support(-1.0, self.num_classes - 1.0, whole=True, hint=" (-1 for an unknown class)")
        return {"x": self.vae.accepts["x"], "label": Input((), classes, default=-1.0)}

    def build(self, input_shape: dict[str, tuple]) -> None:
        """Make the weights of the classifier; the VAE has its own."""
        seen = keras.ops.shape(self.likelihood.encoder_input(tf.zeros((1, *self.event_shape))))
        self.class_posterior(self.classifier(keras.KerasTensor((None, *seen[1:]))))
        self.objective.prepare(self)
        self.built = True

    def check_training(self, data: object) -> None:
        """Refuse arrays in which no class is known: q(y|x) would learn nothing of the labels."""
        if isinstance(data, tf.data.Dataset | tf.distribute.DistributedDataset):
            return
        label = data.get("label") if isinstance(data, dict) else None
        if label is None or not np.any(np.asarray(label) >= 0):
            raise InvalidInput("label", "at least one class that is known", "-1, unknown, everywhere")

    # One pass.

    def noise(self, num_samples: int | tf.Tensor, batch: int | tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
        """Draw the noise of z, [num_samples, batch, ...], shared by the classes."""
        return self.vae.noise(num_samples, batch, seed)

    def record(self, inputs: dict[str, tf.Tensor], noise: tf.Tensor) -> dict:
        """Classify; encode, draw and decode with every class."""
        if noise.shape[1] != 1:  # one row serves all examples as it is
            noise = tf.repeat(noise, self.num_classes, axis=1)
        each = self.vae.record(self._with_every_class(inputs["x"]), noise)
        return {"each": each, "logits": self._logits(inputs["x"])}

    def assemble(self, inputs: dict[str, tf.Tensor], record: dict) -> Trace:
        """Make the trace with every class, and what sums over them."""
        each = self.vae.assemble(self._with_every_class(inputs["x"]), record["each"])
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

    def observe(self, trace: ClassTrace) -> None:
        """Let the parts of the VAE see a training batch with every class."""
        self.vae.observe(trace.each)

    # Latent points [z; y], and what is made of them.

    @property
    def latent_dim(self) -> int:
        """Entries of z, and the number of classes."""
        return self.vae.latent_dim + self.num_classes

    @property
    def prior_noise_dim(self) -> int:
        """One number chooses the class, the others make z."""
        return 1 + self.vae.prior_noise_dim

    def prior_draw(self, noise: tf.Tensor, given: dict[str, tf.Tensor] | None = None) -> tf.Tensor:
        """Return [z; y], [B, latent_dim], with the label's class, or one drawn from p(y) where it is -1."""
        classes = self._known_or(self.class_prior.transform(noise[:, :1]), given)
        return tf.concat([self.vae.prior_draw(noise[:, 1:], {"condition": classes}), classes], axis=-1)

    def decoded_mean(self, z: tf.Tensor, given: dict[str, tf.Tensor] | None = None) -> tf.Tensor:
        """Return E[x|y,z], [B, *event], for points [z; y] of the label's class, or their own."""
        z, own = tf.split(z, [self.vae.latent_dim, self.num_classes], axis=-1)
        return self.vae.decoded_mean(z, {"condition": self._known_or(own, given)})

    def latent(self, inputs: dict[str, tf.Tensor]) -> tf.Tensor:
        """Return [location of q(z|x,y); y], [B, latent_dim], y the label or the most probable class."""
        guess = tf.one_hot(tf.argmax(self._logits(inputs["x"]), axis=-1), self.num_classes)
        classes = self._known_or(guess, inputs)
        return tf.concat([self.vae.latent({"x": inputs["x"], "condition": classes}), classes], axis=-1)

    def posterior_summary(self, inputs: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        """Return `location`, [B, latent_dim], and `label_probabilities`, q(y|x) [B, K]."""
        probabilities = tf.nn.softmax(self._logits(inputs["x"]))
        return {"location": self.latent(inputs), "label_probabilities": probabilities}

    def describe(self, inputs: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        """Return what `predict` gives: the latent point, the mean of p(x|y,z) there, and q(y|x)."""
        probabilities = tf.nn.softmax(self._logits(inputs["x"]))
        return {**super().describe(inputs), "label_probabilities": probabilities}

    # For users.

    def label_probabilities(self, inputs: object, batch_size: int = 512) -> np.ndarray:
        """Return q(y|x), [B, K], whatever label is given."""
        return self._evaluate(self._probabilities, inputs, 0, batch_size)

    def predict_label(self, inputs: object, batch_size: int = 512) -> np.ndarray:
        """Return the most probable class of each example, int64 [B]."""
        return self.label_probabilities(inputs, batch_size).argmax(axis=-1)

    def in_every_class(self, inputs: object) -> np.ndarray:
        """Return E[x|y,z] for the z of each example and every class y, [B, K, *event]: its style in each.

        z is the location of q(z|x,y) for the known or most probable class.

        Source: Kingma et al. 2014, section 4.2, whose analogies these are.
        """
        points = tf.repeat(self.latent(self.checked(inputs)), self.num_classes, axis=0)
        labels = tf.tile(tf.range(self.num_classes, dtype=tf.float32), [points.shape[0] // self.num_classes])
        drawn = self.decoded_mean(points, {"label": labels}).numpy()
        return drawn.reshape(-1, self.num_classes, *self.event_shape)

    @tf.function(reduce_retracing=True)
    def _probabilities(self, inputs: dict[str, tf.Tensor], seed: tf.Tensor) -> tf.Tensor:
        return tf.nn.softmax(self._logits(inputs["x"]))

    def _logits(self, x: tf.Tensor) -> tf.Tensor:
        features = self.classifier(self.likelihood.encoder_input(x))
        return self.class_posterior(features)["logits"][:, 0]

    def _known_or(self, otherwise: tf.Tensor, given: dict[str, tf.Tensor] | None) -> tf.Tensor:
        """Return the label's class as a one-hot code [B, K], or `otherwise` where it is unknown."""
        if not given:
            return otherwise
        label = given["label"]
        classes = tf.one_hot(tf.cast(label, tf.int32), self.num_classes)
        return tf.where(label[:, tf.newaxis] >= 0, classes, otherwise)

    def _with_every_class(self, x: tf.Tensor) -> dict[str, tf.Tensor]:
        classes = tf.tile(tf.eye(self.num_classes), [tf.shape(x)[0], 1])
        return {"x": tf.repeat(x, self.num_classes, axis=0), "condition": classes}
