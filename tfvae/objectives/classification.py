"""The loss of the classifier where the class is known, added to the bound."""

from __future__ import annotations

from typing import Any

from tfvae.core.errors import InvalidInput
from tfvae.core.types import DType, ObjectiveModel, Tensor
from tfvae.objectives.base import Objective
from tfvae.objectives.elbo import ELBO
from tfvae.objectives.penalties import Penalized
from tfvae.schedules import Schedule


class Classification(Penalized):
    """penalty = -log q(y|x) where the class y is known, 0 where it is not, in nats.

    In the bound alone, q(y|x) learns from examples without a label only. The sum over N examples, N_l of
    them with a label, is the published one with alpha = weight N_l; its alpha = 0.1 N is
    weight = 0.1 N / N_l.

    Args:
        weight: of the penalty, a number or a schedule.
        objective: what it is added to; None is `ELBO()`.

    Source: Kingma et al. 2014, equation 9.

    Example:
        >>> Classification(weight=50.0).terms
        ('distortion', 'rate', 'elbo', 'penalty')
    """

    def __init__(
        self,
        weight: float | Schedule = 1.0,
        objective: Objective | None = None,
        *,
        name: str | None = None,
        dtype: DType = None,
    ):
        super().__init__(weight, ELBO() if objective is None else objective, name=name, dtype=dtype)

    def check(self, model: ObjectiveModel) -> None:
        """Reject a model without classes, and what the other objective rejects."""
        super().check(model)
        if not hasattr(model, "num_classes"):
            raise InvalidInput(
                "objective",
                f"one that goes with a model without classes, of the likelihood "
                f"{type(model.likelihood).__name__}",
                f"{type(self).__name__}, which needs q(y|x)",
            )

    def penalty(self, trace: Any, model: ObjectiveModel) -> Tensor:
        """Return -log q(y|x) or 0, [B]."""
        return trace.classification
