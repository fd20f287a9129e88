"""The variational autoencoder: two networks and four parts."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Mapping
from typing import Any

import keras
import tensorflow as tf
from tensorflow_probability import distributions as tfd

from tfvae.core.checks import integer
from tfvae.core.errors import InvalidInput
from tfvae.core.inputs import Input
from tfvae.core.points import latent_points
from tfvae.core.trace import Trace
from tfvae.core.training_mode import TRAINING
from tfvae.core.types import ArrayLike, DType, Inputs, Tensor, Tensors
from tfvae.likelihoods import Likelihood
from tfvae.models.base import LatentModel
from tfvae.networks import at_points
from tfvae.objectives import ELBO, Objective
from tfvae.posteriors import Encoded, Posterior
from tfvae.priors import Prior, StandardNormal


class VAE(LatentModel):
    """p(x, z) = p(z) p(x|z), trained with an approximate posterior q(z|x).

    x -> encoder -> posterior -> q(z|x) -> z -> decoder -> likelihood -> p(x|z)

    Args:
        encoder: network from x [B, *event] to features.
        decoder: network from z [B, latent_dim] to features.
        posterior: layer from the encoder's features to q(z|x).
        likelihood: layer from the decoder's features to p(x|z).
        prior: p(z); None is `StandardNormal(posterior.latent_dim)`.
        objective: what training minimizes; None is `ELBO()`.
        seed: start of the training noise; None takes it from Python's random numbers, which
            `keras.utils.set_random_seed` seeds.
        condition_dim: length of a condition c, 0 for none. With one, inputs are {"x": x, "condition": c}
            with c [B, condition_dim], and both networks are called with a pair: the encoder with [x, c],
            the decoder with [z, c]; see `tfvae.layers.ConcatenateCondition`.

    Source: Kingma and Welling 2014; Prince 2023, chapter 17.

    Example:
        >>> import tfvae
        >>> vae = tfvae.VAE(
        ...     encoder=tfvae.networks.mlp((32,)), decoder=tfvae.networks.mlp((32,)),
        ...     posterior=tfvae.posteriors.Normal(2), likelihood=tfvae.likelihoods.Bernoulli((4,)))
        >>> vae.elbo(tf.ones((3, 4))).shape
        (3,)
    """

    def __init__(
        self,
        encoder: keras.Layer,
        decoder: keras.Layer,
        posterior: Posterior,
        likelihood: Likelihood,
        prior: Prior | None = None,
        objective: Objective | None = None,
        seed: int | None = None,
        condition_dim: int = 0,
        *,
        name: str | None = None,
        dtype: DType = None,
    ):
        super().__init__(ELBO() if objective is None else objective, seed, name, dtype)
        self.encoder = encoder
        self.decoder = decoder
        self.posterior = posterior
        self.likelihood = likelihood
        self.prior = StandardNormal(posterior.latent_dim) if prior is None else prior
        self.condition_dim = integer("condition_dim", condition_dim, at_least=0)
        for argument in ("encoder", "decoder"):
            if condition_dim and isinstance(getattr(self, argument), keras.Sequential):
                raise InvalidInput(
                    argument,
                    "a network of pairs, such as tfvae.layers.ConcatenateCondition(network)",
                    "a Sequential",
                )
        if self.prior.latent_dim != posterior.latent_dim:
            raise InvalidInput(
                "prior", f"the posterior's latent_dim {posterior.latent_dim}", self.prior.latent_dim
            )
        if self.prior.space != posterior.space:
            ours, theirs = (f"{type(part).__name__} ({part.space})" for part in (posterior, self.prior))
            raise InvalidInput("prior", f"one over the space of the posterior {ours}", theirs)
        if self.prior.needs_condition and not condition_dim:
            raise InvalidInput("prior", "one without a condition", type(self.prior).__name__)
        if self.prior.needs_encoder and condition_dim:
            raise InvalidInput("prior", "one not made of posteriors, as q(z|x,c) has a condition", self.prior)
        self.objective.check(self)
        self.build(self.input_shapes)

    @property
    def draws_at_random(self) -> bool:
        """Whether the posterior's draws are random."""
        return self.posterior.draws_at_random

    @property
    def space(self) -> str:
        """Where the posterior's z lies."""
        return self.posterior.space

    @property
    def latent_dim(self) -> int:
        """Number of latent dimensions."""
        return self.posterior.latent_dim

    @property
    def accepts(self) -> dict[str, Input]:
        """The data and, where there is one, the condition."""
        accepts = {"x": Input(self.likelihood.event_shape, self.likelihood.support)}
        return accepts | ({"condition": Input((self.condition_dim,))} if self.condition_dim else {})

    def build(self, input_shape: Any) -> None:
        """Make the weights of the networks and the parts."""
        condition = keras.KerasTensor((None, self.condition_dim)) if self.condition_dim else None
        self.posterior(
            self.encoder(_pair(keras.KerasTensor((None, *self.likelihood.encoder_shape)), condition))
        )
        self.likelihood(self.decoder(_pair(keras.KerasTensor((None, self.latent_dim)), condition)))
        self.prior.attach(self.posterior)
        self.prior.prepare(self.event_shape)
        self.finish_build()

    def noise(self, num_samples: int | Tensor, batch: int | Tensor, seed: Tensor) -> Tensor:
        """Draw the posterior's base noise, [num_samples, batch, ...]."""
        return self.posterior.noise((num_samples, batch), seed)

    def record(self, inputs: Tensors, noise: Tensor) -> dict:
        """Encode, draw, decode."""
        return self.completed(inputs, self.drawn(inputs, noise))

    def drawn(self, inputs: Tensors, noise: Tensor) -> dict:
        """Return the first half of a record: the posterior's parameters, z and log q."""
        params = self._encode(**inputs).params
        z, log_q = self.posterior.draw(params, noise, functools.partial(self._log_joint, **inputs))
        return {"posterior": params, "z": z, "log_q": log_q}

    def completed(self, inputs: Tensors, drawn: dict) -> dict:
        """Return the whole record: what was drawn, and the likelihood's parameters."""
        return {**drawn, "likelihood": self._decode(drawn["z"], self.given(inputs))}

    def assemble(self, inputs: Tensors, record: dict) -> Trace:
        """Make q, p and p(x|z) of the record's parameters."""
        return Trace(
            x=inputs["x"],
            given=self.given(inputs),
            q=self.posterior.distribution(record["posterior"]),
            p=self.prior.distribution(self._encode, inputs.get("condition")),
            px=self.likelihood.distribution(record["likelihood"]),
            z=record["z"],
            log_q=record["log_q"],
            record=record,
            seed=record.get("seed"),
        )

    def retrace(self, trace: Trace, z: Tensor, log_q: Tensor) -> Trace:
        """Return the trace of the same pass with other draws z [S, B, latent_dim] and their log q [S, B]."""
        likelihood = self._decode(z, trace.given)
        return dataclasses.replace(
            trace,
            z=z,
            log_q=log_q,
            px=self.likelihood.distribution(likelihood),
            record={**trace.record, "z": z, "log_q": log_q, "likelihood": likelihood},
        )

    def observe(self, trace: Trace) -> None:
        """Let the parts see a batch."""
        self.posterior.observe(trace)
        self.prior.observe(trace)
        self.likelihood.observe(trace)

    def estimate(self, loss: Tensor, trace: Trace) -> Tensor:
        """Return the loss with the posterior's gradient estimator."""
        return self.posterior.estimate(loss, trace)

    @property
    def has_density(self) -> bool:
        """Whether the posterior has a density."""
        return self.posterior.has_density

    def latent(self, inputs: Tensors) -> Tensor:
        """Return the location of q(z|x), [B, latent_dim]."""
        return self.posterior.location(self._encode(**inputs).params)

    def posterior_summary(self, inputs: Tensors) -> Tensors:
        """Return what an export returns of q(z|x): `location`, and other tensors that the posterior names."""
        return self.posterior.summary(self._encode(**inputs).params)

    def decoded_mean(self, z: Tensor, given: Tensors | None = None) -> Tensor:
        """Return E[x|z], or E[x|z,c], [B, *event], for z [B, latent_dim]."""
        condition = (given or {}).get("condition")
        return self.likelihood.mean(self._decoded(z, condition))

    def encode(self, inputs: Inputs) -> tfd.Distribution:
        """Return q(z|x), batch shape [B]."""
        return self._encode(**self.checked(inputs)).distribution

    def decode(self, z: ArrayLike, given: Mapping[str, ArrayLike] | None = None) -> tfd.Distribution:
        """Return p(x|z) for z of shape [..., latent_dim].

        Args:
            z: latent points.
            given: {"condition": c} with c [B, condition_dim], for a model with a condition; z is then
                [..., B, latent_dim].
        """
        points = latent_points(z, self.latent_dim, "..., batch" if self.condition_dim else "...")
        conditions = self.checked_given(given, points.shape[-2] if self.condition_dim else 0)
        return self.likelihood.distribution(self._decode(points, conditions))

    @property
    def prior_noise_dim(self) -> int:
        """Standard normal numbers that one draw from p(z) takes."""
        return self.prior.noise_dim(self.posterior)

    def prior_draw(self, noise: Tensor, given: Tensors | None = None) -> Tensor:
        """Return z ~ p(z), or p(z|c), [B, latent_dim], of standard normal noise [B, prior_noise_dim]."""
        return self.prior.transform(noise, self._encode, (given or {}).get("condition"))

    def _encode(self, x: Tensor, condition: Tensor | None = None) -> Encoded:
        seen = self.likelihood.encoder_input(x)
        features = self.encoder(_pair(seen, condition), training=TRAINING.get())
        return Encoded(self.posterior, self.posterior(features, training=TRAINING.get()))

    def _log_joint(self, z: Tensor, x: Tensor, condition: Tensor | None = None) -> Tensor:
        px = self.likelihood.distribution(self._decode(z, {"condition": condition}))
        return px.log_prob(x) + self.prior.distribution(self._encode, condition).log_prob(z)

    def _decode(self, z: Tensor, given: Tensors | None = None) -> Tensors:
        """Return the parameters of p(x|z), or p(x|z,c), for z [..., latent_dim]."""
        condition = (given or {}).get("condition")
        if condition is not None:
            whole = tf.broadcast_to(condition, tf.concat([tf.shape(z)[:-1], [self.condition_dim]], 0))
            condition = tf.reshape(whole, (-1, self.condition_dim))
        return at_points(lambda flat: self._decoded(flat, condition), z)

    def _decoded(self, z: Tensor, condition: Tensor | None) -> Tensors:
        training = TRAINING.get()
        return self.likelihood(self.decoder(_pair(z, condition), training=training), training=training)


def _pair(value: Any, condition: Any) -> Any:
    return value if condition is None else [value, condition]
