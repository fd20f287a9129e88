"""A missing browser is explained."""

import pytest

from tfvae.export.browser import chromium
from tfvae.export.result import ExportError


def test_the_error_says_how_to_install_a_browser(monkeypatch):
    monkeypatch.setenv("CHROMIUM", "/absent/chromium")
    with pytest.raises(ExportError, match=r"CHROMIUM is /absent/chromium.*apt-get install chromium"):
        chromium.chromium()
