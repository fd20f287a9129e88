"""Documents name files that exist."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FOLDERS = ("tfvae", "export", "pipelines", "tests", "benchmarks", "reproductions", "docs")


@pytest.mark.parametrize("document", ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "docs/architecture.md"])
def test_a_document_names_modules_that_exist(document):
    """A path in backquotes that ends in .py is a file of the project, perhaps without its first folders."""
    files = [f"/{file.relative_to(ROOT)}" for folder in FOLDERS for file in (ROOT / folder).rglob("*.py")]
    named = re.findall(r"`((?:\w+/)+\w+\.py)`", (ROOT / document).read_text())
    assert named or document != "docs/architecture.md"
    assert not [name for name in named if not any(file.endswith(f"/{name}") for file in files)]
