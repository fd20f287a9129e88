"""Charts that follow the page's light or dark colors.

Charts are SVG whose colors are CSS variables of the page. Matplotlib draws them with placeholder colors,
through its object interface, so that figures share no state.
"""

from __future__ import annotations

import dataclasses
import hashlib
import html
import io
import re
import warnings
from typing import Literal

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

# Placeholder colors, which `svg` replaces by the page's.
INK, MUTED, GRID, FIRST, SECOND, THIRD = (f"#0102{index:02x}" for index in range(1, 7))
_VARIABLES = {INK: "ink", MUTED: "muted", GRID: "grid", FIRST: "first", SECOND: "second", THIRD: "third"}

# Distinguishable on white and on black, next to each other in this order.
CLASS_COLORS = (
    "#4e79c4", "#e8862e", "#43a35a", "#d9534f", "#9a6fc4",
    "#a5765c", "#e07bb5", "#8b8f94", "#b5a72c", "#2fa9b8",
)  # fmt: skip

MINUS = "\N{MINUS SIGN}"

Location = Literal["best", "upper right", "lower right", "center left"]


@dataclasses.dataclass(frozen=True)
class Panel:
    """A figure of a page.

    Attributes:
        markup: the SVG or img element.
        caption: what the figure shows.
        wide: whether it takes the whole width of the page.
    """

    markup: str
    caption: str
    wide: bool = False


def chart(width: float = 4.2, height: float = 3.0) -> tuple[Figure, Axes]:
    """Return an empty figure and its axes, in placeholder colors.

    Args:
        width: in inches.
        height: in inches.
    """
    figure = Figure(figsize=(width, height), layout="constrained")
    axes = figure.add_subplot()
    axes.set_facecolor("none")
    axes.set_axisbelow(True)
    axes.grid(True, color=GRID, linewidth=0.8)
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["bottom", "left"]].set_color(GRID)
    axes.tick_params(colors=MUTED, labelsize=9, length=0, pad=4)
    for label in (axes.xaxis.label, axes.yaxis.label, axes.title):
        label.set_color(MUTED)
        label.set_fontsize(9.5)
    return figure, axes


def legend(axes: Axes, location: Location = "best", anchor: tuple[float, float] | None = None) -> None:
    """Add a legend in the color of the text.

    Args:
        axes: the axes.
        location: where in the axes; "best" is where it hides least.
        anchor: point, relative to the axes, at which `location` lies instead.
    """
    axes.legend(
        frameon=False, fontsize=9, labelcolor=INK, loc=location, handlelength=1.4, bbox_to_anchor=anchor
    )


def literal(text: str) -> str:
    r"""Return a label that Matplotlib draws as it is, also with dollar signs, which begin formulas.

    Args:
        text: such as the name of a category.

    Example:
        >>> literal("$5 to $10")
        '\\$5 to \\$10'
    """
    return text.replace("$", r"\$")


def svg(figure: Figure, description: str) -> str:
    """Return a figure as an SVG element for an HTML page.

    Args:
        figure: drawn with the placeholder colors.
        description: text for readers who do not see the figure.
    """
    buffer = io.StringIO()
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": "tfvae"}):
        nothing = dict.fromkeys(("Creator", "Date", "Format", "Type"))
        with warnings.catch_warnings():
            # The page's fonts draw the texts; Matplotlib's own, which lacks many characters, only measures.
            warnings.filterwarnings("ignore", "Glyph .* missing from")
            figure.savefig(buffer, format="svg", transparent=True, metadata=nothing)
    drawing = buffer.getvalue()
    drawing = drawing[drawing.index("<svg") :]
    drawing = re.sub(r"<metadata>.*?</metadata>", "", drawing, flags=re.DOTALL)
    for placeholder, name in _VARIABLES.items():
        drawing = drawing.replace(placeholder, f"var(--{name})")
    drawing = _with_unique_ids(drawing.replace("xlink:href", "href"), description)
    width, height = re.findall(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', drawing)[0]
    opening = (
        f'<svg viewBox="0 0 {width} {height}" role="img" aria-label="{html.escape(description)}" '
        f'style="max-width: {float(width) * 1.5:.0f}px">'
    )
    return opening + drawing[drawing.index(">") + 1 :].strip()


def _with_unique_ids(drawing: str, description: str) -> str:
    """Matplotlib gives every figure the same ids; in a page each may occur once."""
    prefix = "f" + hashlib.sha256((description + drawing).encode()).hexdigest()[:8] + "-"
    drawing = re.sub(r'\bid="', f'id="{prefix}', drawing)
    return drawing.replace("url(#", f"url(#{prefix}").replace('href="#', f'href="#{prefix}')
