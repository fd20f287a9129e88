"""Pages of HTML from the templates beside this file."""

from __future__ import annotations

import re

import jinja2

import tfvae
from tfvae.pipelines.reports.figures import MINUS


def page(template: str, **values: object) -> str:
    """Return a page that refers to nothing outside itself, made of a template and the values it names.

    Example:
        >>> page("report.html.j2")
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


def typeset(text: str) -> str:
    """Return a text with a minus sign where a hyphen stands for it: before a number or a logarithm.

    Example:
        >>> typeset("-3 and well-known")
        '\N{MINUS SIGN}3 and well-known'
    """
    return re.sub(r"(?<![\w-])-(?=\d|log )", MINUS, text)
