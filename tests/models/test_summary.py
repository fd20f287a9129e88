"""`summary()` shows an output shape and a number of parameters for every part of a VAE."""

import re

import pytest

import tfvae
from tfvae.zoo.recipe import Recipe

RECIPES = ["vae", "vamp_vae", "cvae", "hierarchical_vae", "ladder_vae", "vq_vae_2", "hi_vae", "aae"]


def _rows(model):
    """Name, shape and number of parameters of each layer in the printed table."""
    lines = []
    model.summary(print_fn=lines.append, line_length=250)
    cells = [re.split(r"\s*[│|]\s*", line)[1:4] for line in "\n".join(lines).splitlines()]
    return [row for row in cells if len(row) == 3 and row[2].replace(",", "").isdecimal()]


@pytest.fixture(autouse=True)
def _wide(monkeypatch):
    monkeypatch.setenv("COLUMNS", "250")  # otherwise cells are cut off or go over two lines


@pytest.mark.parametrize("name", RECIPES)
def test_every_layer_has_a_shape_and_its_parameters_add_up(name):
    recipe = getattr(tfvae.zoo, name)
    model = recipe(Recipe.of(recipe).data.example_shape)
    rows = _rows(model)
    assert len(rows) == len(model.layers) >= 5
    assert [row for row in rows if not re.search(r"\(.*\)", row[1]) or "?" in row[1]] == []
    assert sum(int(row[2].replace(",", "")) for row in rows) >= model.count_params() > 0


def test_the_shapes_of_parts_that_are_not_called_are_those_of_z_and_the_loss():
    rows = {name.split(" ")[0]: shape for name, shape, _ in _rows(tfvae.zoo.vae((8, 8, 1), latent_dim=4))}
    shapes = {re.sub(r"_\d+$", "", name): shape for name, shape in rows.items()}
    assert shapes["standard_normal"] == "(None, 4)"
    assert shapes["elbo"] == "(None)"
    assert shapes["training_noise"] == "(2)"
    assert shapes["bernoulli"] == "(None, 8, 8, 1)"
