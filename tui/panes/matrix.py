"""The matrix pane: the selected tensor, and the cell under the cursor in full."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.containers import Vertical
from textual.content import Content
from textual.reactive import reactive

from core.tensors import Quantity
from tui.numbers import shape_text
from tui.panes.cell_line import CellLine
from tui.panes.grid import MatrixGrid
from tui.panes.sight import PaintedInSight, border_lines
from tui.protocol import Described, Matrix, View, Window
from tui.selection import Selection, cell_of
from tui.shown import MINE, is_derived, kind_of

if TYPE_CHECKING:
    from typing import Self

    from textual.app import ComposeResult
    from textual.geometry import Region

__all__ = ["MatrixGrid", "MatrixPane", "cell_of"]


class MatrixPane(PaintedInSight, Vertical):
    """The numbers with the cell's line under them."""

    described: reactive[Described | None] = reactive(None, repaint=False)
    view: reactive[View | None] = reactive(None, repaint=False)
    selection: reactive[Selection] = reactive(Selection(), repaint=False)
    _seen: Window | None = None
    _written = ("", "")
    """What stands on the border."""
    _writing = False
    _zoomed = False

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

    def on_matrix_grid_map_wanted(self, message: MatrixGrid.MapWanted) -> None:
        """Say nothing of a part where the whole is seen."""
        self._zoomed = message.rows > 0
        self._entitle()

    def _entitle(self) -> None:
        matrix = self.view.matrix if self.view else None
        name = matrix.tensor if matrix else self.selection.tensor
        depth = self.described.depth if self.described else 0
        named = f"{name} = ŷ" if (name.quantity, name.layer) == (Quantity.ACTIVATION, depth) else str(name)
        kind = self.selection.quantity.value.capitalize() if self.selection.quantity.of_parameters else "Units"
        shape = f" · {shape_text(matrix.shape)}" if matrix else ""
        shown = "share of rounding" if self.selection.shown == "share" else self._named(self.selection.shown)
        missing = matrix is not None and self.selection.shown not in matrix.values
        part = (
            self._why_missing() if missing else _part_text(matrix, None if self._zoomed else self._seen, *self._hints)
        )
        self._write_on_border(f"3 {kind} · {named}{shape} · {shown}", part)

    def _write_on_border(self, title: str, subtitle: str) -> None:
        """Write what is new there."""
        if (title, subtitle) != self._written:
            self._written = title, subtitle
            self._writing = True
            self.border_title, self.border_subtitle = Content(title).markup, subtitle
            self._writing = False

    def refresh(self, *regions: Region, repaint: bool = True, layout: bool = False, recompose: bool = False) -> Self:
        """Repaint; where the border is written on, no more than that: all that it is around would be all numbers."""
        if self._writing:
            regions = border_lines(self)
        return super().refresh(*regions, repaint=repaint, layout=layout, recompose=recompose)

    def _named(self, shown: str) -> str:
        """Name an engine; of two files, with the file's name."""
        recorded = self.described.recorded if self.described is not None else None
        return f"{shown} {recorded.files[shown]}" if recorded is not None and shown in recorded.files else shown

    def _why_missing(self) -> str:
        """Say why there is nothing to be seen of what is selected."""
        view, shown = self.view, self.selection.shown
        assert view is not None
        if self.described is not None and self.described.recorded is not None:
            lacking = "; ".join(view.lacking.values())
            return lacking or "not judged: that takes the experiment and the parameters, from either file"
        mine = shown.split()[-1] == MINE
        gone = [each for each in view.missing if (each == MINE) is mine]
        if shown == "share":
            return "not judged: only gradients, z, a and δ are, where that does not take too long"
        if gone:
            nothing = is_derived(shown) and not mine
            return f"{gone[0]} can't be used: {'there is nothing to compare' if nothing else view.missing[gone[0]]}"
        if mine:
            return _why_not_yours(view, self.selection)
        if is_derived(shown) and not view.comparable:
            return "the engines start from different weights"
        return "PyTorch is still being imported"

    @property
    def _hints(self) -> tuple[str, ...]:
        """What Enter does; nothing where files are shown, which don't say how their numbers came about."""
        files = self.described is not None and self.described.recorded is not None
        return () if files else ("Enter explains",)


def _why_not_yours(view: View, selection: Selection) -> str:
    if not view.marks:
        return "your file is being run"
    judged = kind_of(selection.shown) == "share" and selection.quantity.of_parameters
    return "of yours, gradients alone are judged" if judged else f"{MINE} does not return it"


def _part_text(matrix: Matrix | None, seen: Window | None, *hints: str) -> str:
    """Say which rows and columns are seen, of how many, where not all are; and what can be done."""
    if matrix is None or seen is None:
        return ""
    parts = []
    if seen.rows < matrix.rows:
        parts.append(f"rows {seen.row}–{seen.row + seen.rows - 1} of {matrix.rows}")
    if seen.columns < matrix.columns:
        parts.append(f"columns {seen.column}–{seen.column + seen.columns - 1} of {matrix.columns}")
    return " · ".join([*parts, *hints])
