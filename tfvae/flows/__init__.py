"""Flows: trainable bijections of R^d with a known log-determinant."""

from tfvae.distributions.pushforward import Pushforward
from tfvae.flows.autoregressive import MAF, Autoregressive
from tfvae.flows.base import Flow
from tfvae.flows.chain import Chain, Reverse
from tfvae.flows.coupling import Coupling, RealNVP
from tfvae.flows.masked import MaskedNetwork

__all__ = [
    "MAF",
    "Autoregressive",
    "Chain",
    "Coupling",
    "Flow",
    "MaskedNetwork",
    "Pushforward",
    "RealNVP",
    "Reverse",
]
