"""Checks before a command does its work: wrong arguments, missing files, folders that are no run."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from tfvae.core.errors import InvalidInput, UnreadableFile
from tfvae.pipelines.failures import UsageError, usage_errors
from tfvae.pipelines.runs.run import Run

Overwrite = Annotated[bool, Parameter(help="replace an output that exists.")]
RunFolder = Annotated[Path, Parameter(help="folder of a finished run.")]


def installed_extra(name: str, *packages: str) -> None:
    """Raise if the packages of an optional dependency are not installed.

    Args:
        name: the extra of this library that installs them.
        packages: names of the packages.

    Raises:
        UsageError: names the first missing package, and how to install it.

    Example:
        >>> installed_extra("serve", "no_such_package")
        Traceback (most recent call last):
        tfvae.pipelines.failures.UsageError: no_such_package is not installed: pip install 'tfvae[serve]'
    """
    for package in packages:
        if importlib.util.find_spec(package) is None:
            raise UsageError(f"{package} is not installed: pip install 'tfvae[{name}]'")


def one_of(**given: object) -> None:
    """Raise if more than one of several options is given.

    Args:
        given: the options by name; None means that one is not given.

    Raises:
        UsageError: names all of them.

    Example:
        >>> one_of(contamination=0.1, false_positive_rate=0.2)
        Traceback (most recent call last):
        tfvae.pipelines.failures.UsageError: --contamination excludes --false-positive-rate: give one of them
    """
    names = ["--" + name.replace("_", "-") for name, value in given.items() if value is not None]
    if len(names) > 1:
        raise UsageError(f"{names[0]} excludes {names[1]}: give one of them")


def new_file(argument: str, path: Path, overwrite: bool, *inputs: str | Path) -> None:
    """Raise for an output that exists and may not be replaced, and for one that is an input.

    Args:
        argument: the argument that the message names.
        path: the output.
        overwrite: whether a file that exists is replaced.
        inputs: files that the command reads.

    Raises:
        InvalidInput: names the argument.
    """
    if path.is_dir():
        raise InvalidInput(argument, "a file", f"{path}, which is a folder")
    for source in map(Path, inputs):
        if path.exists() and source.exists() and path.samefile(source):
            raise InvalidInput(argument, "another file than the input", f"{path}, which is {source}")
    if os.path.lexists(path) and not overwrite:
        raise InvalidInput(argument, "a new file, or --overwrite", f"{path}, which exists")


def served_folder(path: Path) -> None:
    """Raise for a folder without an exported model, neither as `VERSION/` nor as `NAME/VERSION/` in it.

    Args:
        path: the folder.

    Raises:
        UnreadableFile: there is no exported model.
    """
    versions = [*path.glob("*/saved_model.pb"), *path.glob("*/*/saved_model.pb")]
    if not any(version.parent.name.isdecimal() for version in versions):
        reason = "holds no VERSION/saved_model.pb" if path.exists() else "does not exist"
        raise UnreadableFile(path, "an exported model", f"it {reason}")


def suffix(argument: str, path: Path, *suffixes: str) -> None:
    """Raise for a path with another suffix.

    Args:
        argument: the argument that the message names.
        path: the path.
        suffixes: those that are allowed.

    Raises:
        InvalidInput: names the argument.

    Example:
        >>> suffix("--output", Path("scores.csv"), ".csv", ".parquet")
    """
    if path.suffix not in suffixes:
        raise InvalidInput(argument, f"a file name ending in {' or '.join(suffixes)}", path)


def table(data: str) -> None:
    """Raise for a table that cannot be opened.

    Args:
        data: the file.

    Raises:
        InvalidInput: its name ends in no suffix of a table.
        UnreadableFile: it does not exist, or is no table.
    """
    from tfvae.data.tables.files import table_file

    table_file(data)


def detector_and_table(model: Path, data: str) -> None:
    """Raise for a model that is neither a detector's file nor an exported one, and for an unreadable table.

    Args:
        model: the detector.
        data: the table's file.

    Raises:
        InvalidInput: names the argument.
        UnreadableFile: the table cannot be opened.
    """
    expected = "a .detector file, the folder of an exported detector, or that of a run"
    if not model.exists():
        raise InvalidInput("MODEL", expected, f"{model}, which does not exist")
    exported = model.is_dir() and any(model.glob("**/saved_model.pb"))
    if not exported and (model.is_dir() or model.suffix != ".detector"):
        raise InvalidInput("MODEL", expected, model)
    table(data)


def pictures_are_of_images(run: Run, output: Path) -> None:
    """Raise for a picture of samples that are no images.

    Args:
        run: a run.
        output: the file.

    Raises:
        InvalidInput: `output` is a .png file and the run's data a table.
    """
    if output.suffix == ".png" and len(run.config["shape"]) != 3:
        raise InvalidInput("--output", "a .npy file, as the run's data is a table", output)


def class_label(run: Run, label: int | None) -> None:
    """Raise for a class that a run's model does not have.

    Args:
        run: a run.
        label: the class, or None.

    Raises:
        InvalidInput: the run's model has no classes, or fewer.
    """
    if label is None:
        return
    if run.classes is None:
        raise InvalidInput("--class", "no class, as the run's model has none", label)
    if not 0 <= label < run.classes:
        raise InvalidInput("--class", f"an integer from 0 to {run.classes - 1}", label)


def finished_run(path: Path) -> Run:
    """Open a run whose training has ended.

    Args:
        path: folder of the run.

    Raises:
        UsageError: there is no run, or its training has not ended.
    """
    with usage_errors():
        run = Run.open(path)
        if not run.finished:
            advice = f"an unfinished one; to continue it: tfvae train --resume {path}"
            if run.failure is not None:
                advice = f"one whose {run.failure}"
            raise InvalidInput(str(path), "a finished run", advice)
    return run
