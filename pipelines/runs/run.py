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
from tfvae.pipelines.runs import recipe_options

if TYPE_CHECKING:
    from tfvae.data import Pipeline, Source, Split, Standardize
    from tfvae.data.split import Keep
    from tfvae.models import LatentModel

_KEYS = ("recipe", "options", "data", "shape", "training", "versions")
_PACKAGES = ("tfvae", "tensorflow", "keras")


class Run:
    """A folder: config.json, checkpoints/, metrics.jsonl, tensorboard/ and, after training, model.keras.

    A run on a standardized table also has preprocessing.json; commands add evaluation.json, report.html
    and others. Opening a run does not start TensorFlow.

    Attributes:
        path: the folder.
        config: {"recipe", "options", "data", "shape", "size", "training", "versions"}: the options with their
            defaults filled in, and the versions of the packages.
    """

    def __init__(self, path: Path, config: dict[str, Any]):
        self.path = path
        self.config = config

    @classmethod
    def create(cls, path: str | os.PathLike[str], config: dict[str, Any]) -> Self:
        """Make the folder of a new run and write its configuration, with the versions added.

        Args:
            path: the folder, new or empty.
            config: see `Run`, without the versions.

        Raises:
            InvalidInput: the folder holds a run, or something else.
        """
        path = Path(path)
        cls.check_new(path)
        run = cls(path, config | {"versions": versions()})
        run.write("config.json", run.config)
        return run

    @staticmethod
    def check_new(path: Path) -> None:
        """Raise for a path at which a run cannot be made.

        Args:
            path: the folder.

        Raises:
            InvalidInput: the folder holds a run, or something else.
        """
        if (path / "config.json").exists():
            advice = f"one that holds a run; to continue it: tfvae train --resume {path}"
            raise InvalidInput("--run", "a new or empty folder", advice)
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
        config = _read_json(path / "config.json")
        missing = [key for key in _KEYS if key not in config]
        if missing:
            expected = f"the keys {', '.join(_KEYS)}"
            raise UnreadableFile(path / "config.json", expected, f"{missing[0]} is missing")
        return cls(path, config)

    @property
    def finished(self) -> bool:
        """Whether training has ended and the model is written."""
        return (self.path / "model.keras").is_file()

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
        return self._read_if_there("evaluation.json")

    def preprocessing(self) -> Standardize | None:
        """Return the layer that standardizes this run's tables, or None if the data is not standardized."""
        values = self._read_if_there("preprocessing.json")
        return None if values is None else tfvae.data.Standardize(values["offset"], values["scale"])

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

    def _read_if_there(self, name: str) -> dict[str, Any] | None:
        path = self.path / name
        return _read_json(path) if path.is_file() else None


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


def _read_json(path: Path) -> dict[str, Any]:
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:  # no JSON, or no text
        raise UnreadableFile(path, "JSON", error) from None
    if not isinstance(values, dict):
        raise UnreadableFile(path, "a JSON object", f"it holds a {type(values).__name__}")
    return values
