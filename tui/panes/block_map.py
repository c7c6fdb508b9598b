"""A map of a whole matrix: a coloured half of a character for each block of numbers, two rows of blocks a line."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from rich.segment import Segment
from rich.style import Style

from tui.numbers import value_style
from tui.shown import kind_of

if TYPE_CHECKING:
    from tui.protocol import BlockMap, Matrix

HEADING_WIDTH = 6
LEGEND_LINES = 2
HALF = "▀"
"""Its upper half has the text's colour, its lower half the background's."""
FAINT = 1e-3
"""The part of the largest number that stands for fainter ones in the legend."""
FEWEST_DIGITS, MOST_DIGITS = 0.0, 16.0


@dataclass(frozen=True)
class Drawing:
    """A map as lines of text."""

    blocks: BlockMap
    shown: str
    """An engine, or what is derived of several."""
    matrix: Matrix
    cell: tuple[int, int]
    """The one under the cursor."""
    dark: bool

    @property
    def at(self) -> tuple[int, int]:
        """The block under the cursor."""
        return self.cell[0] // self.blocks.height, self.cell[1] // self.blocks.width

    def heading(self) -> str:
        """Write the first and the last column, and the cursor's own above its block."""
        columns = self.blocks.values[self.shown].shape[1]
        line = list(f"{'0':<{columns}}")
        last = str(self.matrix.columns - 1)
        if columns > len(last) + 1:
            line[columns - len(last) : columns] = last
        mark = f"{self.cell[1]}▾" if self.at[1] >= len(str(self.cell[1])) else f"▾{self.cell[1]}"
        begin = self.at[1] - mark.index("▾")
        line = list("".join(line).ljust(begin + len(mark)))
        line[begin : begin + len(mark)] = mark
        return " " * HEADING_WIDTH + "".join(line)

    def line(self, y: int, heading: Style) -> list[Segment]:
        """Draw two rows of blocks behind the number of the first one's first row."""
        values = self.blocks.values[self.shown]
        upper, lower = 2 * y, 2 * y + 1
        if upper >= values.shape[0]:
            return []
        here = self.at[0] in (upper, lower)
        number = self.cell[0] if here else upper * self.blocks.height
        segments = [Segment(f"{'▸' if here else ' '}{number:>{HEADING_WIDTH - 2}} ", heading)]
        for column in range(values.shape[1]):
            above = self._colour(float(values[upper, column]))
            below = self._colour(float(values[lower, column])) if lower < values.shape[0] else None
            if (self.at[0], self.at[1]) in ((upper, column), (lower, column)):
                segments.append(Segment("▲" if self.at[0] == upper else "▼", _cursor(above, below, dark=self.dark)))
            else:
                segments.append(Segment(HALF, _pair(above, below)))
        return segments

    def legend(self, y: int, dim: Style) -> list[Segment]:
        """Say what a block is, then what the colours mean."""
        if y == 0:
            return [Segment(f"{'':{HEADING_WIDTH}}{self._every()} · ▲ ▼ the cell's · z numbers", dim)]
        if kind_of(self.shown) == "digits":
            scale = [(f"{each:g}", each) for each in (16.0, 12.0, 8.0, 4.0, 0.0)]
            text = "the fewest digits"
        elif kind_of(self.shown) == "share":
            scale = [(f"{each:g}", each) for each in (0.0, 0.25, 0.5, 0.75, 1.0)]
            text = "the largest share of what rounding can do; red from 1 on"
        else:
            from tui.pictures.bars import rounded  # noqa: PLC0415 - loads NumPy, which is there when a map is

            most = self.matrix.largest.get(self.shown, 0.0)
            scale = [(rounded(each, 2), each) for each in (-most, -most * FAINT, 0.0, most * FAINT, most)]
            text = "log scale"
        boxes = [
            part
            for label, value in scale
            for part in (Segment("█", _pair(self._colour(value), None)), Segment(f"{label} ", dim))
        ]
        line = [Segment(f"{'':{HEADING_WIDTH}}{text}: ", dim), *boxes]
        if kind_of(self.shown) not in ("digits", "share"):
            line += [Segment("█", _pair(self._colour(math.nan), None)), Segment("not finite", dim)]
        return line

    def _every(self) -> str:
        """Say what a block stands for."""
        height, width = self.blocks.height, self.blocks.width
        if height == width == 1:
            return "each number"
        block = f"block of {height} × {width}"
        return f"each {block}" if kind_of(self.shown) in ("digits", "share") else f"the largest of each {block}"

    def _colour(self, value: float) -> str:
        if kind_of(self.shown) == "digits":
            return _digits_colour(round(value, 1), self.dark)
        if kind_of(self.shown) == "share":
            return _digits_colour(round(MOST_DIGITS * (1 - min(value, 1.0)), 1), self.dark)
        style = value_style(value, self.matrix.largest.get(self.shown, 0.0), dark=self.dark)
        colour = style.bgcolor or style.color
        return colour.name if colour is not None else "default"


def block_at(blocks: BlockMap, row: int, column: int) -> tuple[int, int] | None:
    """Return the first cell of a block; None where the map has no such block."""
    rows, columns = next(iter(blocks.values.values())).shape
    if not (0 <= row < rows and 0 <= column < columns):
        return None
    return row * blocks.height, column * blocks.width


@cache
def _pair(above: str, below: str | None) -> Style:
    return Style(color=above, bgcolor=below)


@cache
def _cursor(above: str, below: str | None, *, dark: bool) -> Style:
    return Style(color="#ffffff" if dark else "#000000", bgcolor=below or above, bold=True)


@cache
def _digits_colour(digits: float, dark: bool) -> str:
    """From red, where no digit is shared, to a quiet grey, where all are."""
    share = min(max((digits - FEWEST_DIGITS) / (MOST_DIGITS - FEWEST_DIGITS), 0.0), 1.0)
    ends = ((255, 80, 80), (70, 80, 90)) if dark else ((200, 0, 0), (205, 212, 220))
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(*ends, strict=True))
    return f"rgb({red},{green},{blue})"
