"""What an objective is."""

from __future__ import annotations

import abc

import tensorflow as tf

from tfvae.core.errors import InvalidInput
from tfvae.core.part import Part
from tfvae.core.trace import Trace
from tfvae.core.types import DType, ObjectiveModel

_NEEDS = {
    "has_density": "a posterior with a density q(z|x), of which the objective takes the logarithm",
    "reparameterized": "a posterior whose draws carry gradients",
    "explicit_density": "a posterior whose density at any z follows from its parameters alone",
    "has_covariance": "a posterior whose mean and covariance are known in closed form",
    "has_location": "a posterior whose location follows from its parameters alone",
}


class Objective(Part, abc.ABC):
    """A loss per example, from a trace; abstract.

    Attributes:
        num_samples: how many draws S from q(z|x) the model makes for each example in training.
        terms: names of the values shown beside the loss.
        needs: attributes of the posterior that must be true for the objective to make sense.
        requires_complete_data: whether it looks at x beside the likelihood, so that none of it may be
            missing.
        uses_weights_only: whether it is a function of the draws, their weights and the rates alone, whatever
            the latent variable is made of.
    """

    num_samples = 1
    terms: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    requires_complete_data = False
    uses_weights_only = False

    @abc.abstractmethod
    def loss(self, trace: Trace, model: ObjectiveModel) -> dict[str, tf.Tensor]:
        """Return {"loss": [B], **terms: [B]}, nothing averaged over the batch.

        Args:
            trace: the record of the pass.
            model: the model; its `step` is the number of optimizer steps taken.
        """

    def check(self, model: ObjectiveModel) -> None:
        """Refuse a model whose other parts do not go with this objective; called when it is made.

        Raises:
            InvalidInput: names the two parts and says why.
        """
        for need in self.needs:
            if not getattr(model.posterior, need):
                raise InvalidInput(
                    "objective",
                    f"one that goes with the posterior {type(model.posterior).__name__}",
                    f"{type(self).__name__}, which needs {_NEEDS[need]}",
                )
        if self.requires_complete_data and model.likelihood.support.missing:
            raise InvalidInput(
                "objective",
                f"one that goes with the likelihood {type(model.likelihood).__name__}, whose x may have gaps",
                f"{type(self).__name__}, which needs every value of x",
            )

    def prepare(self, model: ObjectiveModel) -> None:
        """Make the weights that depend on the model's shapes; called once, when the model is made."""

    def observe(self, trace: Trace, training: bool) -> None:
        """See a batch after its loss is computed, to update weights that no gradient reaches.

        Such are a Lagrange multiplier or a running statistic; most objectives have none. On several replicas
        each sees its part of the batch: what is assigned is to be made of `replicas.batch_mean`.

        Args:
            trace: the record of the pass.
            training: whether the batch is one of training, and not of evaluation.
        """


class WrappedObjective(Objective, abc.ABC):
    """Another objective with something changed or added; abstract.

    Args:
        objective: the other objective, whose draws, weights and terms are kept.
    """

    def __init__(self, objective: Objective, *, name: str | None = None, dtype: DType = None):
        super().__init__(name=name, dtype=dtype)
        if not isinstance(objective, Objective):
            raise InvalidInput("objective", "one of tfvae.objectives", repr(objective))
        self.objective = objective

    @property
    def num_samples(self) -> int:
        """Draws that the other objective asks for."""
        return self.objective.num_samples

    @property
    def terms(self) -> tuple[str, ...]:
        """The other objective's terms."""
        return self.objective.terms

    def check(self, model: ObjectiveModel) -> None:
        """Reject what the other objective rejects."""
        super().check(model)
        self.objective.check(model)

    def prepare(self, model: ObjectiveModel) -> None:
        """Make the other objective's weights."""
        self.objective.prepare(model)

    def observe(self, trace: Trace, training: bool) -> None:
        """Let the other objective see the batch."""
        self.objective.observe(trace, training)
