"""Canvases: dots in braille, eight a cell; pixels in half blocks, two a cell. Lines of text come out.

What is drawn is a NumPy mask or a table of colours, so that a picture costs a few array operations; what comes out is
as many segments as there are changes of colour.
"""

from __future__ import annotations

import itertools
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from rich.segment import Segment
from rich.style import Style

from tui.pictures.colours import LEVELS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Mask = NDArray[np.bool_]

DOTS_ACROSS, DOTS_DOWN = 2, 4
"""Of a cell in braille."""
_BITS = np.array([[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]], np.uint8)
"""Unicode's bit of each dot of a braille pattern, by row and column."""
BRAILLE = 0x2800
HALF = "▀"
"""Its upper half has the text's colour, its lower half the background's."""
GRID = "┈"
SHADES = " ░▒▓█"
"""From the least to the most, where there are too few colours."""


def dots_of(sign: str) -> list[tuple[int, int]]:
    """Return the dots of a braille sign, by row and column."""
    bits = ord(sign) - BRAILLE
    return [
        (row, column) for row in range(DOTS_DOWN) for column in range(DOTS_ACROSS) if bits & int(_BITS[row, column])
    ]


class Dots:
    """A canvas of braille, `columns` × `rows` cells. Of what is drawn in a cell, the last gives it its colour."""

    def __init__(self, columns: int, rows: int) -> None:
        self.columns, self.rows = columns, rows
        self._bits = np.zeros((rows, columns), np.uint8)
        self._styles = np.zeros((rows, columns), np.uint8)
        self._known: list[Style] = [Style.null()]

    @property
    def width(self) -> int:
        """Dots across."""
        return self.columns * DOTS_ACROSS

    @property
    def height(self) -> int:
        """Dots down."""
        return self.rows * DOTS_DOWN

    def draw(self, mask: Mask, style: Style) -> None:
        """Set the dots of a mask, shape (height, width), row 0 on top."""
        cells = mask.reshape(self.rows, DOTS_DOWN, self.columns, DOTS_ACROSS)
        bits = np.einsum("ridj,ij->rd", cells, _BITS, dtype=np.uint8, casting="unsafe")
        self._bits |= bits
        self._styles[bits > 0] = len(self._known)
        self._known.append(style)

    def spans(self, top: NDArray[np.intp], bottom: NDArray[np.intp]) -> Mask:
        """Return the mask of an upright line in each dot column, rows `top` to `bottom`; none where top > bottom."""
        rows = np.arange(self.height)[:, np.newaxis]
        mask: Mask = (rows >= top) & (rows <= bottom)
        return mask

    def line(
        self, y: int, marked: int | None = None, mark: Style | None = None, grid: Style | None = None
    ) -> list[Segment]:
        """Return a row of cells.

        An upright line runs through column `marked`, seen where there are no dots too; where `grid` is given, a level
        one runs through the row where there are none.
        """
        bits, styles = self._bits[y], self._styles[y]
        text = (bits.astype("<u4") + BRAILLE).tobytes().decode("utf-32-le").replace(chr(BRAILLE), GRID if grid else " ")
        known = [grid, *self._known[1:]] if grid else self._known
        segments = _runs(text, styles, known)
        if marked is None or mark is None or not 0 <= marked < self.columns:
            return segments
        here = text[marked] if bits[marked] else "│"
        before, after = _runs(text[:marked], styles[:marked], known), slice(marked + 1, None)
        return [*before, Segment(here, mark), *_runs(text[after], styles[after], known)]


def _runs(text: str, styles: NDArray[np.uint8], known: Sequence[Style]) -> list[Segment]:
    """Part a text where its style changes."""
    if not text:
        return []
    starts = [0, *(np.flatnonzero(styles[1:] != styles[:-1]) + 1).tolist(), len(text)]
    return [Segment(text[begin:end], known[styles[begin]]) for begin, end in itertools.pairwise(starts)]


class Pixels:
    """A canvas of half blocks: `levels` of a colour scale, shape (2·rows, columns), row 0 on top."""

    def __init__(self, levels: NDArray[np.uint8], colours: Sequence[str], *, shaded: bool = False) -> None:
        self.rows, self.columns = len(levels) // 2, levels.shape[1]
        self._levels = levels
        self._colours = tuple(colours)
        self._shaded = shaded
        """Whether shades of grey stand for colours, of which the terminal has too few."""
        self._glyphs: dict[int, dict[int, tuple[str, str]]] = {}
        """Signs and their colours, by row and column."""

    def put(self, row: int, column: int, glyph: str, colour: str) -> None:
        """Write a sign into a cell, over what is there."""
        self._glyphs.setdefault(row, {})[column] = glyph, colour

    def line(self, y: int) -> list[Segment]:
        """Return a row of cells."""
        upper, lower = self._levels[2 * y], self._levels[2 * y + 1]
        pairs = upper.astype(np.intp) * 256 + lower
        glyphs = self._glyphs.get(y, {})
        cuts = {0, self.columns, *(np.flatnonzero(pairs[1:] != pairs[:-1]) + 1).tolist()}
        cuts |= {each for column in glyphs for each in (column, column + 1)}
        starts = sorted(cuts)
        segments = []
        for begin, end in itertools.pairwise(starts):
            above, below = divmod(int(pairs[begin]), 256)
            if begin in glyphs:
                segments.append(self._sign(*glyphs[begin], above))
            else:
                segments.append(self._block(above, below, end - begin))
        return segments

    def _sign(self, glyph: str, colour: str, level: int) -> Segment:
        return Segment(glyph, None if self._shaded else style_of(colour, self._colours[level], bold=True))

    def _block(self, above: int, below: int, width: int) -> Segment:
        if self._shaded:
            beyond = max(above, below) >= LEVELS
            return Segment(shade(max(above, below) if beyond else (above + below) / 2) * width)
        if above == below:
            return Segment(" " * width, style_of(None, self._colours[above]))
        return Segment(HALF * width, style_of(self._colours[above], self._colours[below]))


def shade(level: float) -> str:
    """Return the sign that is as dense as a level is high; beyond the scale are a boundary and what is not finite."""
    if level >= LEVELS:
        return "+" if level == LEVELS else "?"
    return SHADES[int(level * len(SHADES) / LEVELS)]


@cache
def style_of(colour: str | None, ground: str | None = None, *, bold: bool | None = None) -> Style:
    """Return the Style of a colour on another one: each is made once, which takes longer than a cell's drawing."""
    return Style(color=colour, bgcolor=ground, bold=bold)
