"""A training run: one folder with its configuration, model, checkpoints and metrics."""

from __future__ import annotations

import importlib.metadata
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np

import tfvae
from tfvae.core.errors import InvalidInput, UnreadableFile
from tfvae.core.files import new_folder, replacing
from tfvae.pipelines.runs import recipe_options, run_files
from tfvae.pipelines.runs.machine import machine
from tfvae.pipelines.runs.training_options import TrainingOptions

if TYPE_CHECKING:
    from tfvae.data import Pipeline, Source, Split, Standardize
    from tfvae.data.split import Keep
    from tfvae.models import LatentModel

_PACKAGES = ("tfvae", "tensorflow", "keras")


class Run:
    """A folder: config.json, checkpoints/, metrics.jsonl, tensorboard/ and, after training, model.keras.

    A run on a standardized table also has preprocessing.json; commands add evaluation.json, report.html and
    others. If training ended in NaN, failure.json says why. Opening a run does not start TensorFlow.

    Attributes:
        path: the folder.
        config: {"recipe", "options", "data", "shape", "size", "training", "versions", "machine"}: the options
            with their defaults filled in, the versions of the packages, and what else decides the last bits.
    """

    def __init__(self, path: Path, config: dict[str, Any]):
        self.path = path
        self.config = config

    @classmethod
    def create(cls, path: str | os.PathLike[str], config: dict[str, Any]) -> Self:
        """Make the folder of a new run and write its configuration, with versions and machine added.

        Args:
            path: the folder, new or empty.
            config: see `Run`, without versions and machine.

        Raises:
            InvalidInput: the folder holds a run, or something else.
        """
        path = Path(path)
        cls.check_new(path)
        run = cls(path, config | {"versions": versions(), "machine": machine()})
        run.write("config.json", run.config)
        return run

    @staticmethod
    def check_new(path: Path, overwrite: bool = False) -> None:
        """Raise for a path at which a run cannot be made.

        Args:
            path: the folder.
            overwrite: whether a run that the folder holds will be replaced.

        Raises:
            InvalidInput: the folder holds a run, or something else.
        """
        if (path / "config.json").exists():
            if overwrite:
                return
            advice = f"one that holds a run; to continue it: tfvae train --resume {path}"
            raise InvalidInput("--run", "a new or empty folder, or --overwrite", advice)
        if not path.is_dir() or not all(_is_unfinished_config(entry) for entry in path.iterdir()):
            new_folder("--run", path)

    @classmethod
    def open(cls, path: str | os.PathLike[str]) -> Self:
        """Open the folder of a run.

        Args:
            path: the folder.

        Raises:
            UnreadableFile: there is no run, or its config.json is damaged.
        """
        path, expected = Path(path), "the folder of a run, with its config.json"
        if not path.is_dir():
            raise UnreadableFile(path, expected, "there is no such folder")
        if not (path / "config.json").is_file():
            raise UnreadableFile(path, expected, "there is no config.json in it")
        return cls(path, _read_config(path / "config.json"))

    @property
    def finished(self) -> bool:
        """Whether training has ended and the model is written."""
        return (self.path / "model.keras").is_file()

    @property
    def failure(self) -> str | None:
        """Why training ended in NaN; None if it did not."""
        path = self.path / "failure.json"
        return run_files.read_json_object(path, run_files.FAILURE)["error"] if path.is_file() else None

    def note_failure(self, error: str | None) -> None:
        """Write failure.json, or remove it.

        Args:
            error: why training ended in NaN; None means it has not.
        """
        if error is None:
            (self.path / "failure.json").unlink(missing_ok=True)
        else:
            self.write("failure.json", {"error": error})

    @property
    def data_name(self) -> str:
        """The data's name without the user's folders, which others are not shown."""
        return self.config["data"].rstrip("/").rpartition("/")[2]

    def model(self) -> LatentModel:
        """Load the trained model.

        Raises:
            UnreadableFile: training has not ended, or the file is damaged.
        """
        return tfvae.models.load(self.path / "model.keras")

    def metrics(self) -> list[dict[str, Any]]:
        """Return metrics.jsonl, one dict an epoch: epoch (from 1), seconds, loss, elbo, ..."""
        return tfvae.callbacks.JsonLines.read(self.path / "metrics.jsonl")

    def evaluation(self) -> dict[str, Any] | None:
        """Return what `tfvae evaluate` wrote, or None if it has not run."""
        path = self.path / "evaluation.json"
        checks = run_files.EVALUATION, run_files.EVALUATION_IF_THERE
        return run_files.read_json_object(path, *checks) if path.is_file() else None

    def preprocessing(self) -> Standardize | None:
        """Return the layer that standardizes this run's tables, or None if the data is not standardized."""
        path = self.path / "preprocessing.json"
        if not path.is_file():
            return None
        values = run_files.read_json_object(path, run_files.STANDARDIZATION)
        width = self.config["shape"][-1]
        for name in ("offset", "scale"):
            if len(values[name]) != width:
                raise UnreadableFile(path, f"{width} numbers as {name}", f"it holds {len(values[name])}")
        try:
            return tfvae.data.Standardize(values["offset"], values["scale"])
        except InvalidInput as error:
            raise UnreadableFile(path, "offset and scale of each column", error) from None

    def source(self) -> Source:
        """Open the data that the run trains on.

        Raises:
            InvalidInput: the data has another shape or number of rows than at the start.
            UnreadableFile: the data cannot be read, or does not exist any more.
        """
        source = tfvae.data.source(self.config["data"])
        for name, received in (("shape", list(source.shape)), ("size", source.size)):
            if received != self.config.get(name, received):
                expected = f"the {name} {self.config[name]}, as before"
                raise InvalidInput(self.config["data"], expected, received)
        return source

    @property
    def condition_dim(self) -> int | None:
        """Number of classes whose one-hot code is the condition of the run's model; None without one."""
        return recipe_options.condition_dim(self.config["options"])

    @property
    def num_classes(self) -> int | None:
        """Number of classes of a model that takes labels, known or not; None for other models."""
        return recipe_options.num_classes(self.config["options"])

    @property
    def classes(self) -> int | None:
        """Number of classes of which the model generates one; None for a model of x alone."""
        return self.condition_dim or self.num_classes

    def class_inputs(self, number: int, label: int | None = None) -> dict[str, Any]:
        """Return the inputs, by name, that a model with classes generates from; none for a model of x alone.

        Args:
            number: number of draws.
            label: the class of all draws; None means all classes in turn.
        """
        if self.classes is None:
            return {}
        labels = np.arange(number) % self.classes if label is None else np.full(number, label)
        return (
            {"label": labels} if self.condition_dim is None else {"condition": np.eye(self.classes)[labels]}
        )

    @property
    def split(self) -> Split:
        """Which rows of the data train and which are held out."""
        return tfvae.data.Split(self.config["training"]["validation"], self.config["training"]["seed"])

    def pipeline(
        self,
        source: Source,
        batch_size: int,
        split: Keep | None = None,
        *,
        shuffle: bool = False,
        labels: bool = False,
    ) -> Pipeline:
        """Return batches of any source as this run's model takes them: standardized, binarized.

        If the model has a condition, it is the one-hot code of the label.

        Args:
            source: the rows.
            batch_size: rows in a batch.
            split: selects rows; None means all.
            shuffle: whether the order is random.
            labels: whether a model that takes labels, known or not, is given them.

        Raises:
            InvalidInput: the rows have another shape than those that the run trains on, or no labels although
                the model takes them.
        """
        if list(source.shape) != self.config["shape"]:
            expected = f"examples of shape {tuple(self.config['shape'])}, as the run trains on"
            raise InvalidInput(source.name, expected, source.shape)
        layer = self.preprocessing()
        return tfvae.data.Pipeline(
            source,
            batch_size,
            split=tfvae.data.everything if split is None else split,
            seed=self.config["training"]["seed"],
            shuffle=shuffle,
            binarize=self.config["training"]["binarize"],
            transform=None if layer is None else layer.transform,
            with_labels=labels,
            one_hot=self.condition_dim,
        )

    def write(self, name: str, values: dict[str, Any]) -> None:
        """Write a JSON file of the run, whole or not at all.

        Args:
            name: name of the file.
            values: its content.
        """
        with replacing(self.path / name) as temporary:
            temporary.write_text(json.dumps(values, indent=2, allow_nan=False) + "\n", encoding="utf-8")


def versions() -> dict[str, str]:
    """Return the versions of this library and of those a run depends on; nothing is imported.

    Example:
        >>> sorted(versions())
        ['keras', 'tensorflow', 'tfvae']
    """
    return {name: importlib.metadata.version(name) for name in _PACKAGES}


def _is_unfinished_config(path: Path) -> bool:
    """Whether a process that was killed before the first configuration left this."""
    return path.name.startswith(".config.json.")


def _read_config(path: Path) -> dict[str, Any]:
    config = run_files.read_json_object(path, run_files.CONFIG, run_files.CONFIG_IF_THERE)
    run_files.check(path, config["training"], run_files.TRAINING)
    try:
        recipe_options.check_options(config["recipe"], config["options"])
        TrainingOptions(**config["training"])
    except (InvalidInput, OverflowError, TypeError) as error:
        raise UnreadableFile(path, "the configuration of a run", error) from None
    return config
