"""The recipes of `tfvae.zoo` as commands: a recipe's arguments of plain types are its options.

All is read from a recipe's declaration, signature and docstring, so a new recipe is a new command. Nothing
here starts TensorFlow.
"""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, get_args

import tfvae
from tfvae.core.errors import InvalidInput
from tfvae.zoo.recipe import Labels, Recipe

if TYPE_CHECKING:
    from tfvae.models import LatentModel

RecipeFunction: TypeAlias = Callable[..., "LatentModel"]

# The likelihoods that can be made of the shape of an example alone; listed, as help imports none of them.
LikelihoodName: TypeAlias = Literal[
    "Autoregressive",
    "Bernoulli",
    "ContinuousBernoulli",
    "Dictionary",
    "DiscretizedLogisticMixture",
    "Laplace",
    "MaskedNormal",
    "Multinomial",
    "NegativeBinomial",
    "Normal",
    "Poisson",
    "StudentT",
]

_LIKELIHOOD = "likelihood"  # the argument of a recipe, and the option, which takes a name


def recipes() -> list[RecipeFunction]:
    """Return every recipe, in the order of the names.

    Example:
        >>> [recipe.__name__ for recipe in recipes()][:2]
        ['aae', 'annealed_vae']
    """
    return [getattr(tfvae.zoo, name) for name in sorted(tfvae.zoo.__all__)]


def trainable() -> list[RecipeFunction]:
    """Return the recipes that `tfvae train` offers.

    Example:
        >>> tfvae.zoo.vae in trainable(), tfvae.zoo.multimodal_vae in trainable()
        (True, False)
    """
    return [recipe for recipe in recipes() if Recipe.of(recipe).is_command]


def condition_dim(options: Mapping[str, Any]) -> int | None:
    """Return the number of classes whose one-hot code a recipe's model takes as its condition, or None.

    Args:
        options: the recipe's options, by name.

    Example:
        >>> condition_dim({"condition_dim": 3}), condition_dim({"num_classes": 3})
        (3, None)
    """
    return options.get(Labels.CONDITION.value)


def num_classes(options: Mapping[str, Any]) -> int | None:
    """Return the number of classes of a recipe's model that takes labels, known or not, or None.

    Args:
        options: the recipe's options, by name.

    Example:
        >>> num_classes({"condition_dim": 3}), num_classes({"num_classes": 3})
        (None, 3)
    """
    return options.get(Labels.CLASS.value)


def parameters(name: str) -> Mapping[str, inspect.Parameter]:
    """Return a recipe's arguments by name, none for an unknown recipe.

    Example:
        >>> "beta" in parameters("beta_vae"), dict(parameters("none"))
        (True, {})
    """
    return inspect.signature(getattr(tfvae.zoo, name)).parameters if name in tfvae.zoo.__all__ else {}


def refuse_untrainable(name: str) -> None:
    """Raise for a recipe that the command does not offer.

    Args:
        name: name of the recipe; an unknown one is left to others to report.

    Raises:
        InvalidInput: says how to use the recipe instead.
    """
    if name in tfvae.zoo.__all__ and not Recipe.of(getattr(tfvae.zoo, name)).is_command:
        raise InvalidInput(
            name, "a recipe of one kind of data", f"one of several: use tfvae.zoo.{name} in Python"
        )


def check_options(name: str, options: Mapping[str, Any]) -> None:
    """Raise for options that a configuration of a run cannot hold; the recipe checks their values.

    Args:
        name: name of the recipe.
        options: the recipe's options, by name.

    Raises:
        InvalidInput: there is no such recipe, or it has no such option, or one of another type.

    Example:
        >>> check_options("vae", {"latent_dim": 2})
    """
    if name not in tfvae.zoo.__all__:
        raise InvalidInput("recipe", "a function of tfvae.zoo", repr(name))
    refuse_untrainable(name)
    known = {field.name for field in dataclasses.fields(option_class(getattr(tfvae.zoo, name)))}
    for option, value in options.items():
        if option not in known:
            raise InvalidInput("options", f"options of {name} ({', '.join(sorted(known))})", repr(option))
        parts = value if isinstance(value, list | tuple) else [value]
        if not all(part is None or isinstance(part, bool | int | float | str) for part in parts):
            raise InvalidInput(option, "a number, a text, or a list of them", repr(value))
    for number in (condition_dim(options), num_classes(options)):
        if number is not None and (not isinstance(number, int) or isinstance(number, bool)):
            raise InvalidInput("options", "an integer number of classes", repr(number))
    if options.get(_LIKELIHOOD) not in (None, *get_args(LikelihoodName)):
        raise InvalidInput(_LIKELIHOOD, "the name of a likelihood", repr(options[_LIKELIHOOD]))


def summary(recipe: RecipeFunction) -> str:
    """Return the summary line of a recipe's docstring, and the recipe's source.

    Example:
        >>> print(summary(tfvae.zoo.beta_vae))
        beta-VAE: loss = -E_q log p(x|z) + beta KL(q(z|x) || p(z)).
        <BLANKLINE>
        Source: Higgins et al. 2017, equation 4.
    """
    first, _, _ = (inspect.getdoc(recipe) or recipe.__name__).partition("\n")
    return f"{first}\n\nSource: {Recipe.of(recipe).source}."


def option_class(recipe: RecipeFunction) -> type:
    """Return a frozen dataclass of a recipe's options, with their defaults and the recipe's docstring.

    An argument of plain type is an option: int, float, bool, str, or a tuple of them. The likelihood is one
    by the name of its class. Recipes quote the types of other arguments, which are no options.

    Example:
        >>> option_class(tfvae.zoo.beta_vae)()
        BetaVaeOptions(latent_dim=16, beta=4.0, likelihood=None)
    """
    fields = []
    for argument in list(inspect.signature(recipe).parameters.values())[1:]:
        plain = not isinstance(argument.annotation, str)
        if plain or argument.name == _LIKELIHOOD:
            kind = argument.annotation if plain else LikelihoodName | None
            fields.append((argument.name, kind, dataclasses.field(default=argument.default)))
    title = "".join(part.capitalize() for part in recipe.__name__.split("_"))
    # The help of each option is that of the argument; without a module the class passes for one of Python's.
    namespace = {"__doc__": inspect.getdoc(recipe), "__module__": __name__}
    return dataclasses.make_dataclass(f"{title}Options", fields, frozen=True, namespace=namespace)


def build(name: str, shape: tuple[int, ...], options: Mapping[str, Any]) -> LatentModel:
    """Make a recipe's model.

    Args:
        name: name of the recipe.
        shape: shape of one example.
        options: the recipe's options as `config.json` holds them.

    Raises:
        InvalidInput: a value that the recipe does not accept.
    """
    arguments: dict[str, Any] = {
        option: tuple(value) if isinstance(value, list) else value for option, value in options.items()
    }
    likelihood = arguments.get(_LIKELIHOOD)
    if likelihood is not None:
        arguments[_LIKELIHOOD] = getattr(tfvae.likelihoods, likelihood)(shape)
    return getattr(tfvae.zoo, name)(shape, **arguments)
