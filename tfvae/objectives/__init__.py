"""Objectives: what training minimises, as a function of a trace."""

from tfvae.objectives.base import Objective
from tfvae.objectives.elbo import ELBO

__all__ = ["ELBO", "Objective"]
