"""`tfvae train`: a command for each recipe, and `--resume`."""

from __future__ import annotations

import dataclasses
import difflib
from pathlib import Path
from typing import Annotated, Any, NoReturn

from cyclopts import App, Parameter

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

    def command(*, resume: None, data: str, run: Path, options: Any, training: TrainingOptions) -> None:
        with usage_errors():
            Run.check_new(run)
        training_source(data, training, recipe.__name__)
        start_tensorflow()
        make_repeatable()
        from tfvae.pipelines.runs import train as work

        _print_finished(work.start(run, recipe.__name__, dataclasses.asdict(options), data, training))

    command.__doc__ = summary(recipe)
    command.__annotations__ = {
        "resume": Annotated[str | None, Parameter(converter=_reject_resume, show=False)],
        "data": Annotated[str, Parameter(help="name of the source, such as sklearn:digits or table.csv.")],
        "run": Annotated[Path, Parameter(help="folder for the run, new or empty.")],
        "options": Annotated[options_class, Parameter(name="*", group=f"Options of {recipe.__name__}")],
        "training": Annotated[TrainingOptions, Parameter(name="*", group="Training")],
    }
    command.__kwdefaults__ = {"resume": None, "options": options_class(), "training": TrainingOptions()}
    train_app.command(command, name=recipe.__name__)


@train_app.default
def _resume(
    recipe: Annotated[str | None, Parameter(show=False)] = None,
    *others: Annotated[str, Parameter(show=False, allow_leading_hyphen=True)],
    resume: Annotated[Path | None, Parameter(help="folder of the run to continue.")] = None,
) -> None:
    if resume is None:
        _reject_recipe(recipe)
    if recipe is not None:
        _reject_resume()
    with usage_errors():
        run = Run.open(resume)
    if run.finished:
        print(f"{run.path}: training has ended already; nothing to do")
        return
    start_tensorflow()
    make_repeatable()
    from tfvae.pipelines.runs import train as work

    _print_finished(work.resume(run.path))


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


def _print_finished(run: Run) -> None:
    last = [{}, *run.metrics()][-1]
    terms = "".join(f", {name} {last[name]:.3f}" for name in ("elbo", "val_elbo") if name in last)
    print(f"{run.path}: {run.config['training']['epochs']} epochs{terms}; next: tfvae evaluate {run.path}")


for _recipe in trainable():
    add(_recipe)
