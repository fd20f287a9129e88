"""Recipes as commands: options from signatures, help from docstrings."""

import dataclasses
import inspect
import re
from typing import get_args

import pytest

import tfvae
from tfvae.core.errors import InvalidInput
from tfvae.pipelines.cli.app import app, main
from tfvae.pipelines.runs import recipe_options
from tfvae.zoo.recipe import DataKind, Labels, Recipe


@Recipe("Nobody 2020", "page 1", data=DataKind.ROWS)
def odd_vae(
    shape: tuple[int, ...],
    sizes: tuple[int, ...] = (3, 4),
    rate: float = 0.5,
    tied: bool = False,
    kind: str = "a",
    likelihood: "tfvae.likelihoods.Likelihood | None" = None,
    encoder: "keras.Layer | None" = None,  # noqa: F821
    prior: "list[tfvae.priors.Prior] | None" = None,
) -> "tfvae.VAE":
    """An odd one.

    Args:
        shape: shape of one example.
        sizes: widths of the
            layers.
        rate: a colon: inside.
        tied: whether the weights are tied.
        kind: a word.
        likelihood: p(x|z).
        encoder: a network.
        prior: some priors.

    Source: Nobody 2020, page 1; after others.
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


def test_the_summary_is_the_first_line_and_the_source():
    assert recipe_options.summary(odd_vae) == "An odd one.\n\nSource: Nobody 2020, page 1."


def test_a_new_recipe_is_a_new_command(capsys):
    from tfvae.pipelines.cli import train_command

    train_command.add(odd_vae)
    try:
        assert main(["train", "odd_vae", "--help"]) == 0
        out = " ".join(re.sub("[│╭╮╰╯─]", " ", capsys.readouterr().out).split())
        for word in ("--sizes", "--rate", "--tied", "--kind", "--likelihood", "--epochs", "Nobody 2020"):
            assert word in out
        assert "widths of the layers." in out
        assert "a colon: inside. [default: 0.5]" in out
        assert "--encoder" not in out
        tokens = "train odd_vae --data sklearn:iris --run r --sizes 1 --sizes 2 --tied --likelihood Normal"
        _, arguments, _ = app.parse_args(tokens.split())
        options = arguments.kwargs["options"]
        assert (options.sizes, options.tied, options.likelihood) == ((1, 2), True, "Normal")
    finally:
        del train_command.train_app["odd_vae"]


@pytest.mark.parametrize("recipe", recipe_options.trainable(), ids=lambda recipe: recipe.__name__)
def test_every_recipe_has_options_of_plain_types_with_its_own_defaults(recipe):
    options = dataclasses.asdict(recipe_options.option_class(recipe)())
    assert options
    parameters = inspect.signature(recipe).parameters
    for option, value in options.items():
        assert value == parameters[option].default
        if option == "likelihood":  # the one argument that is an option though its type is the library's
            assert parameters[option].annotation == "tfvae.likelihoods.Likelihood | None"
        else:
            plain = (int, float, int | None, tuple[int, ...], tuple[str, ...])
            assert parameters[option].annotation in plain
    others = [parameter for name, parameter in parameters.items() if name not in options]
    assert all("keras." in str(p.annotation) or p.name in ("shape", "step_likelihood") for p in others)


@pytest.mark.parametrize("recipe", recipe_options.trainable(), ids=lambda recipe: recipe.__name__)
def test_the_need_of_labels_is_read_off_the_options(recipe):
    options = dataclasses.asdict(recipe_options.option_class(recipe)())
    labels = Recipe.of(recipe).labels
    assert (recipe_options.condition_dim(options) is not None) == (labels is Labels.CONDITION)
    assert (recipe_options.num_classes(options) is not None) == (labels is Labels.CLASS)


def _is_made_of_a_shape(cls):
    for shape in ((4,), (8, 8, 1)):
        try:
            cls(shape)
        except (AttributeError, InvalidInput, TypeError):
            continue
        return True
    return False


def test_the_likelihoods_are_those_made_of_a_shape_alone():
    public = [getattr(tfvae.likelihoods, name) for name in tfvae.likelihoods.__all__]
    likelihoods = [cls for cls in public if issubclass(cls, tfvae.likelihoods.Likelihood)]
    made = [cls.__name__ for cls in likelihoods if _is_made_of_a_shape(cls)]
    assert list(get_args(recipe_options.LikelihoodName)) == sorted(made)


def test_build_accepts_what_json_holds():
    model = recipe_options.build("vae", (6,), {"latent_dim": 3, "free_bits": 0.0, "likelihood": "Bernoulli"})
    assert model.latent_dim == 3
    assert isinstance(model.likelihood, tfvae.likelihoods.Bernoulli)
    model = recipe_options.build("hi_vae", (2,), {"columns": ["real", "category:3"]})
    assert [type(column).__name__ for column in model.likelihood.columns] == ["Real", "Category"]
    with pytest.raises(InvalidInput, match="latent_dim"):
        recipe_options.build("vae", (6,), {"latent_dim": 0})


def test_recipes_without_a_command_are_rejected():
    with pytest.raises(InvalidInput, match=r"^multimodal_vae: expected a recipe of one kind of data"):
        recipe_options.refuse_untrainable("multimodal_vae")
    recipe_options.refuse_untrainable("vae")
