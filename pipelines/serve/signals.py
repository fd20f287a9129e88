"""SIGTERM and SIGINT: they end a server that starts at once, and one that serves after its last request."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Iterator
from types import FrameType

STOPS = (signal.SIGTERM, signal.SIGINT)


@contextlib.contextmanager
def ending_at_once() -> Iterator[None]:
    """While a server starts, end the process at SIGTERM and SIGINT, with status 143 or 130.

    Python's own handlers are not enough: a KeyboardInterrupt may be caught by a package that is being
    imported, and the end would wait for the thread that loads a model. In a container, the first process
    would ignore SIGTERM.
    """
    if threading.current_thread() is not threading.main_thread():
        yield  # signals are the main thread's
        return
    before = {stop: signal.signal(stop, _end) for stop in STOPS}
    try:
        yield
    finally:
        for stop, handler in before.items():
            signal.signal(stop, handler)


def _end(number: int, frame: FrameType | None) -> None:
    del frame
    if number == signal.SIGINT:
        os.write(2, b"tfvae: error: interrupted\n")
    os._exit(128 + number)  # nothing was written that has to be finished
