"""Errors and warnings of `fit` as a user can act on them."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Iterator

import tensorflow as tf

from tfvae.core.dataset_checks import readable_error
from tfvae.core.tracing import without_retracing_hints


@contextlib.contextmanager
def readable_errors() -> Iterator[None]:
    """Turn a failed check inside a data set into the one line that it says."""
    try:
        yield
    except tf.errors.OpError as error:
        readable = readable_error(error)
        if readable is None:
            raise
        raise readable from None


@contextlib.contextmanager
def without_idle_warnings(exhaustible: bool) -> Iterator[None]:
    """Silence what no user can act on.

    A weight that a loss does not use, the end of a source that has one, the tracing of another model's steps.

    Args:
        exhaustible: whether all of a source of unknown length was asked for.
    """
    with warnings.catch_warnings(), without_retracing_hints():
        warnings.filterwarnings("ignore", "Gradients do not exist for variables", UserWarning)
        if exhaustible:
            warnings.filterwarnings("ignore", "Your input ran out of data", UserWarning)
        yield


def warn_of_float16() -> None:
    """Warn of weights in float16, in which an optimizer's small numbers are 0 and its steps NaN."""
    expected = "a policy with weights in float32, such as mixed_float16 or mixed_bfloat16"
    warnings.warn(f"dtype policy: weights in float16 train to NaN; use {expected}", stacklevel=3)
