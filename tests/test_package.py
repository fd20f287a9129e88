"""The package as a whole: lazy, imports in one direction, documented by examples that run."""

import ast
import doctest
import importlib
import inspect
import os
import subprocess
import sys
from pathlib import Path

import keras
import pytest

import tfvae

ROOT = Path(__file__).parents[1]

# Each room may import those before it; a room in one line with others imports none of them.
ROOMS = [
    {"core"},
    {"data", "distributions", "networks", "optimizers", "scales", "schedules"},
    {"flows", "layers", "likelihoods"},
    {"posteriors"},
    {"priors"},
    {"objectives"},
    {"models"},
    {"evaluation", "samplers", "zoo"},
    {"callbacks"},
    {"anomaly"},
    {"export"},
    {"keras_classes", "pipelines"},
]
RANK = {name: rank for rank, names in enumerate(ROOMS) for name in names}


def _files():
    """Each module of the library by its name, with its file."""
    files = {}
    for path in sorted((ROOT / "tfvae").rglob("*.py")) + [
        path for folder in ("export", "pipelines") for path in sorted((ROOT / folder).rglob("*.py"))
    ]:
        parts = path.relative_to(ROOT).with_suffix("").parts
        parts = parts if parts[0] == "tfvae" else ("tfvae", *parts)
        files[".".join(parts).removesuffix(".__init__")] = path
    return files


FILES = _files()


def _imports(path):
    """Modules of the library that a file names in an import, wherever that stands, also for types alone."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name.startswith("tfvae."))
        elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "tfvae":
            for alias in node.names:
                name = f"{node.module}.{alias.name}"
                if name in FILES:
                    yield name
                elif node.module != "tfvae":
                    yield node.module


def _used(path):
    """Rooms that a file names as `tfvae.ROOM`, as the recipes do."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "tfvae" and node.attr in RANK:
            yield node.attr


@pytest.mark.parametrize("module", FILES)
def test_imports_point_one_way(module):
    if module == "tfvae":
        return
    room = module.split(".")[1]
    assert room in RANK, f"{room} has no place in the order of imports"
    others = {name.split(".")[1] for name in _imports(FILES[module])} | set(_used(FILES[module]))
    others -= {room}
    for other in others:
        assert RANK[other] < RANK[room], f"{module} imports {other}, which is not before it"
    if room == "data":
        assert others <= {"core"}


def test_no_import_leads_in_a_circle():
    graph = {name: set(_imports(path)) - {name} for name, path in FILES.items()}
    done, trail = set(), []

    def visit(module):
        assert module not in trail, " -> ".join([*trail[trail.index(module) :], module])
        if module in done or module not in graph:
            return
        trail.append(module)
        for other in sorted(graph[module]):
            visit(other)
        trail.pop()
        done.add(module)

    for module in graph:
        visit(module)


def _run(code, folder, **environment):
    """Run code in a process of its own and return what it prints."""
    command = [sys.executable, "-c", code]
    done = subprocess.run(
        command, capture_output=True, text=True, cwd=folder, env={**os.environ, **environment}, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout.strip()


def test_lazily_imported_the_package_does_not_start_tensorflow(tmp_path):
    code = "import tfvae, tfvae.zoo, sys; assert not {'tensorflow', 'keras'} & set(sys.modules)"
    _run(code, tmp_path, TFVAE_LAZY_IMPORT="1")


def test_lazily_imported_a_model_loads_through_the_library(tmp_path):
    tfvae.zoo.graph_vae((4, 4), latent_dim=2).save(tmp_path / "vae.keras")
    code = "import tfvae; print(tfvae.models.load('vae.keras').latent_dim)"
    assert _run(code, tmp_path, TFVAE_LAZY_IMPORT="1") == "8"


def _configurable():
    """Every class of the library that makes its own configuration and can be made."""
    for name in FILES:
        if "check_" not in name and not name.endswith(("score_spark", "__main__")):
            importlib.import_module(name)
    found, queue = set(), [tfvae.Configured]
    while queue:
        for cls in queue.pop().__subclasses__():
            queue.append(cls)
            private = cls.__name__.startswith("_") or cls.__module__.startswith("tfvae.core.")
            if cls.__module__.startswith("tfvae.") and not private and not inspect.isabstract(cls):
                found.add(cls)
    return sorted(found, key=lambda cls: cls.__name__)


@pytest.mark.parametrize("order", ["keras, tfvae", "tfvae, keras"])
def test_every_class_is_registered_once_keras_and_the_package_are_imported(order, tmp_path):
    """Under its public name, which does not change when a file moves."""
    code = f"import {order}; print(*sorted(n for n in keras.saving.get_custom_objects() if n[:5] == 'tfvae'))"
    registered = _run(code, tmp_path).split()
    expected = {keras.saving.get_registered_name(cls) for cls in _configurable()}
    expected.add("tfvae.optimizers>Adam")
    assert expected <= set(registered), expected - set(registered)


def test_registered_names_are_public_names():
    for cls in _configurable():
        package, _, name = keras.saving.get_registered_name(cls).partition(">")
        assert getattr(importlib.import_module(package), name) is cls


def test_public_names_are_all_there():
    for name in tfvae.__all__:
        assert getattr(tfvae, name) is not None


_SCRIPTS = (
    "check_common",
    "check_saved_model",
    "check_litert",
    "check_micro",
    "check_c_api",
    "check_openvino",
)
_OF_AN_EXTRA = ("score_spark",)  # has tests of its own


@pytest.mark.parametrize("name", [n for n in FILES if not n.endswith((*_SCRIPTS, *_OF_AN_EXTRA, "__main__"))])
def test_examples_in_the_documentation_run(name):
    options = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
    assert doctest.testmod(importlib.import_module(name), optionflags=options).failed == 0


@pytest.mark.parametrize("room", sorted(set(RANK) - {"core", "keras_classes", "pipelines"}))
def test_completion_offers_no_other_packages(room):
    module = importlib.import_module(f"tfvae.{room}")
    foreign = [name for name in dir(module) if inspect.ismodule(getattr(module, name))]
    foreign = [name for name in foreign if not getattr(module, name).__name__.startswith("tfvae")]
    assert foreign == []
