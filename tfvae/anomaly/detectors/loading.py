"""Detectors from files."""

from __future__ import annotations

import os

from tfvae.anomaly.detectors import archive
from tfvae.anomaly.detectors.series_detector import SeriesDetector
from tfvae.anomaly.detectors.vae_detector import VAEDetector
from tfvae.core.errors import UnreadableFile

_KINDS = {"SeriesDetector": SeriesDetector, "VAEDetector": VAEDetector}


def load(path: str | os.PathLike) -> VAEDetector | SeriesDetector:
    """Read a detector that `save` wrote; it gives the same scores.

    They have the same bits on processors of one kind, with the same TensorFlow and setting of oneDNN.

    Args:
        path: the file.

    Raises:
        UnreadableFile: if there is no such file, or it is damaged or no detector; the message is one line.

    Example:
        >>> import tempfile, numpy, tfvae
        >>> x = numpy.random.default_rng(0).normal(size=(100, 3))
        >>> path = tempfile.mkdtemp() + "/x.detector"
        >>> tfvae.anomaly.VAEDetector(epochs=1).fit(x).save(path)
        >>> load(path).predict(x).shape
        (100,)
    """
    with archive.opened(path) as contents:
        if contents.kind not in _KINDS:
            expected = f"a detector, one of {', '.join(_KINDS)}"
            raise UnreadableFile(path, expected, f"it holds a {contents.kind!r}")
        return _KINDS[contents.kind].from_archive(contents)
