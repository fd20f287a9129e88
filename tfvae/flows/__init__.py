"""Flows: trainable bijections of R^d with a known log-determinant."""

from tfvae.flows.autoregressive import MAF, Autoregressive
from tfvae.flows.base import Flow
from tfvae.flows.chain import Chain, Reverse
from tfvae.flows.coupling import Coupling, RealNVP
from tfvae.flows.masked import MaskedNetwork
from tfvae.flows.perceptron import TanhPerceptron

__all__ = [
    "MAF",
    "Autoregressive",
    "Chain",
    "Coupling",
    "Flow",
    "MaskedNetwork",
    "RealNVP",
    "Reverse",
    "TanhPerceptron",
]
