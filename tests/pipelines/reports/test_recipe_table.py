"""The table of recipes: its rows from what the recipes declare, its figures from the results."""

import json

import pytest

import tfvae
from tfvae.pipelines.reports import recipe_table

NAMES = ["miwae", "multimodal_vae", "vae"]


@pytest.fixture(autouse=True)
def _few_recipes(monkeypatch):
    """Three recipes, as each row makes a model; `test_readme` makes the table of all."""
    monkeypatch.setattr(recipe_table, "recipes", lambda: [getattr(tfvae.zoo, name) for name in NAMES])


@pytest.fixture
def rows():
    """The rows of the table as dicts, by the names in its head."""
    head, line, *others = recipe_table.markdown({"vae": "a figure"}).splitlines()
    cells = [[cell.strip() for cell in row.strip("|").split("|")] for row in (head, *others)]
    assert line == "| " + " | ".join(["---"] * len(cells[0])) + " |"
    return [dict(zip(cells[0], row, strict=True)) for row in cells[1:]]


def test_every_recipe_has_a_row(rows):
    assert [row["recipe"] for row in rows] == [f"`{name}`" for name in NAMES]


def test_a_row_is_what_the_recipe_declares(rows):
    assert rows[0] == {
        "recipe": "`miwae`",
        "paper": "Mattei and Frellsen 2019",
        "data": "rows with missing values",
        "posterior, prior, likelihood, objective": (
            "Normal, StandardNormal, MissingAtRandom(StudentT), ImportanceWeighted"
        ),
        "measured": "",
    }
    assert rows[1]["data"] == "several kinds of data"


def test_figures_of_several_files_are_joined(tmp_path, rows):
    for number, figure in enumerate(("1 nat", "2 nats")):
        (tmp_path / f"{number}.json").write_text(json.dumps({"vae": figure}))
    assert recipe_table.measured(tmp_path) == {"vae": "1 nat; 2 nats"}
    assert [row["recipe"] for row in rows if row["measured"]] == ["`vae`"]


def test_only_the_table_of_a_page_is_replaced():
    page = "before\n" + recipe_table.START + "old\n" + recipe_table.END + "after\n"
    again = recipe_table.with_table(page, {})
    assert again.startswith("before\n" + recipe_table.START + "| recipe |")
    assert again.endswith(recipe_table.END + "after\n")
    assert "old" not in again
