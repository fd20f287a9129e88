"""Run an exported page in a real browser: the system's Chromium, without a window."""

from __future__ import annotations

import contextlib
import functools
import http.server
import math
import os
import shutil
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np

from tfvae.core.types import Array
from tfvae.export.result import ExportError
from tfvae.export.verification import check_common
from tfvae.export.verification.verify import Report

if TYPE_CHECKING:
    from playwright.sync_api import Browser

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def chromium() -> str:
    """Return the browser's program: the environment variable CHROMIUM, or one on the path.

    Raises:
        ExportError: there is none; the message says how to install it.
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
    """Yield a browser, controlled by Playwright.

    Raises:
        ExportError: the browser or Playwright is not installed.
    """
    try:
        from playwright.sync_api import sync_playwright
    except ModuleNotFoundError:
        raise ExportError("playwright is not installed: pip install playwright") from None
    program = chromium()
    with sync_playwright() as playwright:
        # Without a sandbox, which root in a container may not create: only own pages are opened.
        started = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield started
        started.close()


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *arguments: object) -> None:
        pass


@contextlib.contextmanager
def served(folder: str | os.PathLike[str]) -> Iterator[str]:
    """Yield the address of a folder, served like `python -m http.server`.

    Args:
        folder: the folder.

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


_RUN = """async ([endpoint, rows]) => {
  const results = [];
  for (const row of rows) results.push(await window.tfvae.run(endpoint, row));
  return results;
}"""
# Browsers round their clock to 0.1 ms: each measurement takes as many calls as last 10 ms.
_TIME = """async ([endpoint, rows, enough]) => {
  const seconds = [], end = performance.now() + enough;
  while (seconds.length < 3 || performance.now() < end) {
    const start = performance.now();
    let calls = 0;
    do {
      for (const row of rows) await window.tfvae.run(endpoint, row);
      calls += rows.length;
    } while (performance.now() - start < 10);
    seconds.push((performance.now() - start) / calls / 1000);
  }
  return seconds.sort((a, b) => a - b)[Math.floor(seconds.length / 2)];
}"""
_ENOUGH = 500  # milliseconds for one timing


def measure(folder: Path, expected: Mapping[str, Array], batch: int = 0) -> Report:
    """Open an exported page and compare its numbers; times are measured in the page.

    The page runs one example at a time: a batch is timed as that many calls.

    Args:
        folder: folder that `tfvae.export.web` wrote.
        expected: `endpoint/in/name` and `endpoint/out/name` arrays.
        batch: examples in the batch that is timed; 0 times none.

    Raises:
        ExportError: the browser is not installed, or the page does not start.
    """
    from playwright.sync_api import Error

    with browser() as started, served(folder) as address:
        page = started.new_page()
        page.goto(address)
        try:
            page.evaluate("window.tfvae.ready")
        except Error as error:
            raise ExportError(f"{folder.name}: the page does not start ({error.message})") from error

        def run(endpoint: str, inputs: dict[str, Array]) -> dict[str, Array]:
            answers = page.evaluate(_RUN, [endpoint, _rows(inputs)])
            shapes = {name: expected[f"{endpoint}/out/{name}"].shape[1:] for name in answers[0]}
            return {
                name: np.array([answer[name] for answer in answers], "float32").reshape(-1, *shape)
                for name, shape in shapes.items()
            }

        report = cast(Report, check_common.compare(expected, run))
        for endpoint in report["difference"] if batch else ():
            inputs = check_common.with_prefix(expected, f"{endpoint}/in/")
            rows = _rows(inputs)
            many = (rows * -(-batch // len(rows)))[:batch]
            report["seconds_alone"][endpoint] = page.evaluate(_TIME, [endpoint, rows[:1], _ENOUGH])
            report["seconds_in_batch"][endpoint] = page.evaluate(_TIME, [endpoint, many, _ENOUGH])
        return report


def _rows(inputs: dict[str, Array]) -> list[dict[str, list[float | None]]]:
    """Return a dict of flat lists for each example; a missing value is None."""
    listed = {
        name: [[None if math.isnan(number) else number for number in row] for row in _flat(value)]
        for name, value in inputs.items()
    }
    return [dict(zip(listed, row, strict=True)) for row in zip(*listed.values(), strict=True)]


def _flat(value: Array) -> list[list[float]]:
    return value.reshape(len(value), -1).tolist()
