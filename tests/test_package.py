"""The package as a whole: lazy, imports in one direction, documented by examples that run."""

import ast
import doctest
import importlib
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

import tfvae

ROOT = Path(__file__).parents[1]

# Each may import those before it; the first group holds what knows nothing of models.
LAYERS = [
    {"checks", "distribution", "errors", "files", "numerics", "part", "replicas", "noise", "schedules",
     "networks", "heads", "scales", "optimizers", "importance", "metrics", "trace", "feeding",
     "conditioning", "partial", "sparse_coding", "recurrence", "maps"},
    {"flows", "posteriors", "priors", "likelihoods", "inputs", "fusion", "corruption", "hiding", "codes",
     "spherical", "graphs", "mixture", "mean_field"},
    {"objectives"},
    {"models"},
    {"zoo"},
    {"evaluation", "samplers", "callbacks"},
    {"anomaly"},
    {"export"},
    {"pipelines"},
]  # fmt: skip
RANK = {name: rank for rank, names in enumerate(LAYERS) for name in names} | {"data": 0}


def _files():
    for folder, package in (("tfvae", ""), ("export", "export"), ("pipelines", "pipelines")):
        for path in sorted((ROOT / folder).rglob("*.py")):
            module = package or path.relative_to(ROOT / folder).parts[0].removesuffix(".py")
            if module != "__init__":
                yield path, module


def _imported(path):
    """Names of the library's modules that a file uses, by import or as an attribute of `tfvae`."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("tfvae"):
            parts = node.module.split(".")
            yield from [parts[1]] if len(parts) > 1 else [alias.name for alias in node.names]
        elif isinstance(node, ast.Import):
            names = [alias.name.split(".") for alias in node.names]
            yield from [parts[1] for parts in names if parts[0] == "tfvae" and len(parts) > 1]
        elif (
            isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "tfvae"
        ):
            yield node.attr


@pytest.mark.parametrize(
    ("path", "module"), [pytest.param(*item, id=str(item[0].relative_to(ROOT))) for item in _files()]
)
def test_imports_point_one_way(path, module):
    assert module in RANK, f"{module} has no place in the order of imports"
    for name in _imported(path):
        if name in RANK and name != module:
            assert RANK[name] <= RANK[module], f"{module} imports {name}, which comes after it"
            assert name != "models" or module != "data", "data knows no models"
    if module == "data":
        assert set(_imported(path)) <= {"data", "errors", "files"}


def test_importing_the_package_does_not_start_tensorflow():
    """In a process of its own: this one has started it."""
    code = "import tfvae, tfvae.zoo, sys; assert not {'tensorflow', 'keras'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_saved_model_loads_where_only_the_package_was_imported(tmp_path):
    """In a process of its own, in which no class of the library was used before."""
    tfvae.zoo.vae((4,), latent_dim=2).save(tmp_path / "vae.keras")
    for first, second in (("keras", "tfvae"), ("tfvae", "keras")):
        load = "print(keras.saving.load_model('vae.keras').sample(2).shape)"
        code = f"import {first}, {second}; {load}"
        command = [sys.executable, "-c", code]
        done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=tmp_path)
        assert done.stdout.strip() == "(2, 4)"


def test_public_names_are_all_there():
    for name in tfvae.__all__:
        assert getattr(tfvae, name) is not None


_NOT_MODULES = (
    "check_common",
    "check_saved_model",
    "check_litert",
    "check_micro",
    "check_c_api",
    "check_openvino",
)  # scripts for other processes

_OF_AN_EXTRA = ("score_spark",)  # has tests of its own


def _modules():
    return [
        module.name
        for module in pkgutil.walk_packages(tfvae.__path__, "tfvae.")
        if not module.name.endswith(_NOT_MODULES)
    ] + [
        module.name
        for folder in ("export", "pipelines")
        for module in pkgutil.walk_packages([str(ROOT / folder)], f"tfvae.{folder}.")
        if not module.name.endswith((*_NOT_MODULES, *_OF_AN_EXTRA))
    ]


@pytest.mark.parametrize("name", _modules())
def test_examples_in_the_documentation_run(name):
    options = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
    assert doctest.testmod(importlib.import_module(name), optionflags=options).failed == 0
