"""The matrix pane: the selected tensor as numbers, coloured by sign and size, and the cell under the cursor in full."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widgets import Static

from core.tensors import Quantity
from tui.actions import bindings
from tui.numbers import aligned, digits_text, full, scientific, shape_text, value_style
from tui.panes.lines import LinePane, origin_for
from tui.protocol import DERIVED, Described, Matrix, View, Window
from tui.selection import Selection

if TYPE_CHECKING:
    from textual import events
    from textual.app import ComposeResult
    from textual.binding import BindingType

LEAST_DECIMALS, MOST_DECIMALS = 2, 6
HEADING_WIDTH = 6


class MatrixGrid(LinePane):
    """The numbers. Only the cells that are seen are formatted; headings stay in sight."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("matrix")]

    DEFAULT_CSS = """
    MatrixGrid { height: 1fr; width: 1fr; }
    """

    view: reactive[View | None] = reactive(None)
    selection: reactive[Selection] = reactive(Selection())

    class Picked(Message):
        """A cell was picked."""

        def __init__(self, row: int, column: int) -> None:
            super().__init__()
            self.row = row
            self.column = column

    class Seen(Message):
        """Another part of the matrix came into sight."""

        def __init__(self, window: Window) -> None:
            super().__init__()
            self.window = window

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self._top = 0
        self._left = 0

    @property
    def matrix(self) -> Matrix | None:
        """What is shown, if there is anything."""
        return self.view.matrix if self.view else None

    def action_move(self, rows: int, columns: int) -> None:
        """Move the cell."""
        row, column = cell_of(self.selection, self.matrix)
        self._pick(row + rows, column + columns)

    def action_page(self, by: int) -> None:
        """Move by a page."""
        self.action_move(by * max(1, self._rows_shown - 1), 0)

    def action_edge(self, side: int) -> None:
        """Move to the first or the last cell of the row."""
        row, _ = cell_of(self.selection, self.matrix)
        self._pick(row, 0 if side < 0 or self.matrix is None else self.matrix.columns - 1)

    def on_click(self, event: events.Click) -> None:
        """Pick the cell that was clicked."""
        offset = event.get_content_offset(self)
        if self.matrix is not None and offset is not None and offset.y >= 1 and offset.x >= HEADING_WIDTH:
            self._pick(self._top + offset.y - 1, self._left + (offset.x - HEADING_WIDTH) // self._cell_width)

    def on_mouse_scroll_down(self) -> None:
        """Move down with the wheel."""
        self.action_move(3, 0)

    def on_mouse_scroll_up(self) -> None:
        """Move up with the wheel."""
        self.action_move(-3, 0)

    def watch_view(self) -> None:
        """Keep the cell in sight."""
        self._keep_in_sight()

    def watch_selection(self) -> None:
        """Keep the cell in sight."""
        self._keep_in_sight()

    def on_resize(self) -> None:
        """Keep the cell in sight."""
        self._keep_in_sight()

    def line(self, y: int) -> list[Segment]:
        """Draw the columns' headings, or a row."""
        matrix = self.matrix
        if matrix is None:
            return [Segment(self._empty(), self.dim)] if y == 1 else []
        if y == 0:
            return self._headings(matrix)
        row = self._top + y - 1
        return self._row(matrix, row) if row < matrix.rows else []

    def _empty(self) -> str:
        if self.view is None:
            return ""
        return f"No {self.selection.quantity.value} at epoch 0 — press n to train the first epoch."

    def _headings(self, matrix: Matrix) -> list[Segment]:
        columns = range(self._left, min(self._left + self._columns_shown, matrix.columns))
        text = "".join(f"{column:>{self._cell_width - 5}}     " for column in columns)
        return [Segment(" " * HEADING_WIDTH + text, self.heading)]

    def _row(self, matrix: Matrix, row: int) -> list[Segment]:
        at_row, at_column = cell_of(self.selection, matrix)
        mark = "▸" if row == at_row else " "
        segments = [Segment(f"{mark}{row:>{HEADING_WIDTH - 2}} ", self.heading)]
        values, dark = matrix.values.get(self.selection.shown), self.app.current_theme.dark
        for column in range(self._left, min(self._left + self._columns_shown, matrix.columns)):
            if values is None or not matrix.window.holds(row, column):
                segments.append(Segment("…".center(self._cell_width), self.dim))
                continue
            value = float(values[row - matrix.window.row, column - matrix.window.column])
            text, style = self._cell(matrix, value, dark=dark)
            if (row, column) == (at_row, at_column):
                segments.append(Segment(_bracketed(text), style + Style(bold=True, reverse=self.has_focus)))
            else:
                segments.append(Segment(f" {text} ", style))
        return segments

    def _cell(self, matrix: Matrix, value: float, *, dark: bool) -> tuple[str, Style]:
        """Return a cell's text, two narrower than the column, and its colour."""
        width = self._cell_width - 2
        if self.selection.shown == "digits":
            return f"{digits_text(value):>{width - 4}}    ", Style.null() if value > 5 else self.cursor
        largest = matrix.largest.get(self.selection.shown, 0.0)
        return aligned(value, self._decimals).rjust(width), value_style(value, largest, dark=dark)

    @property
    def _decimals(self) -> int:
        """As many as let all columns be seen, within bounds."""
        if self.matrix is None:
            return LEAST_DECIMALS
        room = (self.size.width - HEADING_WIDTH) // self.matrix.columns - 10
        return min(max(room, LEAST_DECIMALS), MOST_DECIMALS)

    @property
    def _cell_width(self) -> int:
        return self._decimals + 10

    @property
    def _rows_shown(self) -> int:
        return max(1, self.size.height - 1)

    @property
    def _columns_shown(self) -> int:
        return max(1, (self.size.width - HEADING_WIDTH) // self._cell_width)

    def _keep_in_sight(self) -> None:
        if self.matrix is None:
            return
        row, column = cell_of(self.selection, self.matrix)
        self._top = origin_for(row, self._top, self._rows_shown, self.matrix.rows)
        self._left = origin_for(column, self._left, self._columns_shown, self.matrix.columns)
        rows = min(self._rows_shown, self.matrix.rows - self._top)
        columns = min(self._columns_shown, self.matrix.columns - self._left)
        self.post_message(self.Seen(Window(self._top, self._left, rows, columns)))

    def _pick(self, row: int, column: int) -> None:
        if self.matrix is not None:
            row = min(max(row, 0), self.matrix.rows - 1)
            column = min(max(column, 0), self.matrix.columns - 1)
            self.post_message(self.Picked(row, column))


class CellLine(Static):
    """The cell under the cursor: its value in each engine with all digits, the difference, digits and ulps."""

    DEFAULT_CSS = """
    CellLine { height: 3; padding: 0 0; color: $foreground; }
    """

    view: reactive[View | None] = reactive(None)
    selection: reactive[Selection] = reactive(Selection())

    def render(self) -> Content:
        """Write a line for each engine, then what parts them."""
        matrix = self.view.matrix if self.view else None
        if matrix is None or self.view is None:
            return Content("")
        row, column = cell_of(self.selection, matrix)
        if not matrix.window.holds(row, column):
            return Content("…")
        at = (row - matrix.window.row, column - matrix.window.column)
        cell = f"[{row}, {column}]" if len(matrix.shape) == 2 else f"[{row}]"
        lines = []
        for name in (each for each in matrix.values if each not in DERIVED):
            value = full(float(matrix.values[name][at]), matrix.precision[name])
            after = f"  → {full(float(matrix.after[name][at]), matrix.precision[name])}" if matrix.after else ""
            follows = after if matrix.tensor.quantity is Quantity.PARAMETER else ""
            lines.append(f"{cell:<9} {name:<9}{value}{follows}")
            cell = ""
        lines.append(f"{'':<9} {self._apart(matrix, at)}")
        return Content("\n".join(lines))

    def _apart(self, matrix: Matrix, at: tuple[int, int]) -> str:
        assert self.view is not None
        if "difference" not in matrix.values or matrix.ulps is None:
            return "" if self.view.comparable else "different starts: the engines can't be compared"
        difference, shared = float(matrix.values["difference"][at]), float(matrix.values["digits"][at])
        return f"differ by {scientific(difference, 2)} · {digits_text(shared)} digits · {_ulps_text(matrix, at)}"


def _ulps_text(matrix: Matrix, at: tuple[int, int]) -> str:
    """Say how many floating-point numbers part the engines; from a number to a nan there is no such count."""
    assert matrix.ulps is not None
    nans = [math.isnan(values[at]) for name, values in matrix.values.items() if name not in DERIVED]
    if any(nans):
        return "both are nan" if all(nans) else "one is nan"
    ulps = float(matrix.ulps[at])
    count = f"{ulps:,.0f}" if ulps < 1e15 else scientific(ulps, 2)
    return f"{count} ulp{'' if ulps == 1 else 's'}"


class MatrixPane(Vertical):
    """The numbers with the cell's line under them."""

    described: reactive[Described | None] = reactive(None, repaint=False)
    view: reactive[View | None] = reactive(None, repaint=False)
    selection: reactive[Selection] = reactive(Selection(), repaint=False)
    _seen: Window | None = None

    def compose(self) -> ComposeResult:
        """Put the cell's line under the numbers."""
        yield MatrixGrid(id="grid").data_bind(MatrixPane.view, MatrixPane.selection)
        yield CellLine(markup=False).data_bind(MatrixPane.view, MatrixPane.selection)

    def watch_view(self) -> None:
        """Keep the title true."""
        self._entitle()

    def watch_selection(self) -> None:
        """Keep the title true."""
        self._entitle()

    def on_matrix_grid_seen(self, message: MatrixGrid.Seen) -> None:
        """Say which part is seen, where it is not the whole."""
        self._seen = message.window
        self._entitle()

    def _entitle(self) -> None:
        matrix = self.view.matrix if self.view else None
        name = matrix.tensor if matrix else self.selection.tensor
        depth = self.described.depth if self.described else 0
        named = f"{name} = ŷ" if (name.quantity, name.layer) == (Quantity.ACTIVATION, depth) else str(name)
        kind = self.selection.quantity.value.capitalize() if self.selection.quantity.of_parameters else "Units"
        shape = f" · {shape_text(matrix.shape)}" if matrix else ""
        self.border_title = Content(f"3 {kind} · {named}{shape} · {self.selection.shown}").markup
        missing = matrix is not None and self.selection.shown not in matrix.values
        self.border_subtitle = self._why_missing() if missing else _part_text(matrix, self._seen)

    def _why_missing(self) -> str:
        if self.selection.shown in DERIVED and self.view is not None and not self.view.comparable:
            return "the engines start from different weights"
        if self.view is not None and self.selection.shown in self.view.missing:
            return f"{self.selection.shown} can't be used: PyTorch could not be imported"
        if self.selection.shown in DERIVED and self.view is not None and self.view.missing:
            return f"{', '.join(self.view.missing)} can't be used: there is nothing to compare"
        return "PyTorch is still being imported"


def cell_of(selection: Selection, matrix: Matrix | None) -> tuple[int, int]:
    """Return the selected cell, within the matrix."""
    if matrix is None:
        return selection.row, selection.column
    return min(selection.row, matrix.rows - 1), min(selection.column, matrix.columns - 1)


def _bracketed(text: str) -> str:
    """Put a cell's text in brackets that touch it, two wider than before, its digits where they were."""
    bare = text.strip()
    before = len(text) - len(text.lstrip())
    return f"{' ' * before}[{bare}]".ljust(len(text) + 2)


def _part_text(matrix: Matrix | None, seen: Window | None) -> str:
    """Say which rows and columns are seen, of how many; nothing where all are."""
    if matrix is None or seen is None:
        return ""
    parts = []
    if seen.rows < matrix.rows:
        parts.append(f"rows {seen.row}–{seen.row + seen.rows - 1} of {matrix.rows}")
    if seen.columns < matrix.columns:
        parts.append(f"columns {seen.column}–{seen.column + seen.columns - 1} of {matrix.columns}")
    return " · ".join(parts)
