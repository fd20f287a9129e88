"""Recipes as commands: options from signatures, help from docstrings."""

import dataclasses
import inspect

import pytest

import tfvae
from tfvae.core.errors import InvalidInput
from tfvae.pipelines.cli.app import app, main
from tfvae.pipelines.runs import recipe_options


def odd_vae(
    shape: "tuple[int, ...]",
    sizes: "tuple[int, ...]" = (3, 4),
    rate: "float" = 0.5,
    tied: "bool" = False,
    kind: "str" = "a",
    likelihood: "tfvae.likelihoods.Likelihood | None" = None,
    encoder: "keras.Layer | None" = None,  # noqa: F821
    prior: "list[tfvae.priors.Prior] | None" = None,
) -> "tfvae.VAE":
    """An odd one.

    Args as in `vae`, and
        sizes: widths of the
            layers.
        rate: a colon: inside.

    Source: nobody 2020.
    """


def test_plain_arguments_and_the_likelihood_are_options():
    options = recipe_options.option_class(odd_vae)()
    assert dataclasses.asdict(options) == {
        "sizes": (3, 4),
        "rate": 0.5,
        "tied": False,
        "kind": "a",
        "likelihood": None,
    }


def test_help_comes_from_the_docstring_and_from_the_recipe_it_refers_to():
    helps = recipe_options._argument_helps(odd_vae)
    assert helps["sizes"] == "widths of the layers."
    assert helps["rate"] == "a colon: inside."
    assert helps["likelihood"] == recipe_options._argument_helps(tfvae.zoo.vae)["likelihood"] != ""
    assert recipe_options.summary(odd_vae).endswith("Source: nobody 2020.")


def test_a_new_recipe_is_a_new_command(monkeypatch, capsys):
    from tfvae.pipelines.cli import train_command

    train_command.add(odd_vae)
    try:
        assert main(["train", "odd_vae", "--help"]) == 0
        out = capsys.readouterr().out
        for word in ("--sizes", "--rate", "--tied", "--kind", "--likelihood", "--epochs", "widths of the"):
            assert word in out
        assert "--encoder" not in out
        tokens = "train odd_vae --data sklearn:iris --run r --sizes 1 --sizes 2 --tied --likelihood Normal"
        _, arguments, _ = app.parse_args(tokens.split())
        options = arguments.kwargs["options"]
        assert (options.sizes, options.tied, options.likelihood) == ((1, 2), True, "Normal")
    finally:
        del train_command.train_app["odd_vae"]


@pytest.mark.parametrize("name", tfvae.zoo.__all__)
def test_every_recipe_has_documented_options_of_its_own_defaults(name):
    recipe = getattr(tfvae.zoo, name)
    options = dataclasses.asdict(recipe_options.option_class(recipe)())
    assert options
    for option, value in options.items():
        assert value == inspect.signature(recipe).parameters[option].default
        assert recipe_options._argument_helps(recipe)[option]


def test_likelihoods_are_the_librarys_own():
    for name in recipe_options.likelihood_names():
        assert issubclass(getattr(tfvae.likelihoods, name), tfvae.likelihoods.Likelihood)
        assert not inspect.isabstract(getattr(tfvae.likelihoods, name))


def test_build_takes_what_json_holds():
    model = recipe_options.build("vae", (6,), {"latent_dim": 3, "free_bits": 0.0, "likelihood": "Bernoulli"})
    assert model.latent_dim == 3
    assert isinstance(model.likelihood, tfvae.likelihoods.Bernoulli)
    with pytest.raises(InvalidInput, match="latent_dim"):
        recipe_options.build("vae", (6,), {"latent_dim": 0})
