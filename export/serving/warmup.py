"""Warm-up requests, which a server answers once before a version takes its first real request."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import tensorflow as tf

from tfvae.core.types import Array
from tfvae.export.verification.check_messages import record

_FILE = "tf_serving_warmup_requests"  # TensorFlow Serving's name for it


def write_warmup(name: str, expected: Mapping[str, Array], folder: Path) -> None:
    """Write the stored inputs of every endpoint as requests: one example alone, and all of them.

    The file is a TFRecord of `tensorflow.serving.PredictionLog`.

    Args:
        name: name of the served model.
        expected: arrays by name, of which those named `endpoint/in/name` are used.
        folder: the version's `assets.extra`.
    """
    requests: dict[str, dict[str, Array]] = {}
    for key, value in expected.items():
        endpoint, side, tensor = key.split("/", 2)
        if side == "in":
            requests.setdefault(endpoint, {})[tensor] = value
    with tf.io.TFRecordWriter(str(folder / _FILE)) as file:
        for endpoint, inputs in requests.items():
            for rows in (slice(0, 1), slice(None)):
                file.write(record(name, endpoint, {key: value[rows] for key, value in inputs.items()}))
