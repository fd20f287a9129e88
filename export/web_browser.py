"""A real browser for an exported page, to check its numbers in: Chromium of the system, without a window."""

from __future__ import annotations

import contextlib
import functools
import http.server
import os
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from tfvae.export.result import ExportError

if TYPE_CHECKING:
    from playwright.sync_api import Browser

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def chromium() -> str:
    """Return the browser's program: the environment variable CHROMIUM, or what is on the path.

    Raises:
        ExportError: there is none, with how to get it.
    """
    named = os.environ.get("CHROMIUM")
    for name in (named,) if named else _NAMES:
        if found := shutil.which(name):
            return found
    reason = f"CHROMIUM is {named}, which is no program" if named else "Chromium is not installed"
    ways = "Debian and Ubuntu: apt-get install chromium; macOS: brew install --cask chromium"
    raise ExportError(f"{reason} ({ways}; elsewhere name its program in the variable CHROMIUM)")


@contextlib.contextmanager
def browser() -> Iterator[Browser]:
    """Yield a browser, driven by Playwright.

    Raises:
        ExportError: it, or Playwright, is not installed.
    """
    try:
        from playwright.sync_api import sync_playwright
    except ModuleNotFoundError:
        raise ExportError("playwright is not installed: pip install playwright") from None
    program = chromium()
    with sync_playwright() as playwright:
        # Without a sandbox, which root in a container has no right to make: it opens own pages only.
        started = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield started
        started.close()


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *arguments: object) -> None:
        pass


@contextlib.contextmanager
def served(folder: str | os.PathLike) -> Iterator[str]:
    """Yield the address of a folder, served as `python -m http.server` does.

    Example:
        >>> import tempfile, urllib.request
        >>> folder = Path(tempfile.mkdtemp())
        >>> _ = (folder / "index.html").write_text("here")
        >>> with served(folder) as address:
        ...     urllib.request.urlopen(address).read()
        b'here'
    """
    handler = functools.partial(_Quiet, directory=str(Path(folder)))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()
            thread.join()
