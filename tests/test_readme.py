"""The scripts, links, commands and the table of the README."""

import ast
import inspect
import re
from pathlib import Path

import numpy as np
import pytest

import tfvae
from tfvae.evaluation import LatentUse, posterior_collapse

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
SCRIPTS = re.findall(r"```python\n(.*?)```", README, re.DOTALL)


@pytest.mark.slow
def test_the_scripts_run_in_order(tmp_path, monkeypatch):
    """As one script in an empty folder, with fewer epochs."""
    monkeypatch.chdir(tmp_path)
    names = {}
    for script in SCRIPTS:
        exec(compile(script.replace("epochs=20", "epochs=1, verbose=0"), "README.md", "exec"), names)
    assert (tmp_path / "vae.keras").is_file()
    assert (tmp_path / "serving" / "digits" / "1" / "saved_model.pb").is_file()
    own = names["Own"]()
    assert own(np.zeros((2, 64), "float32")).shape == (2, 64)


@pytest.mark.parametrize("path", re.findall(r"\]\(([\w/.]+)\)", README))
def test_links_lead_to_files(path):
    assert (Path(__file__).parents[1] / path).exists()


def test_the_table_of_recipes_is_up_to_date():
    from tfvae.pipelines.reports import recipe_table

    results = recipe_table.measured(Path(__file__).parents[1] / recipe_table.RESULTS)
    assert recipe_table.with_table(README, results) == README, (
        "run python -m tfvae.pipelines.reports.recipe_table"
    )


@pytest.mark.parametrize("recipe", tfvae.zoo.__all__)
def test_a_recipe_has_at_most_ten_lines(recipe):
    """Of code: from the first statement after the docstring to the last."""
    assert "at most ten lines" in README
    (function,) = ast.parse(inspect.getsource(getattr(tfvae.zoo, recipe))).body
    code = function.body[1:] if ast.get_docstring(function) else function.body
    assert 1 <= code[-1].end_lineno - code[0].lineno + 1 <= 10


@pytest.mark.slow
def test_the_first_command_gives_a_model_that_uses_its_latent_space(tmp_path, monkeypatch, capsys):
    from tfvae.pipelines.cli.app import main
    from tfvae.pipelines.runs.run import Run

    command = re.search(r"^    tfvae (train .*)$", README, re.MULTILINE).group(1)
    monkeypatch.chdir(tmp_path)
    assert main(command.split("#")[0].split()) == 0
    assert "collapse" not in capsys.readouterr().err
    run = Run.open("runs/digits")
    x = np.concatenate(list(run.pipeline(run.source(), 512, run.split.validation).batches()))
    verdict = posterior_collapse(run.model(), x)
    assert verdict.use is LatentUse.IN_USE
    assert verdict.rate > 3.0
    errors = np.square(run.model().reconstruct(x) - x).mean(), np.square(x.mean(axis=0) - x).mean()
    assert errors[0] < 0.85 * errors[1], "better than the mean of all digits"


def test_every_command_shown_exists(capsys):
    from tfvae.pipelines.cli.app import main

    for command in set(re.findall(r"^    tfvae (\w+)", README, re.MULTILINE)):
        with pytest.raises(SystemExit) as end:
            raise SystemExit(main([command, "--help"]))
        assert end.value.code == 0, command
    capsys.readouterr()
