"""What is refused before anything runs: a wrong argument, a missing file, a folder that is no run."""

from __future__ import annotations

import contextlib
import dataclasses
import importlib.util
import math
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

import tfvae
from tfvae.errors import InvalidInput, UnreadableFile
from tfvae.pipelines import recipes
from tfvae.pipelines.run import Run

if TYPE_CHECKING:
    from tfvae.data import Source

RunFolder = Annotated[Path, Parameter(help="folder of a finished run.")]


class Refused(Exception):
    """A command that cannot be carried out as it was given; the message is one line."""


class Failed(Exception):
    """A command that could not be brought to its end; the message is one line."""


@contextlib.contextmanager
def refusing() -> Iterator[None]:
    """Make what is wrong with an argument a refusal of the command.

    Example:
        >>> with refusing():
        ...     raise InvalidInput("--epochs", "a whole number of at least 1", 0)
        Traceback (most recent call last):
        tfvae.pipelines.usage.Refused: --epochs: expected a whole number of at least 1, received 0
    """
    try:
        yield
    except (InvalidInput, OSError) as error:
        raise Refused(str(error)) from error


@dataclasses.dataclass(frozen=True)
class TrainingOptions:
    """How to train, whatever the recipe.

    Args:
        epochs: passes over the training data.
        batch_size: examples a step, of all replicas together.
        learning_rate: step size of Adam.
        validation: fraction of the rows held out, in [0, 1).
        seed: start of all random numbers: split, order, initial weights, noise, which labels are shown.
        binarise: train on draws of Bernoulli(pixel), anew in each epoch; for images.
        steps_per_execution: steps between two looks of the progress bar; None is many on one device, which is
            faster for small models, and one on several.
        labels: training rows whose label is shown, as many of each class, for recipes that can do without;
            None is all of them.
        replicas: devices that share a batch: GPUs, or parts of the CPU where there is none.

    Raises:
        InvalidInput: a value out of range.

    Example:
        >>> TrainingOptions(validation=1.5)
        Traceback (most recent call last):
        tfvae.errors.InvalidInput: --validation: expected a fraction of at least 0 and below 1, received 1.5
    """

    epochs: int = 20
    batch_size: int = 128
    learning_rate: float = 1e-3
    validation: float = 0.1
    seed: int = 0
    binarise: bool = False
    steps_per_execution: int | None = None
    labels: int | None = None
    replicas: int = 1

    def __post_init__(self):
        for option in ("epochs", "batch_size", "steps_per_execution", "labels", "replicas"):
            if getattr(self, option) is not None:
                at_least_one(_flag(option), getattr(self, option))
        if not 0 < self.learning_rate < math.inf:
            raise InvalidInput("--learning-rate", "a positive, finite number", self.learning_rate)
        if not 0 <= self.validation < 1:
            raise InvalidInput("--validation", "a fraction of at least 0 and below 1", self.validation)
        if not 0 <= self.seed < 2**31:
            raise InvalidInput("--seed", "a whole number from 0 to 2147483647", self.seed)
        if self.batch_size < self.replicas:
            expected = f"at most --batch-size, {self.batch_size}, as each replica takes a part of a batch"
            raise InvalidInput("--replicas", expected, self.replicas)


def at_least_one(argument: str, value: int) -> None:
    """Refuse a number below 1.

    Example:
        >>> at_least_one("--samples", 1)
    """
    if not value >= 1:
        raise InvalidInput(argument, "a whole number of at least 1", value)


def above_zero(argument: str, value: float) -> None:
    """Refuse a number that is not above 0 and finite.

    Example:
        >>> above_zero("--poll-seconds", 0.5)
    """
    if not 0 < value < math.inf:
        raise InvalidInput(argument, "a positive, finite number", value)


def a_port(argument: str, value: int) -> None:
    """Refuse a number that is no port.

    Example:
        >>> a_port("--port", 8501)
    """
    if not 0 <= value <= 65535:
        raise InvalidInput(argument, "a whole number from 0 to 65535", value)


