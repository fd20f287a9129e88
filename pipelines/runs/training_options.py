"""How a run is trained, whatever its recipe, and the source that it is trained on."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import tfvae
from tfvae.core.checks import integer, positive
from tfvae.core.errors import InvalidInput
from tfvae.pipelines.failures import UsageError, usage_errors
from tfvae.pipelines.runs import recipe_options

if TYPE_CHECKING:
    from tfvae.data import Source


@dataclasses.dataclass(frozen=True)
class TrainingOptions:
    """How to train, whatever the recipe.

    Args:
        epochs: passes over the training data.
        batch_size: examples in a training step, over all replicas.
        learning_rate: learning rate of Adam.
        validation: fraction of the rows held out, in [0, 1).
        seed: seed of all random numbers: split, order, initial weights, noise, which labels are shown.
        binarize: train on draws of Bernoulli(pixel), new in each epoch; for images.
        steps_per_execution: training steps between two updates of the progress bar; None means many on one
            device, which is faster for small models, and one on several.
        labels: number of training rows whose label is shown, the same for each class, for recipes that take
            unknown labels; None means all.
        replicas: devices that share a batch: GPUs, or parts of the CPU without any.

    Raises:
        InvalidInput: a value out of range.

    Example:
        >>> TrainingOptions(validation=1.5)
        Traceback (most recent call last):
        tfvae.InvalidInput: --validation: expected a fraction of at least 0 and below 1, received 1.5
    """

    epochs: int = 20
    batch_size: int = 128
    learning_rate: float = 1e-3
    validation: float = 0.1
    seed: int = 0
    binarize: bool = False
    steps_per_execution: int | None = None
    labels: int | None = None
    replicas: int = 1

    def __post_init__(self):
        for option in ("epochs", "batch_size", "steps_per_execution", "labels", "replicas"):
            if getattr(self, option) is not None:
                integer(_flag(option), getattr(self, option))
        positive("--learning-rate", self.learning_rate)
        if not 0 <= self.validation < 1:
            raise InvalidInput("--validation", "a fraction of at least 0 and below 1", self.validation)
        integer("--seed", self.seed, 0, 2**31 - 1)
        if self.batch_size < self.replicas:
            expected = f"at most --batch-size, {self.batch_size}, as each replica takes a part of a batch"
            raise InvalidInput("--replicas", expected, self.replicas)


def training_source(data: str, training: TrainingOptions, recipe: str) -> Source:
    """Open a source, and check that recipe and options can be used with it.

    Args:
        data: name of the source.
        training: how to train.
        recipe: name of the recipe.

    Raises:
        UsageError: an option or the source does not fit the recipe, or there is no such source.
        OSError: the source is damaged.
    """
    arguments = recipe_options.parameters(recipe)
    takes_labels = recipe_options.num_classes(arguments) is not None
    if training.labels is not None and not takes_labels:
        raise UsageError(str(InvalidInput("--labels", "a recipe that takes labels, known or not", recipe)))
    with usage_errors():
        source = tfvae.data.source(data)
    # `is_image` may read the source: damage found there is a failure and no usage error.
    if training.binarize and not source.is_image:
        raise UsageError(str(InvalidInput("--binarize", "a source of images", f"{data}, which is a table")))
    needs_labels = takes_labels or recipe_options.condition_dim(arguments) is not None
    if needs_labels and source.label_dtype is None:
        received = f"{data}, which has none"
        raise UsageError(str(InvalidInput("--data", f"a source with labels, which {recipe} needs", received)))
    return source


def _flag(option: str) -> str:
    return "--" + option.replace("_", "-")
