"""`tfvae train`: one sub-command for each recipe, and `--resume`."""

from __future__ import annotations

import dataclasses
import difflib
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from tfvae.pipelines.cli.startup import make_repeatable, start_tensorflow
from tfvae.pipelines.failures import UsageError, usage_errors
from tfvae.pipelines.runs.recipe_options import Recipe, option_class, refuse_untrainable, summary, trainable
from tfvae.pipelines.runs.run import Run
from tfvae.pipelines.runs.training_options import TrainingOptions, training_source

train_app = App(name="train")


def _refuse_resume(kind: object, tokens: object) -> None:
    raise UsageError("--resume: expected no recipe beside it, as the run knows its own")


def add(recipe: Recipe) -> None:
    """Add a recipe's command, with options made of its signature."""
    options_class = option_class(recipe)

    def command(*, resume: None, data: str, run: Path, options: object, training: TrainingOptions) -> None:
        with usage_errors():
            Run.refuse_used(run)
        training_source(data, training, recipe.__name__)
        start_tensorflow()
        make_repeatable()
        from tfvae.pipelines.runs import train as work

        _finished(work.start(run, recipe.__name__, dataclasses.asdict(options), data, training))

    command.__doc__ = summary(recipe)
    command.__annotations__ = {
        "resume": Annotated[str | None, Parameter(converter=_refuse_resume, show=False)],
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
    if recipe is None and resume is None:
        raise UsageError(f"expected a recipe ({', '.join(_names())}), or --resume and a run's folder")
    if resume is None:
        with usage_errors():
            refuse_untrainable(recipe)
        similar = difflib.get_close_matches(recipe, _names(), n=1)
        hint = f"did you mean {similar[0]}?" if similar else f"there are {', '.join(_names())}"
        raise UsageError(f"unknown recipe {recipe!r}; {hint}")
    if recipe is not None:
        _refuse_resume(None, None)
    with usage_errors():
        run = Run.open(resume)
    if run.finished:
        print(f"{run.path}: training has ended already; nothing to do")
        return
    start_tensorflow()
    make_repeatable()
    from tfvae.pipelines.runs import train as work

    _finished(work.resume(run.path))


def _names() -> list[str]:
    return [recipe.__name__ for recipe in trainable()]


def _finished(run: Run) -> None:
    last = [{}, *run.metrics()][-1]
    terms = "".join(f", {name} {last[name]:.3f}" for name in ("elbo", "val_elbo") if name in last)
    print(f"{run.path}: {run.config['training']['epochs']} epochs{terms}; next: tfvae evaluate {run.path}")


for _recipe in trainable():
    add(_recipe)
