"""HTML pages from the templates of this package."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jinja2

import tfvae
from tfvae.core.files import replacing
from tfvae.pipelines.reports.figures.drawing import MINUS


def page(template: str, values: Mapping[str, Any]) -> str:
    """Return an HTML page that refers to nothing outside itself.

    Args:
        template: name of the template.
        values: what the template uses, by name.

    Example:
        >>> page("run_report.html.j2", {})
        Traceback (most recent call last):
        jinja2.exceptions.UndefinedError: 'contents' is undefined
    """
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("tfvae.pipelines"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["typeset"] = typeset
    return environment.get_template(template).render(version=tfvae.__version__, **values)


def write_page(text: str, output: str | os.PathLike[str]) -> Path:
    """Write a page, whole or not at all, and return its path.

    Args:
        text: the page.
        output: the file.

    Raises:
        UnwritableFile: the file cannot be written.
    """
    with replacing(output) as temporary:
        temporary.write_text(text, encoding="utf-8")
    return Path(output)


def typeset(text: str) -> str:
    """Return a text with a minus sign instead of a hyphen before a number or a logarithm.

    Args:
        text: the text.

    Example:
        >>> typeset("-3 and well-known")
        '\N{MINUS SIGN}3 and well-known'
    """
    return re.sub(r"(?<![\w-])-(?=\d|log )", MINUS, text)
