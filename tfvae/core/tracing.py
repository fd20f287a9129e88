"""TensorFlow's hints on tracing, which a user of a model cannot act on."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator

import tensorflow as tf


@contextlib.contextmanager
def without_retracing_hints() -> Iterator[None]:
    """Silence "5 out of the last 5 calls triggered tf.function retracing", in a loop over models for example.

    TensorFlow counts the tracings of a function in all objects together, and takes the first call of each of
    several models for a function that is traced again and again.

    Example:
        >>> with without_retracing_hints():
        ...     tf.get_logger().warning("5 calls triggered tf.function retracing")
    """
    logger, hints = tf.get_logger(), _Hints()
    logger.addFilter(hints)
    try:
        yield
    finally:
        logger.removeFilter(hints)


class _Hints(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        """Drop a hint, and keep anything else."""
        return "triggered tf.function retracing" not in record.getMessage()
