"""Whether networks run as in training, carried in one place through a pass and all that it calls.

Every network and part of a model is called with `training=TRAINING.get()`. That is the mode of the pass, and
False outside one, also for layers whose own default is training, as that of Keras's random augmentation is.
"""

from __future__ import annotations

import contextlib
import contextvars
from collections.abc import Iterator

TRAINING: contextvars.ContextVar[bool] = contextvars.ContextVar("training", default=False)


@contextlib.contextmanager
def training_mode(training: bool) -> Iterator[None]:
    """Let networks run as in training, or as in inference, for the time of the context.

    Example:
        >>> with training_mode(True):
        ...     TRAINING.get()
        True
        >>> TRAINING.get()
        False
    """
    token = TRAINING.set(bool(training))
    try:
        yield
    finally:
        TRAINING.reset(token)
