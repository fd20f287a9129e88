"""The semi-supervised model with an auxiliary variable, which makes its posterior richer than a normal."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from tfvae.core.checks import keras_layer
from tfvae.core.errors import InvalidInput
from tfvae.core.training_mode import TRAINING
from tfvae.core.types import DType, Tensor, Tensors
from tfvae.layers.conditioning import ConditionPrefix
from tfvae.models.hierarchical.base import tiled
from tfvae.models.semi_supervised.auxiliary_trace import AuxiliaryTrace, with_auxiliary
from tfvae.models.semi_supervised.base import ClassModel
from tfvae.models.vae import VAE
from tfvae.objectives import Objective
from tfvae.posteriors import Normal
from tfvae.priors import Prior


class AuxiliarySemiSupervised(ClassModel):
    """p(x, y, z, a) = p(y) p(z) p(x|y,z) p(a|x,y,z), with q(a|x) q(y|a,x) q(z|a,x,y).

    a is the last to be generated, so that the model of x, y and z is that of `SemiSupervised`; integrated out
    of q, it makes q(y|x) and q(z|x,y) mixtures. Inputs, the exact sum over an unknown class and latent points
    [z; y] are as in `SemiSupervised`; the bound has in it the rate of a, E[log q(a|x) - log p(a|x,y,z)], over
    draws. Where an answer has no noise (labels, latent points) a is at the location of q(a|x).

    Args:
        vae: a VAE with p(z), whose condition is [y; a], y a one-hot code, and whose decoder is
            `layers.ConditionPrefix(network, K)`, so that it sees y alone. Its objective is not used.
        auxiliary_encoder: network from x to features, for q(a|x), a diagonal normal.
        classifier: network from the pair [x, a] to features, for q(y|a,x).
        auxiliary_decoder: network from the pair [x, [z; y]] to features, for p(a|x,y,z), a diagonal normal.
        class_prior: p(y) over one one-hot variable; None is `priors.LearnedCategorical`.
        objective: what training minimizes: `ELBO` or `ControlledCapacity`, alone or in `Classification`; None
            is `Classification()`.
        seed: start of the training noise, as in `VAE`.

    Source: Maaloe et al. 2016, section 2.

    Example:
        >>> import tfvae
        >>> model = tfvae.zoo.auxiliary_vae((4,), num_classes=3, latent_dim=2, auxiliary_dim=5)
        >>> model.elbo({"x": tf.ones((2, 4)), "label": [2, -1]}).shape
        (2,)
    """

    def __init__(
        self,
        vae: VAE,
        auxiliary_encoder: keras.Layer,
        classifier: keras.Layer,
        auxiliary_decoder: keras.Layer,
        class_prior: Prior | None = None,
        objective: Objective | None = None,
        seed: int | None = None,
        *,
        name: str | None = None,
        dtype: DType = None,
    ):
        if not (isinstance(vae, VAE) and isinstance(vae.decoder, ConditionPrefix)):
            raise InvalidInput("vae", "a VAE whose decoder is a layers.ConditionPrefix", vae)
        if not 2 <= vae.decoder.size < vae.condition_dim:
            expected = "a decoder that sees the class, of 2 values at least, and a longer condition"
            raise InvalidInput("vae", expected, f"{vae.decoder.size} of {vae.condition_dim}")
        if vae.prior.needs_condition:
            raise InvalidInput("vae", "a prior without a condition", type(vae.prior).__name__)
        super().__init__(vae, classifier, class_prior, objective, seed, name, dtype)
        self.auxiliary_encoder = keras_layer("auxiliary_encoder", auxiliary_encoder)
        self.auxiliary_decoder = keras_layer("auxiliary_decoder", auxiliary_decoder)
        self.auxiliary_posterior = Normal(self.auxiliary_dim, name="auxiliary_posterior")
        self.auxiliary_likelihood = Normal(self.auxiliary_dim, name="auxiliary_likelihood")
        self.build(self.input_shapes)

    @property
    def num_classes(self) -> int:
        """K."""
        return self.vae.decoder.size

    @property
    def auxiliary_dim(self) -> int:
        """Entries of a."""
        return self.vae.condition_dim - self.num_classes

    def build(self, input_shape: Any) -> None:
        """Make the weights of what the VAE does not have."""
        seen, pair = self.seen(), keras.KerasTensor((None, self.auxiliary_dim))
        self.auxiliary_posterior(self.auxiliary_encoder(seen))
        self.class_posterior(self.classifier([seen, pair]))
        self.auxiliary_likelihood(self.auxiliary_decoder([seen, keras.KerasTensor((None, self.latent_dim))]))
        self.finish_build()

    # One pass. Each draw of a is an example of its own to the VAE, which draws one z for it and each class.

    def noise(self, num_samples: int | Tensor, batch: int | Tensor, seed: Tensor) -> Tensor:
        """Draw the noise of a and, behind it, of z, shared by the classes, [num_samples, batch, ...]."""
        first, second = tf.unstack(tf.random.experimental.stateless_split(seed, 2))
        auxiliary = self.auxiliary_posterior.noise((num_samples, batch), first)
        return tf.concat([auxiliary, self.vae.noise(num_samples, batch, second)], axis=-1)

    def record(self, inputs: Tensors, noise: Tensor) -> dict:
        """Draw a and classify; encode, draw and decode with every class; say what a should have been."""
        x = inputs["x"]
        samples, batch = tf.shape(noise)[0], tf.shape(x)[0]
        noise = tf.broadcast_to(noise, (samples, batch, noise.shape[-1]))
        auxiliary_noise, z_noise = tf.split(noise, [self.auxiliary_dim, -1], axis=-1)
        a, log_q = self.auxiliary_posterior.transform(self._auxiliary(x), auxiliary_noise)
        a = tf.reshape(a, (-1, self.auxiliary_dim))
        copies = tiled(x, samples)
        logits = tf.reshape(self._logits(copies, a), (samples, batch, self.num_classes))
        every = self._repeated(copies, a)
        z_noise = tf.reshape(z_noise, (1, -1, z_noise.shape[-1]))
        each = self.vae.record(every, tf.repeat(z_noise, self.num_classes, axis=1))
        seen = self.likelihood.encoder_input(every["x"])
        classes, repeated = tf.split(every["condition"], [self.num_classes, -1], axis=-1)
        drawn = tf.concat([each["z"][0], classes], axis=-1)
        explained = self.auxiliary_decoder([seen, drawn], training=TRAINING.get())
        params = self.auxiliary_likelihood(explained, training=TRAINING.get())
        p = self.auxiliary_likelihood.distribution(params)
        return {
            "each": each,
            "logits": logits,
            "auxiliary": a,
            "log_q_auxiliary": tf.repeat(tf.reshape(log_q, (1, -1)), self.num_classes, axis=1),
            "log_p_auxiliary": p.log_prob(repeated)[tf.newaxis],
        }

    def with_every_class(self, inputs: Tensors, record: dict) -> AuxiliaryTrace:
        """Make the trace of the VAE and a, of S B K examples with one draw each."""
        copies = tiled(inputs["x"], tf.shape(record["logits"])[0])
        within = self.vae.assemble(self._repeated(copies, record["auxiliary"]), record["each"])
        return with_auxiliary(within, record["log_q_auxiliary"], record["log_p_auxiliary"])

    def observe(self, trace: Any) -> None:
        """Let the parts of the VAE see a training batch with every class."""
        self.vae.observe(trace.each.within)

    def logits(self, x: Tensor) -> Tensor:
        """Return the logits of q(y|a,x), [B, K], at the location of q(a|x)."""
        return self._logits(x, self._auxiliary(x)["loc"])

    def location(self, x: Tensor, classes: Tensor) -> Tensor:
        """Return the location of q(z|a,x,y) at that of q(a|x), for one-hot codes y [B, K]."""
        condition = tf.concat([classes, self._auxiliary(x)["loc"]], axis=-1)
        return self.vae.latent({"x": x, "condition": condition})

    def condition(self, classes: Tensor) -> Tensors:
        """Return the class as the condition of the VAE, with zeros for a, which is not generated from."""
        return {"condition": tf.pad(classes, [[0, 0], [0, self.auxiliary_dim]])}

    def _auxiliary(self, x: Tensor) -> Tensors:
        features = self.auxiliary_encoder(self.likelihood.encoder_input(x), training=TRAINING.get())
        return self.auxiliary_posterior(features, training=TRAINING.get())

    def _logits(self, x: Tensor, a: Tensor) -> Tensor:
        features = self.classifier([self.likelihood.encoder_input(x), a], training=TRAINING.get())
        return self.class_posterior(features, training=TRAINING.get())["logits"][:, 0]

    def _repeated(self, x: Tensor, a: Tensor) -> Tensors:
        """Return each pair of x and a with every class, the class running faster."""
        classes = tf.tile(tf.eye(self.num_classes), [tf.shape(x)[0], 1])
        condition = tf.concat([classes, tf.repeat(a, self.num_classes, axis=0)], axis=-1)
        return {"x": tf.repeat(x, self.num_classes, axis=0), "condition": condition}
