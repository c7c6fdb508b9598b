"""Copies of numbers, to the last bit, for the terminal's clipboard."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.numbers import full
from tui.panes.matrix import cell_of

if TYPE_CHECKING:
    from core.arrays import FloatArray
    from tui.protocol import Matrix
    from tui.screens.main import MainScreen


class Copying:
    """What of the main screen's tensor can be copied, once all that was asked for is shown."""

    def __init__(self, main: MainScreen) -> None:
        self._main = main

    async def cell(self) -> None:
        """Copy the cell's number, as the engine has it."""
        matrix, values = await self._shown()
        row, column = cell_of(self._main.selection, matrix)
        if matrix is None or values is None or not matrix.window.holds(row, column):
            self._main.notify("There is no number here to copy.")
            return
        value = float(values[row - matrix.window.row, column - matrix.window.column])
        at = f"{row},{column}" if len(matrix.shape) == 2 else f"{row}"
        what = f"{matrix.tensor}[{at}] of {self._main.selection.shown}"
        self._copy(full(value, self._precision(matrix)).strip(), what)

    async def tensor(self) -> None:
        """Copy the whole tensor, a row a line."""
        matrix, values = await self._shown()
        if matrix is None or values is None:
            self._main.notify("There is no tensor here to copy.")
        elif values.shape != (matrix.rows, matrix.columns):
            self._main.notify("This tensor is too large to copy; d dumps it to a file.", severity="warning")
        else:
            precision = self._precision(matrix)
            rows = (" ".join(full(float(value), precision) for value in row) for row in values)
            self._copy("\n".join(rows) + "\n", str(matrix.tensor))

    async def _shown(self) -> tuple[Matrix | None, FloatArray | None]:
        """Return the tensor and what is shown of it, shape of its window, once all that was asked for is shown."""
        view = await self._main.settled()
        return view.matrix, view.matrix.values.get(self._main.selection.shown) if view.matrix else None

    def _precision(self, matrix: Matrix) -> str:
        return matrix.precision.get(self._main.selection.shown, "float64")

    def _copy(self, text: str, what: str) -> None:
        self._main.app.copy_to_clipboard(text)
        self._main.notify(f"{what} was sent to the terminal's clipboard.", markup=False)
