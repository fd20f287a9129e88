"""The recipes as a table: paper, kind of data, parts, and what was measured of each.

The table in README.md is written by `python -m tfvae.pipelines.reports.recipe_table`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tfvae.pipelines.runs.recipe_options import RecipeFunction, recipes
from tfvae.zoo.recipe import Recipe

README = Path("README.md")
RESULTS = Path("reproductions/results")
START, END = "<!-- recipes -->\n", "<!-- end of recipes -->\n"


def parts(recipe: RecipeFunction) -> str:
    """Return the four parts that a recipe chooses for its kind of data.

    Example:
        >>> import tfvae
        >>> parts(tfvae.zoo.vae)
        'Normal, StandardNormal, Bernoulli, ELBO'
    """
    model = recipe(Recipe.of(recipe).data.example_shape)
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
        "| recipe | paper | data | posterior, prior, likelihood, objective | measured |",
        "| --- | --- | --- | --- | --- |",
    ]
    return "\n".join([*head, *_lines(results)]) + "\n"


def with_table(text: str, results: dict[str, str]) -> str:
    """Return a page with the table between its two marks replaced."""
    before, rest = text.split(START)
    return before + START + markdown(results) + END + rest.split(END)[1]


def _lines(results: dict[str, str]) -> Iterator[str]:
    for recipe in recipes():
        name, declared = recipe.__name__, Recipe.of(recipe)
        cells = (f"`{name}`", declared.paper, declared.data.title, parts(recipe), results.get(name, ""))
        yield f"| {' | '.join(cells)} |"


def _name(part: Any) -> str:
    """A part's class, and that of the parts it is made of."""
    if hasattr(part, "modalities"):
        return " and ".join(_name(modality.likelihood) for modality in part.modalities.values())
    inner = [getattr(part, name, None) for name in ("likelihood", "flow")]
    inside = ", ".join(type(value).__name__ for value in inner if value is not None)
    return type(part).__name__ + (f"({inside})" if inside else "")


def main() -> None:
    """Write the table into README.md of the current folder."""
    text = README.read_text(encoding="utf-8")
    README.write_text(with_table(text, measured(RESULTS)), encoding="utf-8")


if __name__ == "__main__":
    main()
