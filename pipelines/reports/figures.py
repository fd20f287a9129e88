"""Figures that follow a page's light or dark colors, and pictures as grids of tiles.

Charts are SVG whose colors are CSS variables of the page. Matplotlib draws them with placeholder colors,
through its object interface, so that no state is shared between figures.
"""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import html
import io
import re

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image

# Placeholder colors, which `svg` replaces by the page's.
INK, MUTED, GRID, FIRST, SECOND, THIRD = (f"#0102{index:02x}" for index in range(1, 7))
_VARIABLES = {INK: "ink", MUTED: "muted", GRID: "grid", FIRST: "first", SECOND: "second", THIRD: "third"}

# Told apart on white and on black, next to each other in this order.
CLASSES = (
    "#4e79c4", "#e8862e", "#43a35a", "#d9534f", "#9a6fc4",
    "#a5765c", "#e07bb5", "#8b8f94", "#b5a72c", "#2fa9b8",
)  # fmt: skip

MINUS = "\N{MINUS SIGN}"

_SMALLEST_TILE, _LARGEST_TILE = 48, 64  # pixels; pictures are enlarged by an integer, or reduced


@dataclasses.dataclass(frozen=True)
class Panel:
    """One figure of a page.

    Attributes:
        markup: the SVG or img element.
        caption: what it shows.
        wide: whether it takes the whole width of the page.
    """

    markup: str
    caption: str
    wide: bool = False


def chart(width: float = 4.2, height: float = 3.0) -> tuple[Figure, Axes]:
    """Return an empty figure of a size in inches, and its axes, in placeholder colors."""
    figure = Figure(figsize=(width, height), layout="constrained")
    axes = figure.add_subplot()
    style(axes)
    return figure, axes


def style(axes: Axes) -> None:
    """Quiet axes: a light grid, no box, placeholder colors."""
    axes.set_facecolor("none")
    axes.set_axisbelow(True)
    axes.grid(True, color=GRID, linewidth=0.8)
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["bottom", "left"]].set_color(GRID)
    axes.tick_params(colors=MUTED, labelsize=9, length=0, pad=4)
    for label in (axes.xaxis.label, axes.yaxis.label, axes.title):
        label.set_color(MUTED)
        label.set_size(9.5)


def legend(axes: Axes, location: str = "best") -> None:
    """Name what the axes show, in the color of the text."""
    axes.legend(frameon=False, fontsize=9, labelcolor=INK, loc=location, handlelength=1.4)


def svg(figure: Figure, description: str) -> str:
    """Return a figure as an SVG element for the inside of an HTML page.

    Args:
        figure: drawn with this module's placeholder colors.
        description: what a reader who does not see it should know.
    """
    buffer = io.StringIO()
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": "tfvae"}):
        nothing = dict.fromkeys(("Creator", "Date", "Format", "Type"))
        figure.savefig(buffer, format="svg", transparent=True, metadata=nothing)
    drawing = buffer.getvalue()
    drawing = drawing[drawing.index("<svg") :]
    drawing = re.sub(r"<metadata>.*?</metadata>", "", drawing, flags=re.DOTALL)
    for placeholder, name in _VARIABLES.items():
        drawing = drawing.replace(placeholder, f"var(--{name})")
    drawing = _own_names(drawing.replace("xlink:href", "href"), description)
    size = re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', drawing)
    opening = (
        f'<svg viewBox="0 0 {size[1]} {size[2]}" role="img" aria-label="{html.escape(description)}" '
        f'style="max-width: {float(size[1]) * 1.5:.0f}px">'
    )
    return opening + drawing[drawing.index(">") + 1 :].strip()


def _own_names(drawing: str, description: str) -> str:
    """Matplotlib gives every figure the same ids; a page may have each of them once."""
    prefix = "f" + hashlib.sha256((description + drawing).encode()).hexdigest()[:8] + "-"
    drawing = re.sub(r'\bid="', f'id="{prefix}', drawing)
    return drawing.replace("url(#", f"url(#{prefix}").replace('href="#', f'href="#{prefix}')


def picture(images: np.ndarray, columns: int, description: str, block: int = 0) -> str:
    """Return images side by side as an img element with its PNG inside.

    Args:
        images: [n, height, width, channels], values in [0, 1]; others are cut off.
        columns: pictures in a row.
        description: what a reader who does not see it should know.
        block: after this many rows a wider gap; 0 for none.
    """
    grid = tiles(images, columns, block)
    buffer = io.BytesIO()
    grid.save(buffer, "PNG", optimize=True)
    data = base64.b64encode(buffer.getvalue()).decode()
    return (
        f'<img src="data:image/png;base64,{data}" width="{grid.width}" height="{grid.height}" '
        f'alt="{html.escape(description)}">'
    )


def tiles(images: np.ndarray, columns: int, block: int = 0, gap: int = 4) -> Image.Image:
    """Return images [n, height, width, channels] side by side, with transparent gaps.

    One channel is gray, three are red, green and blue; of any other number the mean is shown.

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


def _tile(pixels: np.ndarray) -> Image.Image:
    image = Image.fromarray(pixels)
    longest = max(image.size)
    if longest > _LARGEST_TILE:
        factor = _LARGEST_TILE / longest
        size = tuple(max(1, round(side * factor)) for side in image.size)
        return image.resize(size, Image.Resampling.LANCZOS)
    factor = max(1, -(-_SMALLEST_TILE // longest))
    return image.resize(tuple(side * factor for side in image.size), Image.Resampling.NEAREST)
