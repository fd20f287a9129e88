"""What the scripts measured, kept where the table in the main README is made from."""

from __future__ import annotations

import json
from pathlib import Path

FOLDER = Path(__file__).parent / "results"


def record(script: str, recipe: str, figure: str) -> None:
    """Keep what a script measured of a recipe, in the place of what it measured before.

    Args:
        script: name of the script, which has a file of its own.
        recipe: name of the recipe.
        figure: the measurement in a few words, with data, budget, units and seeds.
    """
    FOLDER.mkdir(exist_ok=True)
    path = FOLDER / f"{script}.json"
    figures = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    figures[recipe] = figure
    text = json.dumps(dict(sorted(figures.items())), indent=2, ensure_ascii=False)
    path.write_text(text + "\n", encoding="utf-8")
