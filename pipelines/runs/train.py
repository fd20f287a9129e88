"""Train a recipe on a source, in a run's folder; or continue a run that was interrupted.

A run that is killed at any moment and continued, any number of times, ends with the weights it would have
had: every number is a function of the configuration and of the last checkpoint. That holds a model whole,
with its optimizer and the state of its noise; the data's order is a function of the seed and the epoch.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path

import keras
import tensorflow as tf

import tfvae.models
from tfvae.callbacks import Checkpoint, JsonLines, SetEpoch, StopIfNotFinite
from tfvae.data import Pipeline, PartiallyLabeled, Source, Standardize, original_errors, rows_to_label
from tfvae.core.errors import UnreadableFile
from tfvae.models import LatentModel
from tfvae.optimizers import Adam
from tfvae.pipelines.runs import devices
from tfvae.pipelines.runs import recipe_options
from tfvae.pipelines.runs.run import Run, versions
from tfvae.pipelines.failures import usage_errors
from tfvae.pipelines.runs.training_options import TrainingOptions, training_source


def start(
    path: str | os.PathLike, recipe: str, options: dict, data: str, training: TrainingOptions | None = None
) -> Run:
    """Train a recipe from the beginning.

    Args:
        path: folder of the run, new or empty.
        recipe: name of a function of `tfvae.zoo`.
        options: its arguments besides the shape; the likelihood by the name of its class.
        data: name of a source, as `tfvae.data.source` takes it.
        training: how to train; None is `TrainingOptions()`.

    Returns:
        The run, finished.

    Raises:
        UsageError: an argument cannot be used; no folder has been made.
        InvalidInput: the data cannot be used; no folder is left where the first epoch found that.
        OSError: the data cannot be read, or the folder not be written.
        FloatingPointError: the loss is no longer a number.
    """
    training = TrainingOptions() if training is None else training
    path = Path(path)
    with usage_errors():
        recipe_options.refuse_untrainable(recipe)
        Run.refuse_used(path)
    rows = training_source(data, training, recipe)
    config = {
        "recipe": recipe,
        "options": options,
        "data": _lasting_name(data, rows),
        "shape": list(rows.shape),
        "size": rows.size,
        "training": dataclasses.asdict(training),
    }
    with usage_errors():  # a recipe knows best which options it takes
        strategy = devices.strategy(training.replicas, training.steps_per_execution)
        model = _untrained(config, strategy)
    run = Run.create(path, config)
    with run.unless_refused(), run.training():
        _finish(run, model, rows, 0)
    return run


def resume(path: str | os.PathLike) -> Run:
    """Continue a run where its newest checkpoint left it; a finished one is left as it is.

    Args:
        path: folder of the run.

    Raises:
        InvalidInput: the data is no longer the same.
        OSError: a file cannot be read or written.
    """
    run = Run.open(path)
    if run.finished:
        return run
    if run.config["versions"] != versions():
        print(f"tfvae: the run began with {run.config['versions']}; this is {versions()}", file=sys.stderr)
    training = run.config["training"]
    with run.training():
        rows = run.source()
        strategy = devices.strategy(training["replicas"], training["steps_per_execution"])
        model, done = _newest(run, strategy)
        if model is None:
            model = _untrained(run.config, strategy)
        _finish(run, model, rows, done)
    return run


def _untrained(config: dict, strategy: tf.distribute.Strategy) -> LatentModel:
    """Make the model with its initial weights, a function of the configuration alone."""
    training = config["training"]
    keras.utils.set_random_seed(training["seed"])
    with strategy.scope():
        model = recipe_options.build(config["recipe"], tuple(config["shape"]), config["options"])
        model.compile(
            optimizer=Adam(learning_rate=training["learning_rate"]),
            steps_per_execution=training["steps_per_execution"],
            jit_compile=False if training["replicas"] > 1 else "auto",
        )
    return model


def _newest(run: Run, strategy: tf.distribute.Strategy) -> tuple[LatentModel | None, int]:
    """Load the newest good checkpoint; no model and 0 epochs where there is none."""
    for done, path in Checkpoint.saved(run.path / "checkpoints"):
        try:
            with strategy.scope():
                return tfvae.models.load(path), done
        except UnreadableFile as error:
            print(f"tfvae: {error}; the one before it is used", file=sys.stderr)
    return None, 0


def _finish(run: Run, model: LatentModel, rows: Source, done: int) -> None:
    """Train from `done` epochs to the end, and write the model."""
    if done < run.config["training"]["epochs"]:
        _standardize(run, model, rows)
        _fit(run, model, rows, done)
    model.save(run.path / "model.keras")
    Checkpoint(run.path / "checkpoints").clear()  # a kill may have come between the last save and this


def _fit(run: Run, model: LatentModel, rows: Source, done: int) -> None:
    training, labels = run.config["training"], run.num_classes is not None
    shown = _with_few_labels(run, rows) if labels else rows
    train = run.pipeline(shown, training["batch_size"], run.split.train, shuffle=True, labels=labels)
    pipelines = [train]
    if training["validation"] > 0:
        part = run.split.validation
        pipelines.append(run.pipeline(rows, training["batch_size"], part, labels=labels))
    datasets = [pipeline.dataset() for pipeline in pipelines]
    with original_errors(*pipelines), _streams_may_end(*pipelines):
        model.fit(
            datasets[0],
            epochs=training["epochs"],
            initial_epoch=done,
            validation_data=datasets[1] if len(datasets) > 1 else None,
            callbacks=[
                SetEpoch(train),
                StopIfNotFinite(),
                JsonLines(run.path / "metrics.jsonl"),
                Checkpoint(run.path / "checkpoints"),
                keras.callbacks.TensorBoard(run.path / "tensorboard", write_graph=False),
            ],
        )


def _with_few_labels(run: Run, rows: Source) -> Source:
    """Hide the labels that the run is not to see; which ones is a function of the data and the seed."""
    training = run.config["training"]
    number = training.get("labels")
    return PartiallyLabeled(rows, rows_to_label(rows, number, run.split.train, training["seed"]))


def _standardize(run: Run, model: LatentModel, rows: Source) -> None:
    """Measure a table's columns on the training rows, unless the likelihood bounds what they may be."""
    if rows.is_image or model.likelihood.support.bounded:
        return
    if run.preprocessing() is None:
        layer = Standardize.fit(rows, run.split.train)
        run.write("preprocessing.json", {"offset": layer.offset, "scale": layer.scale})


def _lasting_name(data: str, rows: Source) -> str:
    """Return the source's name with its path made absolute, so that the run finds it from anywhere."""
    if ":" in rows.name:  # a name of a library's data set, no path
        return data
    prefix, colon, _ = data.rpartition(":")
    return f"{prefix}{colon}{Path(rows.name).absolute()}"


@contextlib.contextmanager
def _streams_may_end(*pipelines: Pipeline) -> Iterator[None]:
    """Silence Keras's warning that data ran out, where only reading it tells how long it is."""
    with warnings.catch_warnings():
        if any(pipeline.num_batches is None for pipeline in pipelines):
            warnings.filterwarnings("ignore", "Your input ran out of data")
        yield
