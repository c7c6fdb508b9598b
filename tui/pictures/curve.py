"""The loss curve as lines of text: panels over one axis of epochs, of which each column keeps its extremes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from rich.segment import Segment

from core.metrics import ACCURACY, HELD_OUT_ACCURACY, HELD_OUT_LOSS
from core.pictures.extremes import column_edges
from core.pictures.scales import accuracy_floor, share_of
from tui.pictures.axes import Axis, axis, count_label, labels_line, number_text
from tui.pictures.canvas import DOTS_ACROSS, DOTS_DOWN, Dots, style_of
from tui.pictures.colours import colour_of

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from rich.style import Style

    from core.arrays import Float64Array
    from core.pictures.extremes import Columns
    from tui.history import LossHistory
    from tui.pictures.canvas import Mask

    Stroke = Literal["solid", "dashed", "dotted"]

LABELS = 9
"""Columns of the labels at the left, and of the axis beside them."""
FLAT = 12
"""Rows of a panel that has as many labels as there is room for."""
DASH = 3
"""Cells of a dash: where two curves are one, the second one's dashes lie on the first."""
ACCURACY_ROWS, ROOMY = 5, 15
"""The least rows of the panel of accuracies, and from how many rows of a picture on there is one."""
ACCURACY_PART = 5
"""The panel of accuracies has at least one part in so many of a picture."""
BROKEN, NOT_POSITIVE = "✕", "▾"
"""Marks on the axis below an epoch whose value is inf or nan, and on a logarithmic one, whose value is 0 or less."""
SAMPLES = {"solid": "━━━", "dashed": "╺╸╺", "dotted": "···"}


@dataclass(frozen=True)
class Look:
    """How a curve is looked at."""

    first: int
    last: int
    """Epochs, both seen."""
    log: bool
    dark: bool
    columns: int
    """Of the whole picture, its labels included."""
    rows: int
    grid: Style | None = None
    """Of the lines that go on from the labels; None for no lines."""


@dataclass(frozen=True)
class Series:
    """One curve: its name in the history, and how it is drawn."""

    name: str
    stroke: Stroke
    place: int
    """Its engine's, among the engines."""


def losses_of(engines: tuple[str, ...], metrics: tuple[str, ...]) -> list[Series]:
    """Return the curves of losses: of each engine, and of what is held out."""
    return _series("", HELD_OUT_LOSS, engines, metrics)


def accuracies_of(engines: tuple[str, ...], metrics: tuple[str, ...]) -> list[Series]:
    """Return the curves of accuracies, if there are any."""
    return _series(ACCURACY, HELD_OUT_ACCURACY, engines, metrics) if ACCURACY in metrics else []


def _series(trained: str, held_out: str, engines: tuple[str, ...], metrics: tuple[str, ...]) -> list[Series]:
    strokes: tuple[Stroke, Stroke] = ("solid", "dashed")
    found = [Series(f"{trained} {name}".strip(), strokes[min(place, 1)], place) for place, name in enumerate(engines)]
    if held_out in metrics:
        found += [Series(f"{held_out} {name}", "dotted", place) for place, name in enumerate(engines)]
    return found


