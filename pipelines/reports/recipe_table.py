"""The recipes as a table: paper, parts, and what was measured of each.

The table in README.md is written by `python -m tfvae.pipelines.reports.recipe_table`.
"""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

from tfvae.pipelines.runs.recipe_options import of_several_kinds, recipes

README = Path("README.md")
RESULTS = Path("reproductions/results")
START, END = "<!-- recipes -->\n", "<!-- end of recipes -->\n"
_SHAPES = {  # of what the recipes of a module of the zoo are for; images otherwise
    "tables": (4,),
    "sequences": (6, 4),
    "texts": (6,),
    "graphs": (6, 6),
    "sparse": (4,),
}
_SOURCE = re.compile(r"^Source: (.+?\d{4})", re.MULTILINE | re.DOTALL)


def paper(recipe: Callable) -> str:
    """Return the first paper that a recipe's docstring names.

    Example:
        >>> import tfvae
        >>> paper(tfvae.zoo.beta_vae)
        'Higgins et al. 2017'
    """
    return " ".join(_SOURCE.search(inspect.getdoc(recipe)).group(1).split())


def parts(recipe: Callable) -> str:
    """Return the four parts that a recipe chooses for a small image, or a small table.

    Example:
        >>> import tfvae
        >>> parts(tfvae.zoo.vae)
        'Normal, StandardNormal, Bernoulli, ELBO'
    """
    kind = recipe.__module__.rpartition(".")[2]
    shape = (4,) if recipe.__name__ == "linear_vae" else _SHAPES.get(kind, (8, 8, 1))
    model = recipe({"image": (8, 8, 1), "table": (4,)} if of_several_kinds(recipe) else shape)
    chosen = (model.posterior, model.prior, model.likelihood, model.objective)
    return ", ".join(_name(part) for part in chosen)


def measured(folder: Path) -> dict[str, str]:
    """Return what the scripts in `reproductions/` measured of each recipe, those of all files together."""
    found: dict[str, list[str]] = {}
    for path in sorted(folder.glob("*.json")):
        for recipe, figure in json.loads(path.read_text(encoding="utf-8")).items():
            found.setdefault(recipe, []).append(figure)
    return {recipe: "; ".join(figures) for recipe, figures in found.items()}


def markdown(results: dict[str, str]) -> str:
    """Return the table, with what `results` says of each recipe."""
    head = [
        "| recipe | paper | posterior, prior, likelihood, objective | measured |",
        "| --- | --- | --- | --- |",
    ]
    return "\n".join([*head, *_lines(results)]) + "\n"


def with_table(text: str, results: dict[str, str]) -> str:
    """Return a page with the table between its two marks made anew."""
    before, rest = text.split(START)
    return before + START + markdown(results) + END + rest.split(END)[1]


def _lines(results: dict[str, str]) -> Iterator[str]:
    for recipe in recipes():
        done = results.get(recipe.__name__, "")
        yield f"| `{recipe.__name__}` | {paper(recipe)} | {parts(recipe)} | {done} |"


def _name(part: object) -> str:
    """A part's class, and that of the parts it is made of."""
    if hasattr(part, "modalities"):
        return " and ".join(_name(modality.likelihood) for modality in part.modalities.values())
    inner = [getattr(part, name, None) for name in ("likelihood", "flow")]
    inside = ", ".join(type(value).__name__ for value in inner if value is not None)
    return type(part).__name__ + (f"({inside})" if inside else "")


def main() -> None:
    """Write the table into README.md of the current folder."""
    README.write_text(with_table(README.read_text(), measured(RESULTS)))


if __name__ == "__main__":
    main()
