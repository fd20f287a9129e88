"""Flows: trainable bijections of R^d with a known log-determinant."""

from tfvae.flows.autoregressive import MAF
from tfvae.flows.base import Flow
from tfvae.flows.chain import Chain, Reverse
from tfvae.flows.coupling import RealNVP
from tfvae.flows.distribution import Pushforward
from tfvae.flows.masked import MaskedNetwork

__all__ = ["MAF", "Chain", "Flow", "MaskedNetwork", "Pushforward", "RealNVP", "Reverse"]
