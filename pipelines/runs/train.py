"""Train a recipe on a source, in a run's folder; or continue an interrupted run.

A run that is killed at any moment and continued, any number of times, ends with the weights of an
uninterrupted one, to the last bit on processors of one kind with the same number of TensorFlow's threads and
the same switch of oneDNN (`tfvae.pipelines.runs.machine`; `resume` says if they differ). Every number is a
function of the configuration and of the last checkpoint. The checkpoint holds the whole model, with its
optimizer and the state of its noise; the order of the data is a function of the seed and the epoch.
"""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import keras
import tensorflow as tf

import tfvae.models
from tfvae.callbacks import Checkpoint, JsonLines, SetEpoch
from tfvae.core.errors import InvalidInput, UnreadableFile
from tfvae.data import PartiallyLabeled, Source, Standardize, original_errors, rows_to_label
from tfvae.evaluation import LatentUse, posterior_collapse
from tfvae.models import LatentModel
from tfvae.optimizers import Adam
from tfvae.pipelines.failures import usage_errors
from tfvae.pipelines.runs import devices, recipe_options
from tfvae.pipelines.runs.epoch_summaries import EpochSummaries
from tfvae.pipelines.runs.evaluate import concatenated
from tfvae.pipelines.runs.machine import differences
from tfvae.pipelines.runs.run import Run, versions
from tfvae.pipelines.runs.training_lock import remove_run, removed_on_invalid_data, training_lock
from tfvae.pipelines.runs.training_options import TrainingOptions, training_source

_WATCHED = 512  # examples that tell of posterior collapse

Progress = Literal[0, 1, 2]


