"""What an objective is."""

from __future__ import annotations

import abc
from typing import TYPE_CHECKING

import tensorflow as tf

from tfvae.part import Part
from tfvae.trace import Trace

if TYPE_CHECKING:
    import keras


class Objective(Part, abc.ABC):
    """A loss per example, from a trace; abstract.

    Attributes:
        num_samples: how many draws S from q(z|x) the model makes for each example in training.
        terms: names of the values shown beside the loss.
    """

    num_samples = 1
    terms: tuple[str, ...] = ()

    @abc.abstractmethod
    def loss(self, trace: Trace, model: keras.Model) -> dict[str, tf.Tensor]:
        """Return {"loss": [B], **terms: [B]}, nothing averaged over the batch.

        Args:
            trace: the record of the pass.
            model: the model; its `step` is the number of optimizer steps taken.
        """