class Curve:
    """The picture: `line(y)` gives its rows, `epoch_at` and `column_of` go from columns to epochs and back."""

    def __init__(
        self,
        history: LossHistory,
        engines: tuple[str, ...],
        metrics: tuple[str, ...],
        look: Look,
        dim: Style,
    ) -> None:
        self.look = look
        self._dim = dim
        self._engines = len(engines)
        self._losses, accuracies = losses_of(engines, metrics), accuracies_of(engines, metrics)
        self._width = max(1, look.columns - LABELS - 1)
        self._edges = column_edges(look.first - 1, look.last, self._width * DOTS_ACROSS)
        self._epochs = axis(float(look.first), float(look.last), self._width * DOTS_ACROSS)
        room = look.rows - 3  # the legend, the axis and its labels
        below = max(ACCURACY_ROWS, look.rows // ACCURACY_PART) if accuracies and look.rows >= ROOMY else 0
        self._upper = self._panel(history, self._losses, room - below - bool(below), log=look.log)
        self._lower = self._panel(history, accuracies, below) if below else None

    def line(self, y: int, epoch: int, cursor: Style) -> list[Segment]:
        """Return a row: the legend, the losses, the accuracies where there are any, the axis, its labels."""
        upper, lower = self._upper, self._lower
        if y == 0:
            return self._legend()
        marked = self.column_of(epoch)
        if y <= upper.rows:
            return upper.line(y - 1, (self._dim, self.look.grid), marked, cursor)
        if lower is not None and y == upper.rows + 1:
            return self._rule(upper, f"{'accuracy':>{LABELS}}├", marked, (cursor, "┼"))
        if lower is not None and y < upper.rows + 2 + lower.rows:
            return lower.line(y - upper.rows - 2, (self._dim, self.look.grid), marked, cursor)
        if y == self.look.rows - 2:
            return self._rule(lower or upper, f"{'':>{LABELS}}└", marked, (cursor, "▲"))
        return [Segment(self._epoch_labels(), self._dim)] if y == self.look.rows - 1 else []

    def epoch_at(self, column: int) -> int | None:
        """Return the epoch in the middle of a column of the picture; None where that is no column of the plot."""
        at = column - LABELS - 1
        if not 0 <= at < self._width:
            return None
        if self._packed:
            begin, end = (int(self._edges[at * DOTS_ACROSS + i]) for i in (0, DOTS_ACROSS))
            return min(max((begin + end + 1) // 2, self.look.first), self.look.last)
        nearest = round(self._epochs.value(at * DOTS_ACROSS + 0.5))
        return min(max(nearest, self.look.first), self.look.last)

    def column_of(self, epoch: int) -> int | None:
        """Return the column of the plot, from its left end, that an epoch is drawn in; None where it isn't seen."""
        if not self.look.first <= epoch <= self.look.last:
            return None
        if self._packed:
            return int(np.searchsorted(self._edges, epoch - 1, "right") - 1) // DOTS_ACROSS
        return self._epochs.dot(epoch) // DOTS_ACROSS

    @property
    def epochs_a_column(self) -> int:
        """How many epochs share a column."""
        return max(1, (self.look.last - self.look.first + 1) // self._width)

    @property
    def _packed(self) -> bool:
        """Whether each column of dots has an epoch of its own, or several; else epochs lie apart."""
        return len(self._edges) - 1 == self._width * DOTS_ACROSS

    def _panel(self, history: LossHistory, series: list[Series], rows: int, *, log: bool | None = None) -> Panel:
        """Draw series; `log` is None for accuracies, whose axis ends at 1."""
        columns = [(each, history.columns(each.name, self._edges)) for each in series]
        low, high = _span([each for _, each in columns], log=bool(log))
        if log is None:
            low, high, log = accuracy_floor(low), 1.0, False
        panel = Panel(axis(low, high, max(1, rows) * DOTS_DOWN, log=log), self._width)
        places = None if self._packed else _dots(self._epochs, self._edges[:-1].astype(np.float64) + 1)
        for each, known in sorted(columns, key=lambda each: each[0].stroke != "dotted"):
            pattern = _pattern(each.stroke, each.place, self._engines, self._width * DOTS_ACROSS)
            panel.draw(known, places, pattern, style_of(colour_of(each.place, dark=self.look.dark)))
        return panel

    def _legend(self) -> list[Segment]:
        segments = [Segment(f"{'log loss' if self.look.log else 'loss':>{LABELS}} ", self._dim)]
        held_out = [each for each in self._losses if each.stroke == "dotted"]
        for each in self._losses:
            if each in held_out:
                continue
            style = style_of(colour_of(each.place, dark=self.look.dark))
            segments += [Segment(f"{SAMPLES[each.stroke]} ", style), Segment(f"{each.name}  ", self._dim)]
        segments.append(Segment(f"{SAMPLES['dotted']} held-out  " if held_out else "", self._dim))
        marks = [f"{BROKEN} inf or nan  "] * bool(self._upper.broken.any())
        marks += [f"{NOT_POSITIVE} 0 or less  "] * bool(self._upper.not_positive.any())
        return [*segments, Segment("".join(marks))]

    def _rule(self, panel: Panel, label: str, marked: int | None, cursor: tuple[Style, str]) -> list[Segment]:
        """Draw the line below a panel, with the marks of what can't be drawn in it."""
        text = ["─"] * self._width
        for column in np.flatnonzero(panel.not_positive):
            text[column] = NOT_POSITIVE
        for column in np.flatnonzero(panel.broken):
            text[column] = BROKEN
        if marked is None:
            return [Segment(label + "".join(text), self._dim)]
        if text[marked] == "─":
            text[marked] = cursor[1]
        before, after = "".join(text[:marked]), "".join(text[marked + 1 :])
        return [Segment(label + before, self._dim), Segment(text[marked], cursor[0]), Segment(after, self._dim)]

    def _epoch_labels(self) -> str:
        ticks = dict.fromkeys(round(each) for each in self._epochs.ticks(max(2, self._width // 12)))
        places = [(self.column_of(each), count_label(each)) for each in ticks]
        known = [(column, text) for column, text in places if column is not None]
        return f"{'epoch':>{LABELS}} {labels_line(known, self._width)}"


class Panel:
    """A plot with an axis at its left."""

    def __init__(self, values: Axis, width: int) -> None:
        self.rows = values.dots // DOTS_DOWN
        self._values = values
        self._canvas = Dots(width, self.rows)
        self.broken = np.zeros(width, np.bool_)
        """Columns with an inf or a nan in them."""
        self.not_positive = np.zeros(width, np.bool_)
        """Columns with something that a logarithmic axis can't show."""
        self._labels = {self.rows - 1 - values.dot(each) // DOTS_DOWN: each for each in values.ticks(self._most)}

    def draw(self, columns: Columns, places: NDArray[np.intp] | None, pattern: Mask, style: Style) -> None:
        """Draw a series in those dot columns that its pattern has.

        `places` are the dot columns of single epochs that lie apart; None where each has one.
        """
        least = columns.least_positive if self._values.log else columns.least
        filled = columns.filled & (least <= columns.largest)
        low, high = (_dots(self._values, np.where(filled, each, self._values.low)) for each in (least, columns.largest))
        not_positive = columns.filled & (columns.least <= 0) & self._values.log
        where = np.arange(len(filled)) if places is None else places
        for marks, found in ((self.broken, columns.broken), (self.not_positive, not_positive)):
            marks[where[found] // DOTS_ACROSS] = True
        if places is None:
            top, bottom = _joined(low, high, filled)
        else:
            top, bottom = _lines(places, high, filled, self._canvas.width)
        last = self._canvas.height - 1
        top, bottom = _gathered(top, bottom, pattern)
        self._canvas.draw(self._canvas.spans(last - top, last - bottom) & pattern, style)

    def line(self, y: int, styles: tuple[Style, Style | None], marked: int | None, cursor: Style) -> list[Segment]:
        """Return a row, behind its label; the styles are of the label and of the line that goes on from it."""
        value, (dim, grid) = self._labels.get(y), styles
        if value is None:
            return [Segment(f"{'':>{LABELS}}│", dim), *self._canvas.line(y, marked, cursor)]
        return [Segment(f"{number_text(value):>{LABELS}}┤", dim), *self._canvas.line(y, marked, cursor, grid)]

    @property
    def _most(self) -> int:
        """How many labels there is room for."""
        return max(2, self.rows // (3 if self.rows > FLAT else 2))


def _span(columns: list[Columns], *, log: bool) -> tuple[float, float]:
    """Return the least and the largest number to be drawn."""
    least = [float(each.least_positive.min() if log else each.least.min()) for each in columns]
    largest = [float(each.largest.max()) for each in columns]
    low, high = min(least, default=0.0), max(largest, default=0.0)
    if not low <= high or (log and not np.isfinite(low)):
        return (0.1, 1.0) if log else (0.0, 1.0)
    return low, high


def _dots(along: Axis, values: Float64Array) -> NDArray[np.intp]:
    """Return the dots of values; what is outside of the range is held at its ends."""
    values = np.clip(values, along.low, along.high)
    if along.log:
        share = (np.log10(values) - np.log10(along.low)) / (np.log10(along.high) - np.log10(along.low))
    else:
        share = share_of(values, along.low, along.high)
    dots: NDArray[np.intp] = np.rint(share * (along.dots - 1)).astype(np.intp)
    return dots


def _joined(low: NDArray[np.intp], high: NDArray[np.intp], filled: Mask) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return the highest and the lowest dot of each column, which reaches to the column before it."""
    top, bottom = high.copy(), low.copy()
    both = filled[1:] & filled[:-1]
    bottom[1:] = np.where(both, np.minimum(bottom[1:], high[:-1] + 1), bottom[1:])
    top[1:] = np.where(both, np.maximum(top[1:], low[:-1] - 1), top[1:])
    return np.where(filled, top, -1), np.where(filled, bottom, 0)


def _lines(
    places: NDArray[np.intp], values: NDArray[np.intp], filled: Mask, width: int
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return the highest and the lowest dot of each column, for lines between points that lie apart."""
    top, bottom = np.full(width, -1), np.zeros(width, np.intp)
    top[places[filled]] = bottom[places[filled]] = values[filled]
    for i in np.flatnonzero(filled[1:] & filled[:-1]):
        begin, end = int(places[i]), int(places[i + 1])
        edges = np.clip(np.arange(begin, end + 2) - 0.5, begin, end)
        heights = np.rint(np.interp(edges, (begin, end), (values[i], values[i + 1]))).astype(np.intp)
        highest, lowest = np.maximum(heights[1:], heights[:-1]), np.minimum(heights[1:], heights[:-1])
        here = slice(begin, end + 1)
        unset = top[here] < 0
        top[here] = np.maximum(top[here], highest)
        bottom[here] = np.where(unset, lowest, np.minimum(bottom[here], lowest))
    return top, bottom


def _gathered(
    top: NDArray[np.intp], bottom: NDArray[np.intp], pattern: Mask
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Let each column reach as far as one that is left out behind it, or a steep curve would have gaps."""
    known, behind = top >= bottom, np.append(pattern[:-1] & ~pattern[1:], False)
    both = behind & known & np.append(known[1:], False)
    after = np.append(top[1:], 0), np.append(bottom[1:], 0)
    return np.where(both, np.maximum(top, after[0]), top), np.where(both, np.minimum(bottom, after[1]), bottom)


def _pattern(stroke: Stroke, place: int, engines: int, width: int) -> Mask:
    """Return which dot columns the stroke of an engine leaves its dots in; curves that are one are all seen."""
    at = np.arange(width)
    mine: Mask = at // (DASH * DOTS_ACROSS) % max(engines, 2) == place if place else np.ones(width, np.bool_)
    return mine & (at % DOTS_ACROSS == 0) if stroke == "dotted" else mine
