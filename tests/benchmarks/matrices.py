"""Matrices of any size: what is seen is painted, and nothing else is touched."""

from __future__ import annotations

import asyncio
import statistics
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from figure import Figure, duration, ratio
from textual.app import App

from core.tensors import Quantity, TensorName
from tui.panes.matrix import MatrixPane
from tui.protocol import Matrix, Sample, View, Window
from tui.selection import Selection

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from figure import Effort
    from textual.app import ComposeResult

    from core.arrays import FloatArray

SMALL = 100
NAME = TensorName(Quantity.GRADIENT, 1, "W")
TARGET = 1.5


class Alone(App[None]):
    """A matrix pane and nothing else, as large as the terminal."""

    def __init__(self, view: View) -> None:
        super().__init__()
        self.pane = MatrixPane(id="matrix")
        self._view = view

    def compose(self) -> ComposeResult:
        """Show the pane."""
        self.pane.set_reactive(MatrixPane.view, self._view)
        yield self.pane


def figures(effort: Effort) -> Iterator[Figure]:
    """Measure the first paint, a walk through the matrix, and new values everywhere."""
    numbers = np.random.default_rng(5)
    values = {
        size: (numbers.normal(size=(size, size)), numbers.normal(size=(size, size))) for size in (SMALL, effort.size)
    }
    times = asyncio.run(_measure(values, effort))
    for what in ("first paint", "scrolling a page", "all values change"):
        small, large = times[what][SMALL], times[what][effort.size]
        measured = f"{duration(statistics.median(large))}, {SMALL} × {SMALL} {duration(statistics.median(small))}"
        yield Figure(
            f"{what}, {effort.size} × {effort.size} ÷ {SMALL} × {SMALL}", ratio(large, small), TARGET, measured=measured
        )


async def _measure(
    values: dict[int, tuple[FloatArray, FloatArray]], effort: Effort
) -> dict[str, dict[int, list[float]]]:
    """Time each size in turn, so that both are slowed down by the same things."""
    times: dict[str, dict[int, list[float]]] = {}
    for counted in range(-1, effort.rounds):
        for size, (first, second) in values.items():
            for what, took in (await _one_round(first, second)).items():
                if counted >= 0:
                    times.setdefault(what, {}).setdefault(size, []).append(took)
    return times


async def _one_round(first: FloatArray, second: FloatArray) -> dict[str, float]:
    """Open the pane in the middle of the matrix, walk a few pages, then give it other numbers."""
    found = {}
    middle = Selection(row=len(first) // 2, column=len(first) // 2)
    begun = time.perf_counter()
    view = view_of(first, Window(middle.row - 45, middle.column - 30, 90, 60))
    app = Alone(view)
    app.pane.set_reactive(MatrixPane.selection, middle)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        found["first paint"] = time.perf_counter() - begun
        found["scrolling a page"] = await _walk(app, first, middle, pilot.pause)
        begun = time.perf_counter()
        app.pane.view = view_of(second, view.matrix.window if view.matrix else Window())
        await pilot.pause()
        found["all values change"] = time.perf_counter() - begun
    return found


async def _walk(app: Alone, values: FloatArray, start: Selection, pause: Callable[[], object]) -> float:
    """Go three pages down and up again, each with the part of the matrix that it needs."""
    begun = time.perf_counter()
    for page in (1, 2, 3, 2, 1, 0):
        row = min(start.row + 12 * page, len(values) - 1)
        app.pane.view = view_of(values, Window(max(0, row - 45), start.column - 30, 90, 60))
        app.pane.selection = replace(start, row=row)
        await pause()  # type: ignore[misc]
    return (time.perf_counter() - begun) / 6


def view_of(values: FloatArray, window: Window) -> View:
    """Return what the trainer would send of a tensor in two engines: the window's numbers, and what they share."""
    rows, columns = (
        slice(at, at + count) for at, count in ((window.row, window.rows), (window.column, window.columns))
    )
    part = values[rows, columns]
    parts = {
        "scratch": part,
        "autograd": part.copy(),
        "difference": np.zeros_like(part),
        "digits": np.full_like(part, 15.95),
    }
    window = Window(window.row, window.column, *part.shape)
    largest = {"scratch": 4.0, "autograd": 4.0, "difference": 0.0}
    precision = {"scratch": "float64", "autograd": "float64"}
    matrix = Matrix(NAME, values.shape, window, parts, {}, largest, precision, np.zeros_like(part))
    return View(
        epoch=1, trained=1, planned=10, running=False, heading=1, handled=0, dumping="", missing=(),
        joined=("scratch", "autograd"), comparable=True, matrix=matrix, agreements={},
        sample=Sample((0.0,), (0.0,), {}), series={},
    )  # fmt: skip
