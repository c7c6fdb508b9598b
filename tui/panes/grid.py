"""The grid: a matrix as numbers, coloured by sign and size, or as a map of all of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.message import Message
from textual.reactive import reactive

from tui.actions import bindings
from tui.digits import digits_text
from tui.numbers import aligned, share_text, value_style
from tui.panes.block_map import HEADING_WIDTH, LEGEND_LINES, Drawing, block_at
from tui.panes.lines import LinePane, origin_for
from tui.protocol import View, Window
from tui.selection import Selection, cell_of
from tui.shown import MINE, derived, kind_of

if TYPE_CHECKING:
    from textual import events
    from textual.binding import BindingType

    from tui.protocol import BlockMap, Matrix

LEAST_DECIMALS, MOST_DECIMALS = 2, 6
BESIDE_DECIMALS = 10
"""Columns of a cell that its decimals leave: sign, point, exponent and the space around the number."""
MAP_LEAP = 10
"""Blocks that a leap in the map goes."""


class MatrixGrid(LinePane):
    """The numbers. Only the cells that are seen are formatted; headings stay in sight."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("matrix")]

    DEFAULT_CSS = """
    MatrixGrid { height: 1fr; width: 1fr; }
    """

    view: reactive[View | None] = reactive(None)
    selection: reactive[Selection] = reactive(Selection())
    zoomed: reactive[bool] = reactive(False)
    """Whether the whole matrix is seen at a glance, a coloured cell for each block of numbers."""

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

    class MapWanted(Message):
        """A map of the whole matrix is to be had, of at most so many rows and columns of blocks; none for 0."""

        def __init__(self, rows: int, columns: int) -> None:
            super().__init__()
            self.rows = rows
            self.columns = columns

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self._top = 0
        self._left = 0

    @property
    def matrix(self) -> Matrix | None:
        """What is shown, if there is anything."""
        return self.view.matrix if self.view else None

    def action_move(self, rows: int, columns: int) -> None:
        """Move the cell; in the map, by a block."""
        row, column = cell_of(self.selection, self.matrix)
        blocks = self._map
        height, width = (blocks.height, blocks.width) if blocks else (1, 1)
        self._pick(row + rows * height, column + columns * width)

    def action_page(self, by: int) -> None:
        """Move by a page."""
        self.action_leap(by, 0)

    def action_leap(self, down: int, right: int) -> None:
        """Move by as many rows or columns as are seen."""
        rows, columns = (MAP_LEAP, MAP_LEAP) if self.zoomed else (self._rows_shown - 1, self._columns_shown - 1)
        self.action_move(down * max(1, rows), right * max(1, columns))

    def action_edge(self, side: int) -> None:
        """Move to the first or the last cell of the row."""
        row, _ = cell_of(self.selection, self.matrix)
        self._pick(row, 0 if side < 0 or self.matrix is None else self.matrix.columns - 1)

    def action_corner(self, side: int) -> None:
        """Move to the first or the last cell of all."""
        if self.matrix is not None:
            self._pick(*((0, 0) if side < 0 else (self.matrix.rows - 1, self.matrix.columns - 1)))

    async def action_explain(self) -> None:
        """Turn to where the cell's number comes from."""
        self._pick(*cell_of(self.selection, self.matrix))
        await self.run_action("screen.pane('explain')")

    def zoom(self) -> None:
        """See the whole matrix at a glance, or its numbers again."""
        self.zoomed = not self.zoomed

    def go_to_largest(self) -> bool:
        """Go to the number of largest magnitude, or among digits to the fewest; False if there is none."""
        shown = self.selection.shown
        if self.matrix is None or kind_of(shown) in ("digits", "share"):
            return self.go_to_worst()
        cell = self.matrix.peak.get(shown)
        return cell is not None and self._go(cell)

    def go_to_worst(self) -> bool:
        """Go to the number that is off most, by rounding's measure, or that the engines agree least on.

        Where it is the user's engine that is looked at, of its numbers alone. Return False if none is judged and they
        can't be compared.
        """
        if self.view is None or self.matrix is None:
            return False
        mine = self.selection.shown.split()[-1] == MINE
        judgements = {name: each for name, each in self.view.judgements.items() if name == MINE or not mine}
        judged = [each[self.matrix.tensor] for each in judgements.values() if self.matrix.tensor in each]
        if judged:
            return self._go(max(judged, key=lambda judgement: judgement.share).worst)
        found = self.view.agreements.get(self.matrix.tensor)
        return found is not None and self._go(found.worst)

    def on_click(self, event: events.Click) -> None:
        """Pick the cell, or the block, that was clicked."""
        offset = event.get_content_offset(self)
        if self.matrix is None or offset is None or offset.y < 1 or offset.x < HEADING_WIDTH:
            return
        if self._map is not None:
            cell = block_at(self._map, 2 * (offset.y - 1), offset.x - HEADING_WIDTH)
            if cell is not None:
                self._pick(*cell)
        elif not self.zoomed:
            self._pick(self._top + offset.y - 1, self._left + (offset.x - HEADING_WIDTH) // self._cell_width)

    def on_mouse_scroll_down(self) -> None:
        """Move down with the wheel."""
        self.action_move(3, 0)

    def on_mouse_scroll_up(self) -> None:
        """Move up with the wheel."""
        self.action_move(-3, 0)

    def watch_view(self) -> None:
        """Keep the cell in sight; a trainer that was started again has forgotten that a map is wanted."""
        self._keep_in_sight()
        if self.zoomed and self._map is None:
            self._ask_for_map()

    def watch_selection(self) -> None:
        """Keep the cell in sight."""
        self._keep_in_sight()

    def watch_zoomed(self) -> None:
        """Ask for a map, or for none any more."""
        if self.zoomed:
            self._ask_for_map()
        elif self.is_attached:
            self.post_message(self.MapWanted(0, 0))

    def on_resize(self) -> None:
        """Keep the cell in sight, and the map as large as there is room."""
        self._keep_in_sight()
        if self.zoomed:
            self._ask_for_map()

    def line(self, y: int) -> list[Segment]:
        """Draw the columns' headings, or a row."""
        matrix = self.matrix
        if matrix is None:
            return [Segment(self._empty(), self.dim)] if y == 1 else []
        if self.zoomed:
            return self._map_line(matrix, y)
        if y == 0:
            return self._headings(matrix)
        row = self._top + y - 1
        return self._row(matrix, row) if row < matrix.rows else []

    def _map_line(self, matrix: Matrix, y: int) -> list[Segment]:
        """Draw the map's heading, two rows of its blocks, or the legend below them."""
        blocks, shown = self._map, self.selection.shown
        if blocks is None or shown not in blocks.values:
            return [Segment("The map is being made…", self.dim)] if y == 1 else []
        drawing = Drawing(blocks, shown, matrix, cell_of(self.selection, matrix), dark=self.app.current_theme.dark)
        if y == 0:
            return [Segment(drawing.heading(), self.heading)]
        if y < self.size.height - LEGEND_LINES:
            return drawing.line(y - 1, self.heading)
        return drawing.legend(y - self.size.height + LEGEND_LINES, self.dim)

    @property
    def _map(self) -> BlockMap | None:
        """The map, where it is looked at and there."""
        return self.matrix.map if self.matrix is not None and self.zoomed else None

    def _ask_for_map(self) -> None:
        lines = self.size.height - 1 - LEGEND_LINES
        self.post_message(self.MapWanted(max(2, 2 * lines), max(1, self.size.width - HEADING_WIDTH)))

    def _go(self, cell: tuple[int, ...]) -> bool:
        row, column = (*cell, 0)[:2]
        self._pick(row, column)
        return True

    def _empty(self) -> str:
        if self.view is None:
            return ""
        if self.view.lacking:
            return f"Neither file holds {self.selection.tensor}."
        return f"No {self.selection.quantity.value} at epoch 0 — press n to train the first epoch."

    def _headings(self, matrix: Matrix) -> list[Segment]:
        columns, width = self._columns_in_sight(matrix), self._cell_width
        text = "".join(f"{column:>{width - 5}}     " for column in columns)
        return [Segment(" " * HEADING_WIDTH + text, self.heading)]

    def _row(self, matrix: Matrix, row: int) -> list[Segment]:
        at_row, at_column = cell_of(self.selection, matrix)
        mark = "▸" if row == at_row else " "
        segments = [Segment(f"{mark}{row:>{HEADING_WIDTH - 2}} ", self.heading)]
        values, dark = matrix.values.get(self.selection.shown), self.app.current_theme.dark
        ulps = next((each for other, each in matrix.ulps.items() if self.selection.shown in derived(other)), None)
        decimals = self._decimals
        for column in self._columns_in_sight(matrix):
            if values is None or not matrix.window.holds(row, column):
                segments.append(Segment("…".center(decimals + BESIDE_DECIMALS), self.dim))
                continue
            at = row - matrix.window.row, column - matrix.window.column
            same = ulps is not None and not ulps[at]
            text, style = self._cell(matrix, float(values[at]), decimals, same=same, dark=dark)
            if (row, column) == (at_row, at_column):
                segments.append(Segment(_bracketed(text), style + Style(bold=True, reverse=self.has_focus)))
            else:
                segments.append(Segment(f" {text} ", style))
        return segments

    def _cell(self, matrix: Matrix, value: float, decimals: int, *, same: bool, dark: bool) -> tuple[str, Style]:
        """Return a cell's text, two narrower than the column, and its colour."""
        width = decimals + BESIDE_DECIMALS - 2
        if kind_of(self.selection.shown) == "digits":
            return f"{digits_text(value, same=same):>{width - 4}}    ", Style.null() if value > 5 else self.cursor
        if kind_of(self.selection.shown) == "share":
            return share_text(value).rjust(width), self.wrong if not value <= 1 else Style.null()
        largest = matrix.largest.get(self.selection.shown, 0.0)
        return aligned(value, decimals).rjust(width), value_style(value, largest, dark=dark)

    @property
    def _decimals(self) -> int:
        """As many as let all columns be seen, within bounds."""
        if self.matrix is None:
            return LEAST_DECIMALS
        room = (self.size.width - HEADING_WIDTH) // self.matrix.columns - BESIDE_DECIMALS
        return min(max(room, LEAST_DECIMALS), MOST_DECIMALS)

    @property
    def _cell_width(self) -> int:
        return self._decimals + BESIDE_DECIMALS

    @property
    def _rows_shown(self) -> int:
        return max(1, self.size.height - 1)

    @property
    def _columns_shown(self) -> int:
        return max(1, (self.size.width - HEADING_WIDTH) // self._cell_width)

    def _columns_in_sight(self, matrix: Matrix) -> range:
        return range(self._left, min(self._left + self._columns_shown, matrix.columns))

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


def _bracketed(text: str) -> str:
    """Put a cell's text in brackets that touch it, two wider than before, its digits where they were."""
    bare = text.strip()
    before = len(text) - len(text.lstrip())
    return f"{' ' * before}[{bare}]".ljust(len(text) + 2)
