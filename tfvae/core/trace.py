"""The record of one pass through a model, which every objective is a function of.

Shapes: S samples of the latent variable, B examples in the batch, then the event. Parameters of q and
x have no S; z, log_q, log_p and log_x begin with [S, B]. Densities are complete, in nats.
"""

from __future__ import annotations

import dataclasses
import functools
from typing import Any

import tensorflow as tf
from tensorflow_probability import distributions as tfd

from tfvae.core.errors import InvalidInput
from tfvae.core.types import Tensor, Tensors

_INDEPENDENT = tfd.Independent.__mro__[1]  # also of distributions that are no composite tensors


@dataclasses.dataclass(frozen=True)
class Trace:
    """One pass: the data, the three distributions, the draw and its density under each of them.

    Attributes:
        x: the data, [B, *event].
        given: the model's other inputs by name, each [B, ...], such as a condition; None where it has none.
        q: posterior q(z|x), batch shape [B].
        p: prior p(z), batch shape [] or [B].
        px: likelihood p(x|z), batch shape [S, B].
        z: the draw from q, [S, B, *latent].
        log_q: log q(z|x), [S, B].
        record: the tensors all this was made of: parameters of q as "posterior", of p(x|z) as
            "likelihood".
        seed: int32 [2], for objectives that draw more random numbers; None in evaluation.
    """

    x: Tensor
    given: Tensors | None
    q: tfd.Distribution
    p: tfd.Distribution
    px: tfd.Distribution
    z: Tensor
    log_q: Tensor
    record: dict = dataclasses.field(default_factory=dict)
    seed: Tensor | None = None

    def __post_init__(self):
        event: Any = getattr(self.px, "event_shape", None)  # several kinds of data have no single one
        if isinstance(event, tf.TensorShape) and event.rank != len(self.x.shape) - 1:
            expected = (
                f"a p(x|z) over whole examples, such as a tfd.Independent, event shape {self.x.shape[1:]}"
            )
            raise InvalidInput("likelihood", expected, f"{self.px}, event shape {event}")

    @functools.cached_property
    def log_p(self) -> Tensor:
        """Log p(z), [S, B]."""
        return self.p.log_prob(self.z)

    @functools.cached_property
    def log_x(self) -> Tensor:
        """Log p(x|z), [S, B]."""
        return self.px.log_prob(self.x)

    @functools.cached_property
    def element_nll(self) -> Tensor:
        """-log p(x_i|z) of each element, [S, B, *event]; 0 for one that is missing.

        Raises:
            InvalidInput: for a likelihood whose elements depend on each other.
        """
        if hasattr(self.px, "element_log_prob"):
            return -self.px.element_log_prob(self.x)
        if not isinstance(self.px, _INDEPENDENT) or self.px.distribution.event_shape.rank != 0:
            expected = "one whose elements of x are independent given z, to tell what each contributes"
            raise InvalidInput("model", expected, f"one with p(x|z) of {type(self.px).__name__}")
        return -self.px.distribution.log_prob(self.x)

    @functools.cached_property
    def log_weights(self) -> Tensor:
        """Log importance weights log p(x|z) + log p(z) - log q(z|x), [S, B]."""
        return self.log_x + self.log_p - self.log_q

    @functools.cached_property
    def distortion(self) -> Tensor:
        """-E_q log p(x|z), the mean over the samples, [B]."""
        return -tf.reduce_mean(self.log_x, axis=0)

    @functools.cached_property
    def rates(self) -> Tensor:
        """KL(q(z|x) || p(z)) by independent group of latent dimensions, [B, groups].

        Where both distributions factorize over dimensions each dimension is a group, and the value is
        exact. Otherwise there is one group: exact where TFP knows the pair, else the mean of
        log q - log p over the samples.
        """
        if isinstance(self.q, tfd.Independent) and isinstance(self.p, tfd.Independent):
            by_dimension = _closed_form_kl(self.q.distribution, self.p.distribution)
            if by_dimension is not None and by_dimension.shape.rank == 2:
                return by_dimension
        whole = _closed_form_kl(self.q, self.p)
        if whole is None:
            whole = tf.reduce_mean(self.log_q - self.log_p, axis=0)
        return whole[:, tf.newaxis]

    @functools.cached_property
    def rate(self) -> Tensor:
        """KL(q(z|x) || p(z)), [B]."""
        return tf.reduce_sum(self.rates, axis=1)

    @functools.cached_property
    def elbo(self) -> Tensor:
        """The evidence lower bound E_q log p(x|z) - KL(q(z|x) || p(z)), [B]."""
        return -self.distortion - self.rate


def _closed_form_kl(q: tfd.Distribution, p: tfd.Distribution) -> Tensor | None:
    try:
        return tfd.kl_divergence(q, p)
    except NotImplementedError:
        return None
