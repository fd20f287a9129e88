"""The recipes of `tfvae.zoo` as commands: a recipe's own arguments are its options.

Everything is read from signatures and docstrings, so a new recipe is a new command, and nothing here
starts TensorFlow.
"""

from __future__ import annotations

import dataclasses
import inspect
import re
import textwrap
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

import tfvae
from tfvae.core.errors import InvalidInput

if TYPE_CHECKING:
    from tfvae.models import LatentModel

LIKELIHOODS = (  # those for which the shape of an example is enough; named here, as none is imported for help
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
)

Recipe = Callable[..., "LatentModel"]

_PLAIN = {"int": int, "float": float, "bool": bool, "str": str, "tuple": tuple, "Literal": Literal}
_LIKELIHOOD = "likelihood"
_CONDITION, _CLASSES = "condition_dim", "num_classes"  # what recipes call the number of classes
_ARGUMENTS = re.compile(r"^Args(?: as in `(\w+)`)?.*\n((?: {4}.*\n?|\n)*)", re.MULTILINE)


def recipes() -> list[Recipe]:
    """Return every recipe, in the order of the names.

    Example:
        >>> [recipe.__name__ for recipe in recipes()][:2]
        ['aae', 'annealed_vae']
    """
    return [getattr(tfvae.zoo, name) for name in sorted(tfvae.zoo.__all__)]


def trainable() -> list[Recipe]:
    """Return the recipes that the command offers: those of one kind of data, which is what a source gives.

    Example:
        >>> tfvae.zoo.vae in trainable(), tfvae.zoo.multimodal_vae in trainable()
        (True, False)
    """
    return [recipe for recipe in recipes() if not of_several_kinds(recipe)]


def of_several_kinds(recipe: Recipe) -> bool:
    """Return whether a recipe is made with the shapes of several kinds of data, in a dict."""
    first = next(iter(inspect.signature(recipe).parameters.values()))
    return first.annotation.startswith("dict")


def condition_dim(options: Mapping[str, object]) -> int | None:
    """Return the number of classes whose one-hot code a recipe's model takes as its condition, or None.

    Example:
        >>> condition_dim({"condition_dim": 3}), condition_dim({"num_classes": 3})
        (3, None)
    """
    return options.get(_CONDITION)


def num_classes(options: Mapping[str, object]) -> int | None:
    """Return the number of classes of a recipe's model that takes labels, known or not, or None.

    Example:
        >>> num_classes({"condition_dim": 3}), num_classes({"num_classes": 3})
        (None, 3)
    """
    return options.get(_CLASSES)


def parameters(name: str) -> Mapping[str, inspect.Parameter]:
    """Return a recipe's arguments by name, none for an unknown recipe.

    Example:
        >>> "beta" in parameters("beta_vae"), dict(parameters("none"))
        (True, {})
    """
    return inspect.signature(getattr(tfvae.zoo, name)).parameters if name in tfvae.zoo.__all__ else {}


def refuse_untrainable(name: str) -> None:
    """Refuse a recipe that the command does not offer.

    Raises:
        InvalidInput: says where it is to be had.
    """
    if name in tfvae.zoo.__all__ and name not in [recipe.__name__ for recipe in trainable()]:
        raise InvalidInput(
            name, "a recipe of one kind of data", f"one of several: use tfvae.zoo.{name} in Python"
        )


def summary(recipe: Recipe) -> str:
    """Return what a recipe's docstring says of it: the first paragraph, and the source.

    Example:
        >>> print(summary(tfvae.zoo.beta_vae))
        beta-VAE: loss = -E_q log p(x|z) + beta KL(q(z|x) || p(z)).
        <BLANKLINE>
        Source: Higgins et al. 2017, equation 4.
    """
    paragraphs = re.split(r"\n\s*\n", inspect.getdoc(recipe) or recipe.__name__)
    return "\n\n".join(paragraphs[:1] + [text for text in paragraphs[1:] if text.startswith("Source:")])


def option_class(recipe: Recipe) -> type:
    """Return a frozen dataclass of a recipe's options, with their defaults and help.

    An argument is an option if its annotation is of plain types: int, float, bool, str, or tuples of them.
    The likelihood is one by the name of its class. Other objects of the library are not.

    Example:
        >>> option_class(tfvae.zoo.beta_vae)()
        BetaVaeOptions(latent_dim=16, beta=4.0, likelihood=None)
    """
    helps = _argument_helps(recipe)
    fields = []
    for argument in list(inspect.signature(recipe).parameters.values())[1:]:
        kind = _kind(argument)
        if kind is None:
            continue
        annotation = Annotated[kind, Parameter(help=helps.get(argument.name, ""))]
        fields.append((argument.name, annotation, dataclasses.field(default=argument.default)))
    title = "".join(part.capitalize() for part in recipe.__name__.split("_"))
    here = {"__module__": __name__}  # without it the class passes for one of Python's own
    return dataclasses.make_dataclass(f"{title}Options", fields, frozen=True, namespace=here)


def build(name: str, shape: tuple[int, ...], options: dict) -> LatentModel:
    """Make a recipe's model of options as `config.json` holds them.

    Raises:
        InvalidInput: an option that the recipe does not take.
    """
    arguments = {
        option: tuple(value) if isinstance(value, list) else value for option, value in options.items()
    }
    if arguments.get(_LIKELIHOOD) is not None:
        arguments[_LIKELIHOOD] = getattr(tfvae.likelihoods, arguments[_LIKELIHOOD])(shape)
    return getattr(tfvae.zoo, name)(shape, **arguments)


def _kind(argument: inspect.Parameter) -> object:
    """The type of an option, or None for an argument that is none."""
    if argument.name == _LIKELIHOOD:
        return Literal[LIKELIHOODS] | None
    try:
        # Annotations are text; those that name the library's objects fail, as none of them is imported.
        return eval(argument.annotation, {"__builtins__": {}}, _PLAIN)
    except NameError:
        return None


def _argument_helps(recipe: Recipe) -> dict[str, str]:
    """Return what the docstring says of each argument, after what another recipe says: `Args as in ...`."""
    section = _ARGUMENTS.search(inspect.getdoc(recipe) or "")
    if section is None:
        return {}
    other, body = section.groups(default="")
    helps = _argument_helps(getattr(tfvae.zoo, other)) if other else {}
    return helps | dict(_entries(textwrap.dedent(body)))


def _entries(body: str) -> Iterator[tuple[str, str]]:
    for entry in re.split(r"\n(?=\w)", body.strip()):
        name, _, text = entry.partition(":")
        yield name, " ".join(text.split())