def extra(name: str, *packages: str) -> None:
    """Refuse a command whose packages are not installed.

    Example:
        >>> extra("serve", "no_such_package")
        Traceback (most recent call last):
        tfvae.errors.InvalidInput: no_such_package: expected it to be installed (pip install 'tfvae[serve]'),
        received none
    """
    for package in packages:
        if importlib.util.find_spec(package) is None:
            raise InvalidInput(package, f"it to be installed (pip install 'tfvae[{name}]')", "none")


def served_folder(path: Path) -> None:
    """Refuse what holds no exported model: no folder `VERSION/`, and no folder with such a one in it."""
    versions = [*path.glob("*/saved_model.pb"), *path.glob("*/*/saved_model.pb")]
    if not any(version.parent.name.isdecimal() for version in versions):
        reason = "holds no VERSION/saved_model.pb" if path.exists() else "is not there"
        raise UnreadableFile(path, "an exported model", f"it {reason}")


def ends_in(argument: str, path: Path, *suffixes: str) -> None:
    """Refuse a path with another ending.

    Example:
        >>> ends_in("--output", Path("scores.csv"), ".csv", ".parquet")
    """
    if path.suffix not in suffixes:
        raise InvalidInput(argument, f"a file name ending in {' or '.join(suffixes)}", path)


def table_and_detector(model: Path, data: str) -> None:
    """Refuse what is neither a detector's file nor an exported one, and a table that cannot be opened."""
    from tfvae.data.table_rows import table_file

    expected = "a .detector file, the folder of an exported detector, or that of a run"
    if not model.exists():
        raise InvalidInput("MODEL", expected, f"{model}, which is not there")
    exported = model.is_dir() and any(model.glob("**/saved_model.pb"))
    if not exported and (model.is_dir() or model.suffix != ".detector"):
        raise InvalidInput("MODEL", expected, model)
    table_file(data)


def picture_of_images(run: Run, output: Path) -> None:
    """Refuse a picture of what is no image."""
    if output.suffix == ".png" and len(run.config["shape"]) != 3:
        raise InvalidInput("--output", "a .npy file, as the run's data is a table", output)


def one_class(run: Run, one: int | None) -> None:
    """Refuse a class for a run without classes, or one that is none of them."""
    if one is None:
        return
    if run.classes is None:
        raise InvalidInput("--class", "no class, as the run's model has none", one)
    if not 0 <= one < run.classes:
        raise InvalidInput("--class", f"a whole number from 0 to {run.classes - 1}", one)


def training_source(data: str, training: TrainingOptions, recipe: str) -> Source:
    """Open a source by its name, and refuse it for what its kind cannot do, or a recipe not do with it."""
    arguments = recipes.parameters(recipe)
    takes_labels = recipes.num_classes(arguments) is not None
    if training.labels is not None and not takes_labels:
        raise Refused(str(InvalidInput("--labels", "a recipe that takes labels, known or not", recipe)))
    with refusing():
        opened = tfvae.data.source(data)
    # Whether it is a table may take a look into it, and what that finds damaged is no wrong argument.
    if training.binarise and not opened.is_image:
        raise Refused(str(InvalidInput("--binarise", "a source of images", f"{data}, which is a table")))
    if (takes_labels or recipes.condition_dim(arguments) is not None) and opened.label_dtype is None:
        received = f"{data}, which has none"
        raise Refused(str(InvalidInput("--data", f"a source with labels, which {recipe} needs", received)))
    return opened


def finished_run(path: Path) -> Run:
    """Open a run whose training has ended."""
    with refusing():
        run = Run.open(path)
        if not run.finished:
            advice = f"one to continue: tfvae train --resume {path}"
            raise InvalidInput(str(path), "a run that has ended", advice)
    return run


def _flag(option: str) -> str:
    return "--" + option.replace("_", "-")
