"""A training run: one folder with its configuration, model, checkpoints and metrics."""

from __future__ import annotations

import contextlib
import fcntl
import importlib.metadata
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

import tfvae
from tfvae.core.errors import InvalidInput, UnreadableFile
from tfvae.core.files import replacing
from tfvae.pipelines.runs import recipe_options

if TYPE_CHECKING:
    from tfvae.data import Pipeline, Source, Split, Standardize
    from tfvae.data.split import Keep
    from tfvae.models import LatentModel

_KEYS = ("recipe", "options", "data", "shape", "training", "versions")
_WRITTEN_WHOLE = ("config.json", "evaluation.json", "metrics.jsonl", "model.keras", "preprocessing.json")
_PACKAGES = ("tfvae", "tensorflow", "keras")


class Run:
    """A folder: config.json, checkpoints/, metrics.jsonl, tensorboard/ and, at the end, model.keras.

    A run on a standardized table also has preprocessing.json; commands add evaluation.json, report.html
    and others. Opening a run starts no TensorFlow.

    Attributes:
        path: the folder.
        config: {"recipe", "options", "data", "shape", "size", "training", "versions"}: what was asked for,
            with the defaults filled in, and what it ran on.
    """

    def __init__(self, path: Path, config: dict):
        self.path = path
        self.config = config

    @classmethod
    def create(cls, path: str | os.PathLike, config: dict) -> Run:
        """Make the folder of a new run and write its configuration, with the versions added.

        Raises:
            InvalidInput: the folder holds a run, or something else.
        """
        path = Path(path)
        cls.refuse_used(path)
        run = cls(path, config | {"versions": versions()})
        run.write("config.json", run.config)
        return run

    @staticmethod
    def refuse_used(path: Path) -> None:
        """Refuse a path at which a run cannot be made.

        Raises:
            InvalidInput: the folder holds a run, or something else.
        """
        if (path / "config.json").exists():
            advice = f"one that holds a run; to continue it: tfvae train --resume {path}"
            raise InvalidInput("--run", "a new or empty folder", advice)
        if path.exists() and not path.is_dir():
            raise InvalidInput("--run", "a new or empty folder", f"{path}, which is a file")
        foreign = [entry.name for entry in _entries(path) if not entry.name.startswith(".config.json.")]
        if foreign:
            raise InvalidInput("--run", "a new or empty folder", f"{path}, which holds {min(foreign)}")

    @classmethod
    def open(cls, path: str | os.PathLike) -> Run:
        """Open the folder of a run.

        Raises:
            UnreadableFile: there is none, or its config.json is damaged.
        """
        path, expected = Path(path), "the folder of a run, with its config.json"
        if not path.is_dir():
            raise UnreadableFile(path, expected, "there is no such folder")
        if not (path / "config.json").is_file():
            raise UnreadableFile(path, expected, "there is no config.json in it")
        config = _read(path / "config.json")
        missing = [key for key in _KEYS if key not in config]
        if missing:
            raise UnreadableFile(
                path / "config.json", f"the keys {', '.join(_KEYS)}", f"{missing[0]} is missing"
            )
        return cls(path, config)

    @property
    def finished(self) -> bool:
        """Whether training has ended and the model is there."""
        return (self.path / "model.keras").is_file()

    def model(self) -> LatentModel:
        """Load the trained model.

        Raises:
            UnreadableFile: training has not ended, or the file is damaged.
        """
        return tfvae.models.load(self.path / "model.keras")

    def metrics(self) -> list[dict]:
        """Return what metrics.jsonl holds, one dict an epoch: epoch (from 1), seconds, loss, elbo, ..."""
        return tfvae.callbacks.JsonLines.read(self.path / "metrics.jsonl")

    def evaluation(self) -> dict | None:
        """Return what `tfvae evaluate` wrote, or None where it has not run."""
        return self._optional("evaluation.json")

    def preprocessing(self) -> Standardize | None:
        """Return the layer that standardizes this run's tables, or None where the data is taken as it is."""
        values = self._optional("preprocessing.json")
        return None if values is None else tfvae.data.Standardize(values["offset"], values["scale"])

    def source(self) -> Source:
        """Open the data that the run trains on.

        Raises:
            InvalidInput: the data has another shape or number of rows than at the start.
            UnreadableFile: it cannot be read, or is no longer there.
        """
        opened = tfvae.data.source(self.config["data"])
        for what, received in (("shape", list(opened.shape)), ("size", opened.size)):
            if received != self.config.get(what, received):
                raise InvalidInput(
                    self.config["data"], f"the {what} {self.config[what]}, as before", received
                )
        return opened

    @property
    def condition_dim(self) -> int | None:
        """Classes whose one-hot code is the condition of the run's model, or None where it has none."""
        return recipe_options.condition_dim(self.config["options"])

    @property
    def num_classes(self) -> int | None:
        """Classes of a model that takes labels, known or not; None for other models."""
        return recipe_options.num_classes(self.config["options"])

    @property
    def classes(self) -> int | None:
        """Classes of which the model generates one, or None for a model of x alone."""
        return self.condition_dim or self.num_classes

    def given(self, number: int, one: int | None = None) -> dict[str, np.ndarray]:
        """Return what the model is to generate from, nothing for a model of x alone.

        Args:
            number: how many draws are wanted.
            one: the class of all of them; None is all classes in turn.
        """
        if self.classes is None:
            return {}
        label = np.arange(number) % self.classes if one is None else np.full(number, one)
        return {"label": label} if self.condition_dim is None else {"condition": np.eye(self.classes)[label]}

    @property
    def split(self) -> Split:
        """Which rows of the data train and which are held out."""
        return tfvae.data.Split(self.config["training"]["validation"], self.config["training"]["seed"])

    def pipeline(
        self,
        rows: Source,
        batch_size: int,
        split: Keep | None = None,
        *,
        shuffle: bool = False,
        labels: bool = False,
    ) -> Pipeline:
        """Return batches of any source as this run's model takes them: standardized, binarized.

        Where the model has a condition, that is the label as a one-hot code; a model that can do without
        labels is given them if `labels` is true.

        Raises:
            InvalidInput: the rows have another shape than those the run trains on, or no labels where it
                takes them.
        """
        if list(rows.shape) != self.config["shape"]:
            expected = f"examples of shape {tuple(self.config['shape'])}, as the run trains on"
            raise InvalidInput(rows.name, expected, rows.shape)
        layer = self.preprocessing()
        return tfvae.data.Pipeline(
            rows,
            batch_size,
            split=tfvae.data.everything if split is None else split,
            seed=self.config["training"]["seed"],
            shuffle=shuffle,
            binarize=self.config["training"]["binarize"],
            transform=None if layer is None else layer.transform,
            with_labels=labels,
            one_hot=self.condition_dim,
        )

    @contextlib.contextmanager
    def training(self) -> Iterator[None]:
        """Keep other processes from training the run too; clear away what a killed one left half written.

        Raises:
            InvalidInput: another process trains it.
        """
        with (self.path / "config.json").open() as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)  # ends with the process, however that ends
            except BlockingIOError:
                raise InvalidInput(str(self.path), "a run to continue", "one that is being trained") from None
            for name in _WRITTEN_WHOLE:
                for unfinished in self.path.glob(f".{name}.*"):
                    shutil.rmtree(unfinished, ignore_errors=True)
            yield

    @contextlib.contextmanager
    def unless_refused(self) -> Iterator[None]:
        """Take the new folder away again where the data is refused before anything was learned from it."""
        try:
            yield
        except InvalidInput:
            if not _entries(self.path / "checkpoints"):
                shutil.rmtree(self.path)
            raise

    def write(self, name: str, values: dict) -> None:
        """Write a JSON file of the run, whole or not at all."""
        with replacing(self.path / name) as temporary:
            temporary.write_text(json.dumps(values, indent=2, allow_nan=False) + "\n", encoding="utf-8")

    def _optional(self, name: str) -> dict | None:
        path = self.path / name
        return _read(path) if path.is_file() else None


def versions() -> dict[str, str]:
    """Return the versions of this library and of those a run depends on; nothing is imported.

    Example:
        >>> sorted(versions())
        ['keras', 'tensorflow', 'tfvae']
    """
    return {name: importlib.metadata.version(name) for name in _PACKAGES}


def _entries(path: Path) -> list[Path]:
    return list(path.iterdir()) if path.is_dir() else []


def _read(path: Path) -> dict:
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:  # no JSON, or no text
        raise UnreadableFile(path, "JSON", error) from None
    if not isinstance(values, dict):
        raise UnreadableFile(path, "a JSON object", f"it holds a {type(values).__name__}")
    return values
