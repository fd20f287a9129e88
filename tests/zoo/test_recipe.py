"""What every recipe declares: its paper, its kind of data, and what it needs from labels."""

import importlib
import inspect
import pickle
import pkgutil
import re

import pytest

import tfvae
from tfvae.core.errors import InvalidInput
from tfvae.zoo.recipe import DataKind, Labels, Recipe

# A model's inputs by what its recipe needs from labels.
INPUTS = {Labels.UNUSED: {"x"}, Labels.CONDITION: {"x", "condition"}, Labels.CLASS: {"x", "label"}}


@pytest.fixture(params=tfvae.zoo.__all__)
def recipe(request):
    """Every recipe in turn."""
    return getattr(tfvae.zoo, request.param)


def _documented(recipe):
    """The arguments in a docstring's section `Args`, in their order."""
    _, _, after = inspect.getdoc(recipe).partition("\nArgs:\n")
    section, _, _ = after.partition("\n\n")
    return re.findall(r"^    (\w+): ", section, re.MULTILINE)


def test_all_recipes_are_exported_and_sorted():
    modules = [
        importlib.import_module(f"tfvae.zoo.{module.name}")
        for module in pkgutil.iter_modules(tfvae.zoo.__path__)
    ]
    declared = {
        name
        for module in modules
        for name, function in inspect.getmembers(module, inspect.isfunction)
        if isinstance(vars(function).get("recipe"), Recipe)
    }
    assert tfvae.zoo.__all__ == sorted(declared)


def test_its_source_is_that_of_its_docstring(recipe):
    declared = Recipe.of(recipe)
    assert re.search(r"\D \d{4}$", declared.paper)
    doc = " ".join(inspect.getdoc(recipe).split())
    assert re.search(rf"Source: {re.escape(declared.source)}[.,; ]", doc)


def test_it_documents_each_argument_and_has_an_example(recipe):
    assert _documented(recipe) == list(inspect.signature(recipe).parameters)
    assert "\nExample:\n    >>> " in inspect.getdoc(recipe)


def test_it_remains_a_plain_function(recipe):
    assert inspect.isfunction(recipe)
    assert not hasattr(recipe, "__wrapped__")
    assert pickle.loads(pickle.dumps(recipe)) is recipe
    assert recipe.__module__.startswith("tfvae.zoo.")


def test_its_example_shape_makes_a_model_with_the_declared_inputs(recipe):
    declared = Recipe.of(recipe)
    shape = declared.data.example_shape
    model = recipe(shape)
    if declared.data is DataKind.SEVERAL:
        assert set(model.accepts) == set(shape)
    else:
        assert set(model.accepts) == INPUTS[declared.labels]
        assert model.event_shape == shape


def test_it_has_the_argument_for_the_classes_that_it_needs(recipe):
    of_classes = {labels.value for labels in Labels} - {None}
    expected = {Recipe.of(recipe).labels.value} - {None}
    assert of_classes & set(inspect.signature(recipe).parameters) == expected


def test_the_command_offers_recipes_of_one_kind_of_data(recipe):
    declared = Recipe.of(recipe)
    assert declared.is_command == (not isinstance(declared.data.example_shape, dict))


def test_other_functions_declare_nothing():
    with pytest.raises(InvalidInput, match=r"^function: expected a recipe of tfvae.zoo, received prior"):
        Recipe.of(tfvae.samplers.prior)
    assert Recipe("Nobody 2020").source == "Nobody 2020"
