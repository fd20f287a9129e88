"""What `pip install` brings: each file once, and types that an editor reads."""

import collections
import json
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
BUILT = ("tfvae", "pipelines", "export", "setup.cfg", "pyproject.toml", "README.md", "LICENSE")
README = (ROOT / "README.md").read_text(encoding="utf-8")
SCRIPT = "\n".join(re.findall(r"```python\n(.*?)```", README, re.DOTALL))

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """The wheel and the source distribution, made in a copy of the tree."""
    tree = tmp_path_factory.mktemp("tree")
    for name in BUILT:
        if (ROOT / name).is_dir():
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(ROOT / name, tree / name, symlinks=True, ignore=ignored)
        else:
            shutil.copy(ROOT / name, tree / name)
    code = (
        "from setuptools import build_meta as backend; "
        "print(backend.build_sdist('dist'), backend.build_wheel('dist'))"
    )
    made = subprocess.run([sys.executable, "-c", code], cwd=tree, check=True, capture_output=True, text=True)
    sdist, wheel = made.stdout.split()[-2:]
    return tree / "dist" / sdist, tree / "dist" / wheel


@pytest.fixture(scope="module")
def installed(built, tmp_path_factory):
    """A folder with the wheel's content, as pip puts it there."""
    target = tmp_path_factory.mktemp("site")
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", target]
    subprocess.run([*pip, built[1]], check=True)
    return target


def _modules(names):
    return [name for name in names if name.endswith((".py", ".pyi"))]


def test_the_wheel_has_each_file_once(built):
    with zipfile.ZipFile(built[1]) as wheel:
        names = wheel.namelist()
        contents = collections.Counter(
            wheel.read(name) for name in _modules(names) if wheel.getinfo(name).file_size > 200
        )
    assert {name.split("/")[0] for name in names if ".dist-info" not in name} == {"tfvae"}
    assert [count for count in contents.values() if count > 1] == []
    expected = {
        f"tfvae/{path.relative_to(ROOT / folder)}"
        if folder == "tfvae"
        else f"tfvae/{folder}/{path.relative_to(ROOT / folder)}"
        for folder in ("tfvae", "pipelines", "export")
        for path in (ROOT / folder).rglob("*.py*")
        if path.suffix in (".py", ".pyi") and "__pycache__" not in path.parts
    }
    assert set(_modules(names)) == expected
    assert "tfvae/py.typed" in names
    assert any(name.endswith("licenses/LICENSE") for name in names)


def test_the_source_distribution_makes_the_same_wheel(built, tmp_path):
    with tarfile.open(built[0]) as sdist:
        sdist.extractall(tmp_path, filter="data")
    (tree,) = tmp_path.iterdir()
    code = "from setuptools import build_meta; build_meta.build_wheel('dist')"
    subprocess.run([sys.executable, "-c", code], cwd=tree, check=True, capture_output=True)
    (wheel,) = (tree / "dist").glob("*.whl")
    with zipfile.ZipFile(wheel) as again, zipfile.ZipFile(built[1]) as first:
        assert sorted(again.namelist()) == sorted(first.namelist())


def _errors(script, folder, installed):
    """What a type checker says of a user's script that has the installed package alone."""
    (folder / "script.py").write_text(script, encoding="utf-8")
    config = {"include": ["script.py"], "extraPaths": [str(installed)], "typeCheckingMode": "basic"}
    (folder / "pyrightconfig.json").write_text(json.dumps(config), encoding="utf-8")
    checker = [sys.executable, "-m", "basedpyright", "--outputjson", "--pythonpath", sys.executable]
    report = json.loads(subprocess.run([*checker], cwd=folder, capture_output=True, text=True).stdout)
    assert report["summary"]["filesAnalyzed"] == 1
    return [found["message"] for found in report["generalDiagnostics"] if found["severity"] == "error"]


def test_the_scripts_of_the_readme_have_no_type_errors(installed, tmp_path):
    assert _errors(SCRIPT, tmp_path, installed) == []


@pytest.mark.parametrize(
    ("line", "misspelt"),
    [
        ("tfvae.zoo.vea((64,))", "vea"),
        ("tfvae.anomaly.VAEDetector().fti([[0.0]])", "fti"),
        ("tfvae.evaluation.mean_elbo_(tfvae.zoo.vae((64,)), [[0.0]])", "mean_elbo_"),
        ("from tfvae.anomaly import VAEDetektor", "VAEDetektor"),
    ],
)
def test_a_misspelt_name_is_one_error(line, misspelt, installed, tmp_path):
    (error,) = _errors(f"import tfvae\n{line}\n", tmp_path, installed)
    assert misspelt in error
