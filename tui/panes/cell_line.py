"""The cell under the cursor in full: its value in each engine with all digits, the difference, digits and ulps."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from textual.content import Content
from textual.reactive import reactive
from textual.widgets import Static

from core.tensors import Quantity
from tui.digits import digits_text
from tui.numbers import full, scientific, share_text
from tui.panes.sight import PaintedInSight
from tui.protocol import View
from tui.selection import Selection, cell_of
from tui.shown import MINE, derived, is_derived

if TYPE_CHECKING:
    from tui.protocol import Matrix


class CellLine(PaintedInSight, Static):
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
        for name in (each for each in matrix.values if not is_derived(each)):
            value = full(float(matrix.values[name][at]), matrix.precision[name])
            after = f"  → {full(float(matrix.after[name][at]), matrix.precision[name])}" if matrix.after else ""
            follows = after if matrix.tensor.quantity is Quantity.PARAMETER else ""
            lines.append(f"{cell:<9} {name:<9}{value}{follows}{_verdict(matrix, name, at)}")
            cell = ""
        lines.append(f"{'':<9} {self._apart(matrix, at)}")
        return Content("\n".join(lines))

    def watch_view(self, view: View | None) -> None:
        """Take a line for each engine, and one for what parts two of them."""
        matrix = view.matrix if view else None
        height = max(3, 1 + sum(not is_derived(each) for each in matrix.values) if matrix else 0)
        if self.styles.height is None or self.styles.height.value != height:
            self.styles.height = height

    def _apart(self, matrix: Matrix, at: tuple[int, int]) -> str:
        """Say what parts the first engine from the one that is looked at, or else from the second."""
        assert self.view is not None
        others = [each for each in matrix.values if not is_derived(each)][1:]
        compared = [each for each in others if derived(each)[0] in matrix.values]
        other = MINE if self.selection.shown.split()[-1] == MINE else next(iter(compared), "")
        if other not in compared:
            return "" if self.view.comparable else "different starts: the engines can't be compared"
        difference, shared = (float(matrix.values[name][at]) for name in derived(other)[:2])
        who = "differ" if other != MINE else f"{other} differs"
        same = other in matrix.ulps and float(matrix.ulps[other][at]) == 0
        text = f"{who} by {scientific(difference, 2)} · {digits_text(shared, same=same)} digits"
        return f"{text} · {ulps_text(matrix, other, at)}" if other in matrix.ulps else text


def _verdict(matrix: Matrix, engine: str, at: tuple[int, int]) -> str:
    """Say whether rounding explains how far an engine's number is off, and how much of what it can do that takes."""
    if engine not in matrix.shares:
        return ""
    share = float(matrix.shares[engine][at])
    if share == 0:
        return "  ✓ exact"
    return f"  ✓ {share_text(share)} of rounding" if share <= 1 else f"  ✗ {share_text(share)} × rounding"


def ulps_text(matrix: Matrix, other: str, at: tuple[int, int]) -> str:
    """Say how many floating-point numbers part two engines; from a number to a nan there is no such count."""
    first = next(iter(matrix.values))
    nans = [math.isnan(matrix.values[name][at]) for name in (first, other)]
    if any(nans):
        return "both are nan" if all(nans) else "one is nan"
    ulps = float(matrix.ulps[other][at])
    count = f"{ulps:,.0f}" if ulps < 1e15 else scientific(ulps, 2)
    return f"{count} ulp{'' if ulps == 1 else 's'}"
