"""What an objective is."""

from __future__ import annotations

import abc
from collections.abc import Mapping
from typing import Any, final

import tensorflow as tf

from tfvae.core.errors import InvalidInput
from tfvae.core.part import Part
from tfvae.core.trace import Trace
from tfvae.core.types import DType, InputShape, ObjectiveModel, Tensors
from tfvae.schedules import Schedule, as_schedule

_NEEDS = {
    "has_density": "a posterior with a density q(z|x), of which the objective takes the logarithm",
    "reparameterized": "a posterior whose draws carry gradients",
    "explicit_density": "a posterior whose density at any z follows from its parameters alone",
    "has_covariance": "a posterior whose mean and covariance are known in closed form",
    "independent_draws": "a posterior whose draws for an example are independent, and not stratified",
    "has_location": "a posterior whose location follows from its parameters alone",
}


class Objective(Part, abc.ABC):
    """A loss per example, from a trace; abstract.

    Attributes:
        num_samples: how many draws S from q(z|x) the model makes for each example in training.
        terms: names of the values shown beside the loss.
        maximized: those of them for which more is better; less is better for the others.
        needs: attributes of the posterior that must be true for the objective to make sense.
        requires_complete_data: whether it looks at x beside the likelihood, so that none of it may be
            missing.
        uses_weights_only: whether it is a function of the draws, their weights and the rates alone, whatever
            the latent variable is made of.
    """

    num_samples = 1
    terms: tuple[str, ...] = ()
    maximized: tuple[str, ...] = ("elbo", "bound")
    needs: tuple[str, ...] = ()
    requires_complete_data = False
    uses_weights_only = False

    def __setattr__(self, name: str, value: Any) -> None:
        """Set an attribute, a number in the place of a schedule as a constant one."""
        if isinstance(vars(self).get(name), Schedule):
            value = as_schedule(name, value)
        super().__setattr__(name, value)

    @property
    def output_shape(self) -> InputShape:
        """The shape of the loss for a batch, which `summary()` shows."""
        return (None,)

    @abc.abstractmethod
    def loss(self, trace: Trace, model: ObjectiveModel) -> Tensors:
        """Return {"loss": [B], **terms: [B]}, nothing averaged over the batch.

        Args:
            trace: the record of the pass.
            model: the model; its `step` is the number of optimizer steps taken.
        """

    @final
    def checked_loss(self, trace: Trace, model: ObjectiveModel) -> Tensors:
        """Return what `loss` returns, after a look at its names and shapes.

        Args:
            trace: the record of the pass.
            model: the model.

        Raises:
            InvalidInput: for anything but a dict of the loss and all terms, a number for each example.
        """
        result = self.loss(trace, model)
        names = ("loss", *self.terms)
        expected = f"a dict with {', '.join(names)}, each of shape [batch]"
        argument = f"{type(self).__name__}.loss"
        if not isinstance(result, Mapping):
            raise InvalidInput(argument, expected, f"a {type(result).__name__}")
        if missing := [name for name in names if name not in result]:
            raise InvalidInput(argument, expected, f"none of {', '.join(missing)}")
        for name in names:
            shape = tf.convert_to_tensor(result[name]).shape
            if shape.rank not in (None, 1):
                raise InvalidInput(argument, expected, f"{name} of shape {shape}")
        return dict(result)

    def check(self, model: ObjectiveModel) -> None:
        """Reject a model whose other parts do not go with this objective; called when it is made.

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
        missing = set(model.posterior.needs_terms) - set(self.terms)
        if missing:
            raise InvalidInput(
                "objective",
                f"one that trains the posterior {type(model.posterior).__name__}, with the terms "
                f"{', '.join(sorted(missing))}",
                type(self).__name__,
            )
        if self.requires_complete_data and model.likelihood.support.missing:
            raise InvalidInput(
                "objective",
                f"one that goes with the likelihood {type(model.likelihood).__name__}, whose x may have "
                "missing values",
                f"{type(self).__name__}, which needs every value of x",
            )

    def prepare(self, model: ObjectiveModel) -> None:
        """Make the weights that depend on the model's shapes; called once, when the model is made."""


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
    def maximized(self) -> tuple[str, ...]:
        """The other objective's terms for which more is better."""
        return self.objective.maximized

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

    def observe(self, trace: Trace) -> None:
        """Let the other objective see the batch."""
        self.objective.observe(trace)
