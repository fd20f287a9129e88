"""How a command ends that cannot do its work: a usage error, or a failure on the way."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from tfvae.core.errors import InvalidInput


class UsageError(Exception):
    """A command with a wrong argument; the message is one line."""


class CommandFailed(Exception):
    """A command that could not be completed; the message is one line."""


@contextlib.contextmanager
def usage_errors() -> Iterator[None]:
    """Turn an error of an argument or a file into a `UsageError`.

    Example:
        >>> with usage_errors():
        ...     raise InvalidInput("--epochs", "an integer of at least 1", 0)
        Traceback (most recent call last):
        tfvae.pipelines.failures.UsageError: --epochs: expected an integer of at least 1, received 0
    """
    try:
        yield
    except (InvalidInput, OSError) as error:
        raise UsageError(str(error)) from error
