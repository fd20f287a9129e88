"""What a command prints: its result in words, in JSON, or not at all."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import sys
from collections.abc import Iterator
from typing import Annotated, Any

from cyclopts import Parameter


@dataclasses.dataclass(frozen=True)
class Reporting:
    """What to print.

    Args:
        quiet: print errors and warnings only.
        json: print the result as one JSON object; progress goes to standard error.
    """

    quiet: bool = False
    json: bool = False

    @property
    def progress(self) -> bool:
        """Whether progress is shown."""
        return not self.quiet

    @contextlib.contextmanager
    def work(self) -> Iterator[None]:
        """Keep what the work prints out of the result: off, or to standard error."""
        with contextlib.ExitStack() as stack:
            if self.quiet:
                stack.enter_context(contextlib.redirect_stdout(stack.enter_context(open(os.devnull, "w"))))
            elif self.json:
                stack.enter_context(contextlib.redirect_stdout(sys.stderr))
            yield

    def show(self, text: object, values: dict[str, Any]) -> None:
        """Print the result.

        Args:
            text: the result in words.
            values: the result as JSON values.

        Example:
            >>> Reporting(json=True).show("2 rows", {"rows": 2})
            {"rows": 2}
            >>> Reporting(quiet=True).show("2 rows", {"rows": 2})
        """
        if self.json:
            print(json.dumps(values, ensure_ascii=False, default=str))
        elif not self.quiet and str(text):
            print(text)


Output = Annotated[Reporting, Parameter(name="*", group="Output")]
PRINTED = Reporting()
