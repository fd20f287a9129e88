"""The record of one pass with an auxiliary variable beside the latent one."""

from __future__ import annotations

import dataclasses
import functools

import tensorflow as tf

from tfvae.core.trace import Trace
from tfvae.core.types import Tensor


@dataclasses.dataclass(frozen=True, kw_only=True)
class AuxiliaryTrace(Trace):
    """One pass with the latent variable (z, a): q(a|x) q(z|a,x) and p(z) p(a|x,z).

    log_q and log_p are of both; q, p and z are those of z alone, given a. The rate of a is
    E[log q(a|x) - log p(a|x,z)], the mean over the draws of both, and may be negative.

    Attributes:
        within: the trace of z, given a.
        log_q_auxiliary: log q(a|x), [S, B].
        log_p_auxiliary: log p(a|x,z), [S, B].

    Source: Maaloe et al. 2016, section 2.
    """

    within: Trace
    log_q_auxiliary: Tensor
    log_p_auxiliary: Tensor

    @functools.cached_property
    def log_p(self) -> Tensor:
        """Log p(z) p(a|x,z), [S, B]."""
        return self.within.log_p + self.log_p_auxiliary

    @functools.cached_property
    def rates(self) -> Tensor:
        """KL(q(z|a,x) || p(z)) by group, then the rate of a, [B, groups]."""
        auxiliary = tf.reduce_mean(self.log_q_auxiliary - self.log_p_auxiliary, axis=0)
        return tf.concat([self.within.rates, auxiliary[:, tf.newaxis]], axis=-1)


def with_auxiliary(within: Trace, log_q: Tensor, log_p: Tensor) -> AuxiliaryTrace:
    """Return the trace of (z, a) of that of z given a, with log q(a|x) and log p(a|x,z), [S, B]."""
    own = {field.name: getattr(within, field.name) for field in dataclasses.fields(Trace)}
    own["log_q"] = within.log_q + log_q
    return AuxiliaryTrace(**own, within=within, log_q_auxiliary=log_q, log_p_auxiliary=log_p)
