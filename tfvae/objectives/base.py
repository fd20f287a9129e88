"""What an objective is."""

from __future__ import annotations

import abc
from typing import TYPE_CHECKING

import tensorflow as tf

from tfvae.core.errors import InvalidInput
from tfvae.core.part import Part
from tfvae.core.trace import Trace

if TYPE_CHECKING:
    import keras

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
    def loss(self, trace: Trace, model: keras.Model) -> dict[str, tf.Tensor]:
        """Return {"loss": [B], **terms: [B]}, nothing averaged over the batch.

        Args:
            trace: the record of the pass.
            model: the model; its `step` is the number of optimizer steps taken.
        """

    def check(self, model: keras.Model) -> None:
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

    def prepare(self, model: keras.Model) -> None:
        """Make the weights that depend on the model's shapes; called once, when the model is made."""
