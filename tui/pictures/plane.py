"""The answer map as lines of text: coloured half blocks over two inputs, a curve over one; samples on top."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from rich.segment import Segment

from core.pictures.scales import share_of
from tui.pictures.axes import axis, labels_line, number_text
from tui.pictures.canvas import DOTS_ACROSS, DOTS_DOWN, Dots, Pixels, shade, style_of
from tui.pictures.colours import LEVELS, colour_of, scale

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray
    from rich.style import Style

    from core.arrays import FloatArray
    from tui.pictures.axes import Axis
    from tui.protocol import Plane

LABELS = 8
"""Columns of the labels at the left, the axis included."""
BOUNDARY, NOT_FINITE = LEVELS, LEVELS + 1
"""Levels beyond the scale."""
SIGNS = "○●△▲□■◇◆"
"""Of the classes; more than so many begin anew."""
WRONG, SAMPLE = "✗", "•"
GAP = "  "
LEAST_BOXES = 4


@dataclass(frozen=True)
class Wording:
    """The words of a legend."""

    longest: int
    """Of a class's name; what is longer is shortened."""
    wrong: str
    boundary: str = "boundary"
    broken: str = "inf or nan"


WORDINGS = (
    Wording(12, "misclassified"),
    *(Wording(longest, "wrong") for longest in (12, 8, 6, 5)),
    Wording(4, "wrong", broken="nan"),
    Wording(3, "wrong", broken="nan"),
    Wording(1, "wrong", "edge", "nan"),
)
"""From the longest to the shortest."""


def palette(*, few: bool = False) -> tuple[str, ...]:
    """Return the scale, then the colours of the boundary and of what is not finite."""
    return (*scale(few=few), "#ffffff", "#d70087" if few else "#be1e5a")


def levels_of(values: FloatArray, span: tuple[float, float]) -> NDArray[np.uint8]:
    """Return the level of each value between the least and the largest one; what is not finite has its own."""
    low, high = span
    with np.errstate(all="ignore"):
        share = share_of(values.astype(np.float64), low, high) if low < high else np.full(values.shape, 0.5)
        levels = np.clip(np.nan_to_num(share) * LEVELS, 0, LEVELS - 1).astype(np.uint8)
    levels[~np.isfinite(values)] = NOT_FINITE
    return levels


@dataclass(frozen=True)
class MapLook:
    """How a map is drawn."""

    few: bool = False
    """With the 256 colours of a terminal that has no more."""
    shaded: bool = False
    """With shades of grey, where there are too few colours for a scale."""
    samples: bool = True


class Map:
    """One unit over two inputs: `line(y)` gives its rows of half blocks."""

    def __init__(
        self, plane: Plane, unit: int, look: MapLook, signs: Mapping[tuple[int, int], str] | None = None
    ) -> None:
        """Draw it; `signs` are those of `signs_on`, where they are known already from another unit."""
        levels = levels_of(plane.values[unit], plane.span)
        if plane.boundary is not None:
            levels[plane.boundary] = BOUNDARY
        self._pixels = Pixels(levels, palette(few=look.few), shaded=look.shaded)
        if look.samples:
            known = signs_on(plane, self._pixels.rows, self._pixels.columns) if signs is None else signs
            for (row, column), sign in known.items():
                self._pixels.put(row, column, sign, contrast(int(levels[2 * row, column])))

    def line(self, y: int) -> list[Segment]:
        """Return a row of cells."""
        return self._pixels.line(y)


