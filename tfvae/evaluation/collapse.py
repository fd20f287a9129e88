"""Posterior collapse: whether a model uses its latent space, and what to try where it does not."""

from __future__ import annotations

import dataclasses
import enum
import math
from typing import final

import numpy as np

from tfvae.core import inputs as user
from tfvae.core.noise import as_seed
from tfvae.core.types import Inputs
from tfvae.evaluation.active_units import active_units
from tfvae.models import LatentModel

ADVICE = (
    "try a KL warm-up (warmup_steps, or beta=tfvae.schedules.Linear(0, 1, steps)), free bits, a smaller "
    "beta, more epochs, or a likelihood with a smaller or learned scale"
)

_TWO_GROUPS = math.log(2)  # the mutual information of x and z is at most the rate
_SHOWN = 8  # names of units in a message


class LatentUse(enum.Enum):
    """How much of the latent space a model uses."""

    COLLAPSED = "posterior collapse"  # no unit is active, or a rate too small to tell two groups of x apart
    FEW_ACTIVE = "few active units"  # less than half of them
    IN_USE = "in use"


@final
@dataclasses.dataclass(frozen=True)
class CollapseVerdict:
    """Which units are active, and what each costs.

    z is not used where no unit is active, or where the rate is below log 2 nats: it bounds the mutual
    information of x and z, so that z could not even tell two groups of examples apart.

    Attributes:
        active: bool [latent_dim], as `active_units` has it.
        rates: mean KL(q(z|x) || p(z)) in nats, of each latent dimension where q and p factorize, else the
            whole as one number; None for a posterior without a density.

    Example:
        >>> verdict = CollapseVerdict(np.array([True, False, False]), np.array([2.0, 0.0, 0.0]))
        >>> verdict.use.value, verdict.rate
        ('few active units', 2.0)
        >>> print(verdict.summary)
        1 of 3 latent dimensions is active, the rate is 2.00 nats; inactive: z[1], z[2]
    """

    active: np.ndarray
    rates: np.ndarray | None

    @property
    def rate(self) -> float | None:
        """Mean KL(q(z|x) || p(z)) in nats; None for a posterior without a density."""
        return None if self.rates is None else float(self.rates.sum())

    @property
    def use(self) -> LatentUse:
        """How much of the latent space is used."""
        if not self.active.any() or (self.rate is not None and self.rate < _TWO_GROUPS):
            return LatentUse.COLLAPSED
        return LatentUse.IN_USE if self.active.mean() >= 0.5 else LatentUse.FEW_ACTIVE

    @property
    def summary(self) -> str:
        """The count of active units, the rate, and the names of the inactive units."""
        count = int(self.active.sum())
        rate = "" if self.rate is None else f", the rate is {self.rate:.2f} nats"
        text = f"{count} of {len(self.active)} latent dimensions {'is' if count == 1 else 'are'} active{rate}"
        inactive = [f"z[{unit}]" for unit in np.flatnonzero(~self.active)]
        names = ", ".join(inactive[:_SHOWN]) + (", ..." if len(inactive) > _SHOWN else "")
        return f"{text}; inactive: {names}" if count and inactive else text

    def __str__(self) -> str:
        if self.use is LatentUse.IN_USE:
            return self.summary
        return f"{self.use.value}: {self.summary}; {ADVICE}"


def posterior_collapse(
    model: LatentModel, inputs: Inputs, threshold: float = 0.01, seed: int = 0, batch_size: int = 512
) -> CollapseVerdict:
    """Return which latent dimensions the model uses, and what they cost.

    Args:
        model: the model.
        inputs: data [N, *event], or the model's inputs by name; N at least 2.
        threshold: smallest variance over the data of the location of an active dimension.
        seed: seed of the draws, for a rate without a closed form.
        batch_size: examples evaluated at once.

    Raises:
        InvalidInput: for fewer than two examples.

    Source: Bowman et al. 2016, section 3.1 (the phenomenon); Burda et al. 2016, section 5.2 (active units).

    Example:
        >>> import tfvae
        >>> print(posterior_collapse(tfvae.zoo.vae((4,), latent_dim=2), np.ones((3, 4))).use)
        LatentUse.COLLAPSED
    """
    active = active_units(model, inputs, threshold)
    if not model.has_density:
        return CollapseVerdict(active, None)
    rates = [
        model.draw_trace(batch, 1, as_seed(seed)).rates.numpy()
        for batch in user.in_batches(model.checked(inputs), batch_size)
    ]
    return CollapseVerdict(active, np.concatenate(rates).mean(axis=0))
