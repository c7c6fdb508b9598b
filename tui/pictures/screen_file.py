"""The whole screen as a picture: a PNG of its cells, each with its signs and colours.

Blocks and braille are drawn as shapes, so that they meet; the rest is written in DejaVu Sans Mono, which comes with
Matplotlib. Nothing of that is imported before it is asked for.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING

from core.pictures.figures import require_matplotlib
from tui.pictures.canvas import BRAILLE, dots_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PIL.ImageDraw import ImageDraw as Pen
    from PIL.ImageFont import FreeTypeFont
    from rich.color import Color
    from rich.style import Style
    from textual.strip import Strip

CELL = (12, 24)
"""Pixels of a cell, across and down."""
EIGHTHS = "▁▂▃▄▅▆▇█"
DOT = 1.6
"""Pixels from the middle of a dot to its edge."""
Colour = tuple[int, int, int]


def png_of(lines: Sequence[Strip], ground: Colour, ink: Colour) -> bytes:
    """Return the lines of a screen as a PNG; `ground` and `ink` where a cell says nothing of its colours.

    Raises:
        FileError: Matplotlib is not installed.
    """
    require_matplotlib()
    from PIL import Image, ImageDraw  # noqa: PLC0415 - it comes with Matplotlib, which takes a while

    width = max((line.cell_length for line in lines), default=1)
    image = Image.new("RGB", (width * CELL[0], len(lines) * CELL[1]), ground)
    pen, fonts = ImageDraw.Draw(image), _fonts()
    for y, line in enumerate(lines):
        x = 0
        for segment in line:
            above, below = _colours(segment.style, ground, ink)
            bold = bool(segment.style and segment.style.bold)
            right, bottom = (x + segment.cell_length) * CELL[0] - 1, (y + 1) * CELL[1] - 1
            pen.rectangle((x * CELL[0], y * CELL[1], right, bottom), below)
            for sign in segment.text:
                _draw(pen, sign, (x * CELL[0], y * CELL[1]), above, fonts[bold])
                x += 1
    content = io.BytesIO()
    image.save(content, "PNG")
    return content.getvalue()


def _fonts() -> tuple[FreeTypeFont, FreeTypeFont]:
    import matplotlib as mpl  # noqa: PLC0415
    from PIL import ImageFont  # noqa: PLC0415

    folder = Path(mpl.get_data_path()) / "fonts" / "ttf"
    plain, bold = (folder / name for name in ("DejaVuSansMono.ttf", "DejaVuSansMono-Bold.ttf"))
    return ImageFont.truetype(str(plain), 20), ImageFont.truetype(str(bold), 20)


def _colours(style: Style | None, ground: Colour, ink: Colour) -> tuple[Colour, Colour]:
    """Return the colours of a cell's sign and of what is behind it."""
    if style is None:
        return ink, ground
    above = _rgb(style.color, ink)
    below = _rgb(style.bgcolor, ground)
    if style.reverse:
        above, below = below, above
    if style.dim:
        above = (above[0] + below[0]) // 2, (above[1] + below[1]) // 2, (above[2] + below[2]) // 2
    return above, below


def _rgb(colour: Color | None, otherwise: Colour) -> Colour:
    if colour is None or colour.is_default:
        return otherwise
    red, green, blue = colour.get_truecolor()
    return red, green, blue


def _draw(pen: Pen, sign: str, at: tuple[int, int], colour: Colour, font: FreeTypeFont) -> None:
    """Draw a cell's sign; its upper left corner is `at`."""
    x, y = at
    right, bottom = x + CELL[0] - 1, y + CELL[1] - 1
    if sign == "▀":
        pen.rectangle((x, y, right, y + CELL[1] // 2 - 1), colour)
    elif sign in EIGHTHS:
        pen.rectangle((x, bottom + 1 - CELL[1] * (EIGHTHS.index(sign) + 1) // 8, right, bottom), colour)
    elif BRAILLE <= ord(sign) < BRAILLE + 256:
        for row, column in dots_of(sign):
            across, down = x + (column + 0.5) * CELL[0] / 2, y + (row + 0.5) * CELL[1] / 4
            pen.ellipse((across - DOT, down - DOT, across + DOT, down + DOT), colour)
    elif sign.strip():
        pen.text((x, y), sign, colour, font)
