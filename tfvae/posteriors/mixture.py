"""A mixture of diagonal Gaussians as the posterior."""

from __future__ import annotations

import tensorflow as tf
from tensorflow_probability import distributions as tfd

from tfvae.core.checks import integer, positive
from tfvae.core.heads import Head
from tfvae.core.numerics import bounded, softplus
from tfvae.core.trace import Trace
from tfvae.core.types import DType, InputShape, Tensor, Tensors
from tfvae.distributions import (
    component_log_joint,
    draw_categorical,
    normal_mixture,
    score_function_loss,
)
from tfvae.networks import flatten, num_features
from tfvae.posteriors.base import Posterior

_BOUND = 10.0  # of the logits: no component's weight becomes 0


class Mixture(Posterior):
    """q(z|x) = sum_k w_k(x) prod_j N(z_j; loc_kj(x), scale_kj(x)^2).

    A component is drawn and then a point from it. Which component made the point is averaged out of
    both gradients, which lowers their variance. With r_k(z) = w_k N_k(z) / q(z):

    locations and scales, through z:   dz = sum_k r_k (d loc_k + (z - loc_k) / scale_k d scale_k)
    weights, by the score function:    (loss - baseline) d log q(z), in the weights alone

    The score function's term stays small while the components overlap, and vanishes where they are
    equal. It holds for objectives whose loss of an example depends on that example's draws alone, so the
    posterior does not count as reparameterized. log q(z|x) is the density of the whole mixture.

    Args:
        latent_dim: number of latent dimensions.
        num_components: number K of Gaussians.
        floor: smallest scale; keeps the density bounded.

    Source: Graves 2016 for the gradients' two parts; Jankowiak and Obermeyer 2018, section 2, for
    gradients through z as averaged velocities; Williams 1992, REINFORCE.

    Example:
        >>> posterior = Mixture(2, num_components=3)
        >>> q = posterior.distribution(posterior(tf.ones([5, 4])))
        >>> q.batch_shape, q.event_shape
        (TensorShape([5]), TensorShape([2]))
    """

    reparameterized = False
    independent_draws = False

    def __init__(
        self,
        latent_dim: int,
        num_components: int = 5,
        floor: float = 1e-3,
        *,
        name: str | None = None,
        dtype: DType = None,
    ):
        super().__init__(name=name, dtype=dtype)
        self.latent_dim = integer("latent_dim", latent_dim)
        self.num_components = integer("num_components", num_components, 2)
        self.floor = positive("floor", floor)

    @property
    def noise_dim(self) -> int:
        """One number for the component, and one for each dimension."""
        return 1 + self.latent_dim

    def build(self, input_shape: InputShape) -> None:
        """Make the projections from flat features."""
        flat = (input_shape[0], num_features(input_shape))
        self.head = Head((self.num_components, self.latent_dim), 2, name="head", dtype=self.dtype_policy)
        self.head.build(flat)
        self.weigh = Head((self.num_components,), 1, name="weigh", dtype=self.dtype_policy)
        self.weigh.build(flat)

    def call(self, inputs: Tensor) -> Tensors:
        """Return {"logits" [B, K], "loc" and "scale" [B, K, latent_dim]}."""
        flat = flatten(inputs)
        loc, raw_scale = tf.unstack(self.head(flat), axis=-1)
        logits = bounded(self.weigh(flat)[..., 0], _BOUND)
        return {"logits": logits, "loc": loc, "scale": self.floor + softplus(raw_scale)}

    def distribution(self, params: Tensors) -> tfd.Distribution:
        """Return the mixture."""
        return normal_mixture(params["logits"], params["loc"], params["scale"])

    def location(self, params: Tensors) -> Tensor:
        """Return the mean of the heaviest component; the mixture's mean may lie where q is small."""
        return tf.gather(params["loc"], tf.argmax(params["logits"], axis=-1), axis=1, batch_dims=1)

    def summary(self, params: Tensors) -> Tensors:
        """Return {"location", "weights" [B, K], "locations" and "scales" [B, K, latent_dim]}."""
        return {
            "location": self.location(params),
            "weights": tf.nn.softmax(params["logits"]),
            "locations": params["loc"],
            "scales": params["scale"],
        }

    def transform(self, params: Tensors, noise: Tensor) -> tuple[Tensor, Tensor]:
        """Return draws and the log density of the mixture there."""
        fixed = {name: tf.stop_gradient(value) for name, value in params.items()}
        components = draw_categorical(fixed["logits"], noise[..., 0])
        chosen = tf.one_hot(components, self.num_components)[..., tf.newaxis]
        loc, scale = (tf.reduce_sum(chosen * fixed[name], axis=-2) for name in ("loc", "scale"))
        z = loc + scale * noise[..., 1:]
        # z carries no gradient so far; a term of value zero adds it.
        distances = (z[..., tf.newaxis, :] - fixed["loc"]) / fixed["scale"]
        share = tf.nn.softmax(component_log_joint(**fixed, z=z), axis=-1)[..., tf.newaxis]
        moved = (params["loc"] - fixed["loc"]) + distances * (params["scale"] - fixed["scale"])
        z += tf.reduce_sum(share * moved, axis=-2)
        return z, tf.reduce_logsumexp(component_log_joint(**params, z=z), axis=-1)

    def estimate(self, loss: Tensor, trace: Trace) -> Tensor:
        """Return the loss with the score function's gradient for the weights."""
        params = {name: tf.stop_gradient(value) for name, value in trace.record["posterior"].items()}
        params["logits"] = trace.record["posterior"]["logits"]
        log_terms = component_log_joint(**params, z=tf.stop_gradient(trace.z))
        return score_function_loss(loss, tf.reduce_logsumexp(log_terms, axis=-1))
