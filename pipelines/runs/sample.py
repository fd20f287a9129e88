"""Draws from a trained model: a picture of them, or an array."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
from PIL import Image

from tfvae.core.files import replacing
from tfvae.core.types import Array
from tfvae.pipelines.runs.run import Run

_GAP = 1  # pixels between two pictures
_SHORTEST_SIDE = 96  # smaller pictures are enlarged by an integer


def sample(run: Run, number: int, seed: int, output: Path, label: int | None = None) -> Path:
    """Write the means E[x|z] for `number` draws z ~ p(z), in the units of the data.

    Args:
        run: a finished run.
        number: number of draws.
        seed: seed of the random numbers.
        output: a `.npy` file for an array [number, *shape], or a `.png` file for images side by side.
        label: the class of all draws, for a model with classes; None means all classes in turn, with a column
            for each in a picture.

    Returns:
        The path written.
    """
    x = run.model().sample(number, seed=seed, given=run.class_inputs(number, label))
    layer = run.preprocessing()
    if layer is not None:
        x = np.asarray(layer.inverse(x))
    with replacing(output) as temporary:
        if output.suffix == ".npy":
            np.save(temporary, x)
        else:
            picture(x, run.classes if label is None else None).save(temporary)
    return output


def picture(x: Array, columns: int | None = None) -> Image.Image:
    """Arrange images as a grid, row by row.

    One channel is shown as gray, three as RGB; of any other number the mean is shown.

    Args:
        x: images [n, height, width, channels] with values in [0, 1].
        columns: columns of the grid; None means about as many as rows.

    Example:
        >>> picture(np.zeros((5, 28, 28, 1))).size
        (254, 169)
    """
    scale = max(1, _SHORTEST_SIDE // min(x.shape[1:3]))
    x = x.repeat(scale, axis=1).repeat(scale, axis=2)
    number, height, width, channels = x.shape
    if channels != 3:
        x = x.mean(axis=-1, keepdims=True).repeat(3, axis=-1)
    columns = math.ceil(math.sqrt(number)) if columns is None else min(columns, number)
    rows = math.ceil(number / columns)
    grid = np.ones((rows * (height + _GAP) - _GAP, columns * (width + _GAP) - _GAP, 3))
    for index, image in enumerate(x):
        top, left = index // columns * (height + _GAP), index % columns * (width + _GAP)
        grid[top : top + height, left : left + width] = image
    return Image.fromarray(np.round(255 * grid.clip(0, 1)).astype(np.uint8))
