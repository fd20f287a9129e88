"""TFDS data sets by name, prepared on disk: found there, or else downloaded."""

from __future__ import annotations

import contextlib
import difflib
import logging
import os
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING

from tfvae.core.errors import InvalidInput, UnreadableFile
from tfvae.data.sources.read_errors import one_line

if TYPE_CHECKING:
    import tensorflow_datasets

_PROBE_SECONDS = 3.0


def split_name(name: str) -> tuple[str, str]:
    """Return the name that TFDS calls a builder's, and the split, `train` by default.

    Args:
        name: `NAME[:VERSION][/CONFIG][/SPLIT]`.

    Example:
        >>> split_name("mnist/test")
        ('mnist', 'test')
    """
    parts = name.split("/")
    if len(parts) == 1:
        return name, "train"
    if len(parts) == 2 and parts[1].split(":")[0] in _configs(parts[0]):
        return name, "train"
    return "/".join(parts[:-1]), parts[-1]


def find_builder(name: str) -> tensorflow_datasets.core.DatasetBuilder:
    """Return TFDS's builder of a data set.

    Args:
        name: `NAME[:VERSION][/CONFIG]`.

    Raises:
        InvalidInput: for an unknown name; the message offers similar ones.
    """
    import tensorflow_datasets as tfds

    known = tfds.list_builders(with_community_datasets=False)
    try:
        with _without_warnings():
            # TFDS itself reads the variable only once, when it is imported.
            return tfds.builder(name, data_dir=os.environ.get("TFDS_DATA_DIR"))
    except tfds.core.DatasetNotFoundError as error:
        similar = difflib.get_close_matches(name.split("/")[0], known, n=3, cutoff=0.6)
        hint = f"did you mean {', '.join(similar)}?" if similar else "see tensorflow_datasets.list_builders()"
        raise InvalidInput("source", f"the name of a TFDS data set ({hint})", f"tfds:{name}") from error
    except (ValueError, RuntimeError, OSError) as error:
        raise InvalidInput(
            "source", "a data set that TFDS can open", f"tfds:{name} ({one_line(error)})"
        ) from error


def prepare(builder: tensorflow_datasets.core.DatasetBuilder, name: str) -> None:
    """Download and prepare a data set that is not yet on disk.

    Args:
        builder: the data set.
        name: of the source, for the message.

    Raises:
        UnreadableFile: if its download cannot be reached, or its preparation fails.
    """
    with _without_warnings():
        if builder.is_prepared():
            return
        # Without a network TFDS tries each file ten times, 204 s in all. So first ask once for the header of
        # the first file that this data set downloads; any answer will do. Requests takes proxies from the
        # environment as TFDS does, so it reaches what TFDS reaches. Data sets that TFDS computes have no such
        # file, and nothing is asked.
        url = next((url for url in (builder.url_infos or {}) if url.startswith("http")), None)
        failure = None if url is None else _connection_failure(url)
        reason = failure and f"its download cannot be reached ({failure})"
        if reason is None:
            try:
                builder.download_and_prepare()
                return
            except Exception as error:  # a builder is anyone's code, and may fail in any way
                reason = f"preparing it failed ({type(error).__name__}: {one_line(error)})"
    advice = (
        "run `tfds build` on a connected machine, copy the folder and set TFDS_DATA_DIR, or use idx:FOLDER"
    )
    raise UnreadableFile(name, f"a data set prepared in {builder.data_dir}", f"{reason}; {advice}")


def _configs(name: str) -> set[str]:
    import tensorflow_datasets as tfds

    try:
        return set(tfds.builder_cls(name.split(":")[0]).builder_configs)
    except (tfds.core.DatasetNotFoundError, ValueError):
        return set()  # prepared files without code, or an unknown name, which `find_builder` reports


def _connection_failure(url: str) -> str | None:
    """Return why a server cannot be reached within seconds; None if it answers, whatever it answers."""
    import requests

    failure = [f"no answer in {_PROBE_SECONDS:g} s"]

    def ask() -> None:
        try:
            requests.head(url, timeout=_PROBE_SECONDS, allow_redirects=False)
        except requests.RequestException as error:
            failure[0] = type(error).__name__
        else:
            failure[0] = ""

    # In a thread, as the time limit of requests does not cover the lookup of the server's name.
    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    asking.join(2 * _PROBE_SECONDS)
    return f"{failure[0]} from {url.split('/')[2]}" if failure[0] else None


@contextlib.contextmanager
def _without_warnings() -> Iterator[None]:
    """Silence TFDS's warnings of data sets that are not prepared."""
    logger = logging.getLogger("absl")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)
