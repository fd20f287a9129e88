"""What is refused before anything runs: a wrong argument, a missing file, a folder that is no run."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from tfvae.core.errors import InvalidInput, UnreadableFile
from tfvae.pipelines.failures import usage_errors
from tfvae.pipelines.runs.run import Run

RunFolder = Annotated[Path, Parameter(help="folder of a finished run.")]


def extra(name: str, *packages: str) -> None:
    """Refuse a command whose packages are not installed.

    Example:
        >>> extra("serve", "no_such_package")
        Traceback (most recent call last):
        tfvae.InvalidInput: no_such_package: expected it to be installed (pip install 'tfvae[serve]'),
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
    from tfvae.data.tables.files import table_file

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
        raise InvalidInput("--class", f"an integer from 0 to {run.classes - 1}", one)


def finished_run(path: Path) -> Run:
    """Open a run whose training has ended."""
    with usage_errors():
        run = Run.open(path)
        if not run.finished:
            advice = f"one to continue: tfvae train --resume {path}"
            raise InvalidInput(str(path), "a run that has ended", advice)
    return run