def start(
    path: str | os.PathLike[str],
    recipe: str,
    options: dict[str, Any],
    data: str,
    training: TrainingOptions | None = None,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> Run:
    """Train a recipe from the beginning.

    Args:
        path: folder of the run, new or empty.
        recipe: name of a function of `tfvae.zoo`.
        options: its arguments besides the shape; the likelihood by the name of its class.
        data: name of a source, as `tfvae.data.source` takes it.
        training: how to train; None means `TrainingOptions()`.
        overwrite: whether a run that the folder holds is replaced.
        progress: what `fit` prints: 0 nothing, 1 a bar, 2 a line an epoch; None means 1 at a terminal,
            otherwise 2.

    Returns:
        The finished run.

    Raises:
        UsageError: an argument is wrong; no folder has been made.
        InvalidInput: the data cannot be used; the folder is removed if this is found in the first epoch.
        OSError: the data cannot be read, or the folder cannot be written.
        FloatingPointError: the loss is no longer a number.
    """
    training = TrainingOptions() if training is None else training
    path = Path(path)
    with usage_errors():
        recipe_options.refuse_untrainable(recipe)
        Run.check_new(path, overwrite)
    source = training_source(data, training, recipe)
    config = {
        "recipe": recipe,
        "options": options,
        "data": _absolute_name(data, source),
        "shape": list(source.shape),
        "size": source.size,
        "training": dataclasses.asdict(training),
    }
    with usage_errors():  # the recipe itself checks its options
        strategy = devices.strategy(training.replicas, training.steps_per_execution)
        model = _untrained(config, strategy)
    if overwrite:
        remove_run(path)
    run = Run.create(path, config)
    with removed_on_invalid_data(run), training_lock(run):
        _finish(run, model, source, 0, _progress(progress))
    return run


def resume(path: str | os.PathLike[str], progress: Progress | None = None) -> Run:
    """Continue a run from its newest checkpoint; a finished run is unchanged.

    Args:
        path: folder of the run.
        progress: what `fit` prints: 0 nothing, 1 a bar, 2 a line an epoch; None means 1 at a terminal,
            otherwise 2.

    Returns:
        The finished run.

    Raises:
        InvalidInput: the data has changed, or another process trains the run.
        OSError: a file cannot be read or written.
    """
    run = Run.open(path)
    if run.finished:
        return run
    if run.config["versions"] != versions():
        print(f"tfvae: the run began with {run.config['versions']}; this is {versions()}", file=sys.stderr)
    if other := differences(run.config.get("machine", {})):
        print(f"tfvae: the last bits will not be those of an uninterrupted run; {other}", file=sys.stderr)
    training = run.config["training"]
    with training_lock(run):
        source = run.source()
        strategy = devices.strategy(training["replicas"], training["steps_per_execution"])
        model, epochs_done = _newest_checkpoint(run, strategy)
        if model is None:
            model = _untrained(run.config, strategy)
        _finish(run, model, source, epochs_done, _progress(progress))
    return run


def _untrained(config: dict[str, Any], strategy: tf.distribute.Strategy) -> LatentModel:
    """Make the model with its initial weights, a function of the configuration alone."""
    policy = keras.config.dtype_policy()
    if policy.variable_dtype == "float16":
        expected = "Keras's policy float32, mixed_float16 or another with weights of float32"
        raise InvalidInput("dtype policy", expected, f"{policy.name}, in which training ends in NaN")
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


def _newest_checkpoint(run: Run, strategy: tf.distribute.Strategy) -> tuple[LatentModel | None, int]:
    """Load the newest readable checkpoint and return its number of epochs; None and 0 without any."""
    for epochs_done, path in Checkpoint.saved(run.path / "checkpoints"):
        try:
            with strategy.scope():
                return tfvae.models.load(path), epochs_done
        except UnreadableFile as error:
            print(f"tfvae: {error}; the one before it is used", file=sys.stderr)
    return None, 0


def _finish(run: Run, model: LatentModel, source: Source, epochs_done: int, progress: Progress) -> None:
    """Train for the remaining epochs, and write the model."""
    if epochs_done < run.config["training"]["epochs"]:
        _standardize(run, model, source)
        _fit(run, model, source, epochs_done, progress)
    model.save(run.path / "model.keras")
    _warn_of_collapse(run, model, source)
    Checkpoint(run.path / "checkpoints").clear()  # a kill may have come between the last save and this


def _fit(run: Run, model: LatentModel, source: Source, epochs_done: int, progress: Progress) -> None:
    training, labels = run.config["training"], run.num_classes is not None
    labeled = _with_hidden_labels(run, source) if labels else source
    train = run.pipeline(labeled, training["batch_size"], run.split.train, shuffle=True, labels=labels)
    pipelines = [train]
    if training["validation"] > 0:
        held_out = run.split.validation
        pipelines.append(run.pipeline(source, training["batch_size"], held_out, labels=labels))
    datasets = [pipeline.dataset() for pipeline in pipelines]
    with original_errors(*pipelines), _failure_noted(run):
        model.fit(
            datasets[0],
            epochs=training["epochs"],
            verbose=progress,
            initial_epoch=epochs_done,
            validation_data=datasets[1] if len(datasets) > 1 else None,
            callbacks=[
                SetEpoch(train),
                JsonLines(run.path / "metrics.jsonl"),
                Checkpoint(run.path / "checkpoints"),
                EpochSummaries(str(run.path / "tensorboard"), write_graph=False),
            ],
        )


def _warn_of_collapse(run: Run, model: LatentModel, source: Source) -> None:
    """Warn of posterior collapse on the first rows that are held out, or without any on training rows."""
    training = run.config["training"]
    part = run.split.validation if training["validation"] > 0 else run.split.train
    pipeline = run.pipeline(source, training["batch_size"], part, labels=run.num_classes is not None)
    try:
        inputs = concatenated(itertools.islice(pipeline.batches(), -(-_WATCHED // pipeline.batch_size)))
    except InvalidInput:
        return  # a part without rows
    if len(next(iter(inputs.values())) if isinstance(inputs, dict) else inputs) > 1:  # one has no variance
        verdict = posterior_collapse(model, inputs)
        if verdict.use is not LatentUse.IN_USE:
            print(f"tfvae: {verdict}", file=sys.stderr)


def _with_hidden_labels(run: Run, source: Source) -> Source:
    """Hide all labels but those that training may use, a function of the data and the seed."""
    training = run.config["training"]
    number = training.get("labels")
    return PartiallyLabeled(source, rows_to_label(source, number, run.split.train, training["seed"]))


def _standardize(run: Run, model: LatentModel, source: Source) -> None:
    """Measure a table's columns on the training rows, unless the likelihood's support is bounded."""
    if source.is_image or model.likelihood.support.bounded:
        return
    if run.preprocessing() is None:
        layer = Standardize.fit(source, run.split.train)
        run.write("preprocessing.json", {"offset": layer.offset, "scale": layer.scale})


def _absolute_name(data: str, source: Source) -> str:
    """Return the source's name with its path made absolute, so that the run finds it from anywhere."""
    if ":" in source.name:  # the name of a library's data set, no path
        return data
    prefix, colon, _ = data.rpartition(":")
    return f"{prefix}{colon}{Path(source.name).absolute()}"


def _progress(asked: Progress | None) -> Progress:
    """Return a bar at a terminal, and elsewhere a line an epoch, as a bar would fill a log."""
    return asked if asked is not None else 1 if sys.stdout.isatty() else 2


@contextlib.contextmanager
def _failure_noted(run: Run) -> Iterator[None]:
    """Write failure.json if training ends in NaN; the checkpoint of the last good epoch is kept."""
    run.note_failure(None)
    try:
        yield
    except FloatingPointError as error:
        run.note_failure(str(error))
        raise
