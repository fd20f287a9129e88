"""Images as a grid of tiles."""

from __future__ import annotations

import base64
import html
import io
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from tfvae.core.types import Array


_SMALLEST_TILE, _LARGEST_TILE = 48, 64  # pixels; images are enlarged by an integer, or reduced


def image_grid(images: Array, columns: int, description: str, block: int = 0) -> str:
    """Return images as a grid in an img element that holds its PNG.

    Args:
        images: [n, height, width, channels], values in [0, 1]; others are clipped.
        columns: images in a row.
        description: text for readers who do not see the images.
        block: a wider gap follows after this many rows; 0 for none.
    """
    grid = tiles(images, columns, block)
    buffer = io.BytesIO()
    grid.save(buffer, "PNG", optimize=True)
    data = base64.b64encode(buffer.getvalue()).decode()
    return (
        f'<img src="data:image/png;base64,{data}" width="{grid.width}" height="{grid.height}" '
        f'alt="{html.escape(description)}">'
    )


def tiles(images: Array, columns: int, block: int = 0, gap: int = 4) -> Image.Image:
    """Return images as a grid with transparent gaps.

    One channel is gray, three are red, green and blue; of any other number the mean is shown.

    Args:
        images: [n, height, width, channels], values in [0, 1]; others are clipped.
        columns: images in a row.
        block: a wider gap follows after this many rows; 0 for none.
        gap: pixels between two images.

    Example:
        >>> tiles(np.zeros((6, 8, 8, 1)), columns=3).size
        (152, 100)
    """
    if images.shape[-1] != 3:
        images = np.repeat(images.mean(-1, keepdims=True), 3, axis=-1)
    pixels = np.round(255 * np.nan_to_num(images).clip(0, 1)).astype(np.uint8)
    resized = [_tile(image) for image in pixels]
    width, height = resized[0].size
    rows = -(-len(resized) // columns)
    extra = [row // block * 2 * gap if block else 0 for row in range(rows)]
    size = (columns * (width + gap) - gap, rows * (height + gap) - gap + extra[-1])
    grid = Image.new("RGBA", size, (0, 0, 0, 0))
    for index, tile in enumerate(resized):
        row, column = divmod(index, columns)
        grid.paste(tile, (column * (width + gap), row * (height + gap) + extra[row]))
    return grid


def _tile(pixels: Array) -> Image.Image:
    image = Image.fromarray(pixels)
    width, height = image.size
    longest = max(width, height)
    if longest > _LARGEST_TILE:
        factor = _LARGEST_TILE / longest
        size = (max(1, round(width * factor)), max(1, round(height * factor)))
        return image.resize(size, Image.Resampling.LANCZOS)
    factor = max(1, -(-_SMALLEST_TILE // longest))
    return image.resize((width * factor, height * factor), Image.Resampling.NEAREST)
