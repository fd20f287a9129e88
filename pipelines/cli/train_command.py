"""`tfvae train`: a command for each recipe, and `--resume`."""

from __future__ import annotations

import contextlib
import dataclasses
import difflib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, NoReturn

from cyclopts import App, Parameter

from tfvae.pipelines.cli.argument_checks import Overwrite
from tfvae.pipelines.cli.reporting import PRINTED, Output, Reporting
from tfvae.pipelines.cli.startup import make_repeatable, start_tensorflow
from tfvae.pipelines.failures import UsageError, usage_errors
from tfvae.pipelines.runs.recipe_options import (
    RecipeFunction,
    option_class,
    refuse_untrainable,
    summary,
    trainable,
)
from tfvae.pipelines.runs.run import Run
from tfvae.pipelines.runs.training_options import TrainingOptions, training_source

train_app = App(name="train")


def add(recipe: RecipeFunction) -> None:
    """Add the command of a recipe, with options made from its signature.

    Args:
        recipe: a function of `tfvae.zoo`, or another that declares a recipe.
    """
    options_class = option_class(recipe)

    def command(
        *,
        resume: None,
        data: str,
        run: Path,
        options: Any,
        training: TrainingOptions,
        overwrite: bool,
        reporting: Reporting,
    ) -> None:
        with usage_errors():
            Run.check_new(run, overwrite)
        training_source(data, training, recipe.__name__)
        start_tensorflow()
        make_repeatable()
        from tfvae.pipelines.runs import train as work

        values = dataclasses.asdict(options)
        progress = 0 if reporting.quiet else None
        with reporting.work(), _resumable(run):
            finished = work.start(run, recipe.__name__, values, data, training, overwrite, progress)
        _show_finished(finished, reporting)

    command.__doc__ = summary(recipe)
    command.__annotations__ = {
        "resume": Annotated[str | None, Parameter(converter=_reject_resume, show=False)],
        "data": Annotated[str, Parameter(help="name of the source, such as sklearn:digits or table.csv.")],
        "run": Annotated[Path, Parameter(help="folder for the run, new or empty.")],
        "options": Annotated[options_class, Parameter(name="*", group=f"Options of {recipe.__name__}")],
        "training": Annotated[TrainingOptions, Parameter(name="*", group="Training")],
        "overwrite": Overwrite,
        "reporting": Output,
    }
    command.__kwdefaults__ = {
        "resume": None,
        "options": options_class(),
        "training": TrainingOptions(),
        "overwrite": False,
        "reporting": PRINTED,
    }
    train_app.command(command, name=recipe.__name__)


@train_app.default
def _resume(
    recipe: Annotated[str | None, Parameter(show=False)] = None,
    *others: Annotated[str, Parameter(show=False, allow_leading_hyphen=True)],
    resume: Annotated[Path | None, Parameter(help="folder of the run to continue.")] = None,
    reporting: Output = PRINTED,
) -> None:
    if resume is None:
        _reject_recipe(recipe)
    if recipe is not None:
        _reject_resume()
    with usage_errors():
        run = Run.open(resume)
    if run.finished:
        text = f"{run.path}: training has ended already; nothing to do"
        reporting.show(text, _result(run))
        return
    if run.failure is not None:
        print(f"tfvae: the run goes on from its last good checkpoint: {run.failure}", file=sys.stderr)
    start_tensorflow()
    make_repeatable()
    from tfvae.pipelines.runs import train as work

    with reporting.work(), _resumable(run.path):
        finished = work.resume(run.path, 0 if reporting.quiet else None)
    _show_finished(finished, reporting)


def _reject_recipe(recipe: str | None) -> NoReturn:
    """Raise for a recipe that has no command."""
    names = [function.__name__ for function in trainable()]
    if recipe is None:
        raise UsageError(f"expected a recipe ({', '.join(names)}), or --resume and a run's folder")
    with usage_errors():
        refuse_untrainable(recipe)
    similar = difflib.get_close_matches(recipe, names, n=1)
    hint = f"did you mean {similar[0]}?" if similar else f"there are {', '.join(names)}"
    raise UsageError(f"unknown recipe {recipe!r}; {hint}")


def _reject_resume(*_: object) -> NoReturn:
    raise UsageError("--resume: expected no recipe beside it, as the run has its own")


@contextlib.contextmanager
def _resumable(path: Path) -> Iterator[None]:
    """Say after an interruption how to continue."""
    try:
        yield
    except KeyboardInterrupt:
        has_begun = (path / "config.json").is_file()
        advice = f"; to continue: tfvae train --resume {path}" if has_begun else ""
        raise KeyboardInterrupt(f"interrupted{advice}") from None


def _result(run: Run) -> dict[str, Any]:
    return {"run": str(run.path), "epochs": len(run.metrics()), "metrics": [{}, *run.metrics()][-1]}


def _show_finished(run: Run, reporting: Reporting) -> None:
    last = [{}, *run.metrics()][-1]
    terms = "".join(f", {name} {last[name]:.3f}" for name in ("elbo", "val_elbo") if name in last)
    text = f"{run.path}: {run.config['training']['epochs']} epochs{terms}; next: tfvae evaluate {run.path}"
    reporting.show(text, _result(run))


for _recipe in trainable():
    add(_recipe)
