"""The cell under the cursor in full: its value in each engine with all digits, the difference, digits and ulps."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from textual.content import Content
from textual.reactive import reactive
from textual.widgets import Static

from core.tensors import Quantity
from tui.numbers import digits_text, full, scientific, share_text
from tui.protocol import DERIVED, View
from tui.selection import Selection, cell_of

if TYPE_CHECKING:
    from tui.protocol import Matrix


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
            lines.append(f"{cell:<9} {name:<9}{value}{follows}{_verdict(matrix, name, at)}")
            cell = ""
        lines.append(f"{'':<9} {self._apart(matrix, at)}")
        return Content("\n".join(lines))

    def _apart(self, matrix: Matrix, at: tuple[int, int]) -> str:
        assert self.view is not None
        if "difference" not in matrix.values:
            return "" if self.view.comparable else "different starts: the engines can't be compared"
        difference, shared = float(matrix.values["difference"][at]), float(matrix.values["digits"][at])
        text = f"differ by {scientific(difference, 2)} · {digits_text(shared)} digits"
        return text if matrix.ulps is None else f"{text} · {ulps_text(matrix, at)}"


def _verdict(matrix: Matrix, engine: str, at: tuple[int, int]) -> str:
    """Say whether rounding explains how far an engine's number is off, and how much of what it can do that takes."""
    if engine not in matrix.shares:
        return ""
    share = float(matrix.shares[engine][at])
    return f"  {'within' if share <= 1 else 'beyond'} rounding ({share_text(share)})"


def ulps_text(matrix: Matrix, at: tuple[int, int]) -> str:
    """Say how many floating-point numbers part the engines; from a number to a nan there is no such count."""
    assert matrix.ulps is not None
    nans = [math.isnan(values[at]) for name, values in matrix.values.items() if name not in DERIVED]
    if any(nans):
        return "both are nan" if all(nans) else "one is nan"
    ulps = float(matrix.ulps[at])
    count = f"{ulps:,.0f}" if ulps < 1e15 else scientific(ulps, 2)
    return f"{count} ulp{'' if ulps == 1 else 's'}"