def signs_on(plane: Plane, rows: int, columns: int) -> dict[tuple[int, int], str]:
    """Return a sign for each cell with samples; one that is misclassified over those that aren't."""
    samples, extent = plane.samples, plane.extent
    at_column = extent.columns_of(samples.x[:, 0], columns).tolist()
    at_row = (extent.rows_of(samples.x[:, 1], 2 * rows) // 2).tolist()
    wrong = samples.wrong
    order = range(len(at_row)) if wrong is None else np.argsort(wrong, kind="stable").tolist()
    signs = {}
    for i in order:
        sign = SAMPLE if samples.classes is None else SIGNS[int(samples.classes[i]) % len(SIGNS)]
        signs[at_row[i], at_column[i]] = WRONG if wrong is not None and wrong[i] else sign
    return signs


def contrast(level: int) -> str:
    """Return black on what is light, white on what is dark."""
    return "#000000" if level > LEVELS // 2 and level != NOT_FINITE else "#ffffff"


class Line:
    """One unit over a single input, in braille, with the samples where they have the units' scale."""

    def __init__(self, plane: Plane, unit: int, columns: int, rows: int, *, dark: bool, targets: bool) -> None:
        self._canvas = Dots(columns, rows)
        height, width = self._canvas.height, self._canvas.width
        low, high = span_of(plane, targets=targets)
        self.values = axis(low, high, height)
        values = plane.values[unit, 0]
        seen = np.isfinite(values)
        dots = np.array([self.values.dot(float(each)) if ok else 0 for each, ok in zip(values, seen, strict=True)])
        top, bottom = dots.copy(), dots.copy()
        both = seen[1:] & seen[:-1]
        top[1:] = np.where(both, np.maximum(dots[1:], dots[:-1] - 1), dots[1:])
        bottom[1:] = np.where(both, np.minimum(dots[1:], dots[:-1] + 1), dots[1:])
        steps = self._canvas.spans(np.where(seen, height - 1 - top, 1), np.where(seen, height - 1 - bottom, 0))
        if targets:
            self._lay_samples(plane, colour_of(1, dark=dark))
        self._canvas.draw(steps[:, :width], style_of(colour_of(0, dark=dark)))

    def line(self, y: int) -> list[Segment]:
        """Return a row of cells."""
        return self._canvas.line(y)

    def _lay_samples(self, plane: Plane, colour: str) -> None:
        mask = np.zeros((self._canvas.height, self._canvas.width), np.bool_)
        columns = plane.extent.columns_of(plane.samples.x[:, 0], self._canvas.width)
        rows = [self._canvas.height - 1 - self.values.dot(float(each)) for each in plane.samples.y[:, 0]]
        mask[np.array(rows, np.intp), columns] = True
        self._canvas.draw(mask, style_of(colour))


def span_of(plane: Plane, *, targets: bool) -> tuple[float, float]:
    """Return the range of a curve's values, with that of the targets where they are drawn too."""
    low, high = plane.span
    if targets:
        low, high = min(low, float(plane.samples.y.min())), max(high, float(plane.samples.y.max()))
    return low, high


def dots_wanted(columns: int) -> int:
    """Return how many inputs a curve over so many columns needs."""
    return columns * DOTS_ACROSS


def scale_line(plane: Plane, name: str, width: int, dim: Style, look: MapLook) -> list[Segment]:
    """Return the legend of the colours, `width` wide where that is at all possible."""
    if not np.isfinite(plane.values).any():
        return [Segment(f"{name}: no finite number".ljust(width), dim)]
    low, high = _ends(plane)
    count = max(LEAST_BOXES, min(LEVELS, width - least_scale(plane, name) + LEAST_BOXES))
    steps = [round(i * (LEVELS - 1) / (count - 1)) for i in range(count)]
    colours = scale(few=look.few)
    boxes = [Segment(shade(each)) if look.shaded else Segment(" ", style_of(None, colours[each])) for each in steps]
    return [Segment(f"{name} {low} ", dim), *boxes, Segment(f" {high}", dim)]


def least_scale(plane: Plane, name: str) -> int:
    """Return how many columns the legend of the colours needs."""
    return len(name) + sum(map(len, _ends(plane))) + 3 + LEAST_BOXES


def _ends(plane: Plane) -> tuple[str, str]:
    return number_text(plane.span[0]), number_text(plane.span[1])


def signs_line(plane: Plane, width: int, dim: Style, look: MapLook) -> list[Segment]:
    """Return what each sign on the map means, in as many words as there is room for; nothing where there is no sign."""
    line = Segment("+") if look.shaded else Segment("╱╱", _on_scale(look))
    broken = Segment("?") if look.shaded else Segment("  ", _broken(look))
    whole = bool(np.isfinite(plane.values).all())
    for words in WORDINGS:
        parts = [[Segment(each, dim)] for each in _named_signs(plane, words)] if look.samples else []
        parts += [[line, Segment(f" {words.boundary}", dim)]] * (plane.boundary is not None)
        parts += [[broken, Segment(f" {words.broken}", dim)]] * (not whole)
        segments = [each for part in parts for each in (Segment(GAP), *part)]
        if sum(len(each.text) for each in segments) <= width:
            break
    return segments


def _named_signs(plane: Plane, words: Wording) -> list[str]:
    names = plane.class_names
    if names is None:
        return [f"{SAMPLE} sample"]
    longest = words.longest
    short = [name if len(name) <= longest else f"{name[: longest - 1]}…" for name in names]
    return [*(f"{SIGNS[i % len(SIGNS)]} {name}" for i, name in enumerate(short)), f"{WRONG} {words.wrong}"]


def _on_scale(look: MapLook) -> Style:
    """Return the boundary's colour on one that it is seen on in every theme."""
    return style_of(palette()[BOUNDARY], scale(few=look.few)[LEVELS // 3], bold=True)


def _broken(look: MapLook) -> Style:
    return style_of(None, palette(few=look.few)[NOT_FINITE])


def map_axis(plane: Plane, rows: int) -> Axis:
    """Return the axis at the left of a map of so many rows: that of the second input."""
    return axis(plane.extent.bottom, plane.extent.top, rows * DOTS_DOWN)


def row_labels(along: Axis, rows: int, name: str) -> list[str]:
    """Return what stands at the left of each row: round numbers along an axis; on top its name, if none is there."""
    ticks = along.ticks(max(2, rows // 4))
    marks = {rows - 1 - along.dot(each) // DOTS_DOWN: number_text(each) for each in ticks}
    names = {0: f"{name:>{LABELS - 1}}│"} | {y: f"{mark:>{LABELS - 1}}┤" for y, mark in marks.items()}
    return [names.get(y, f"{'':>{LABELS - 1}}│") for y in range(rows)]


def column_labels(plane: Plane, columns: int, name: str) -> str:
    """Return the labels below a map: the first input at round numbers."""
    along = axis(plane.extent.left, plane.extent.right, columns * DOTS_ACROSS)
    ticks = along.ticks(max(2, columns // 12))
    places = [(along.dot(each) // DOTS_ACROSS, number_text(each)) for each in ticks]
    return f"{name:>{LABELS - 1}} {labels_line(places, columns)}"
