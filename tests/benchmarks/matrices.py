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
from textual.geometry import Region
from textual.widget import Widget

from core.tensors import Quantity, TensorName
from tui.panes.lines import LinePane
from tui.panes.matrix import MatrixPane
from tui.protocol import Matrix, Sample, View, Window
from tui.selection import Selection

if TYPE_CHECKING:
    from collections.abc import Iterator

    from figure import Effort
    from textual.app import ComposeResult

    from core.arrays import FloatArray

SMALL = 100
NAME = TensorName(Quantity.GRADIENT, 1, "W")
TARGET = 1.5


class Alone(App[None]):
    """A matrix pane and nothing else, as large as the terminal."""

    def __init__(self) -> None:
        super().__init__()
        self.pane = MatrixPane(id="matrix")

    def compose(self) -> ComposeResult:
        """Show the pane."""
        yield self.pane


def paint(widget: Widget) -> None:
    """Draw all of a widget and of what is in it, now, as the screen would with its next frame."""
    for each in (widget, *widget.walk_children(Widget)):
        if isinstance(each, LinePane):
            each.refresh_changed()
        else:
            each.refresh()
        each.render_lines(Region(0, 0, *each.outer_size))


def figures(effort: Effort) -> Iterator[Figure]:
    """Measure the first paint, a walk through the matrix, and new values everywhere."""
    numbers = np.random.default_rng(5)
    values = {size: tuple(numbers.normal(size=(2, size, size))) for size in (SMALL, effort.size)}
    times = asyncio.run(_measure(values, effort))
    for what in ("first paint", "scrolling a page", "all values change"):
        small, large = times[what][SMALL], times[what][effort.size]
        name = f"{what}, {effort.size} × {effort.size} ÷ {SMALL} × {SMALL}"
        measured = f"{duration(statistics.median(large))}, {SMALL} × {SMALL} {duration(statistics.median(small))}"
        yield Figure(name, ratio(large, small), TARGET, measured=measured)


async def _measure(values: dict[int, tuple[FloatArray, ...]], effort: Effort) -> dict[str, dict[int, list[float]]]:
    """Time each size in turn, so that both are slowed down by the same things."""
    times: dict[str, dict[int, list[float]]] = {}
    app = Alone()
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        for counted in range(-1, 4 * effort.rounds):
            for size, (first, second) in values.items():
                for what, took in _one_round(app.pane, first, second).items():
                    if counted >= 0:
                        times.setdefault(what, {}).setdefault(size, []).append(took)
            await pilot.pause()
    return times


def _one_round(pane: MatrixPane, first: FloatArray, second: FloatArray) -> dict[str, float]:
    """Show the middle of a matrix where nothing was, walk a few pages, then give it other numbers."""
    pane.view = None
    paint(pane)
    middle = Selection(row=len(first) // 2, column=len(first) // 2)
    window = Window(middle.row - 45, middle.column - 30, 90, 60)
    begun = time.perf_counter()
    pane.selection = middle
    pane.view = view_of(first, window)
    paint(pane)
    opened = time.perf_counter()
    for page in (1, 2, 3, 2, 1, 0):
        row = middle.row + 12 * page
        pane.view = view_of(first, Window(row - 45, window.column, 90, 60))
        pane.selection = replace(middle, row=row)
        paint(pane)
    walked = time.perf_counter()
    pane.view = view_of(second, window)
    paint(pane)
    changed = time.perf_counter() - walked
    return {"first paint": opened - begun, "scrolling a page": (walked - opened) / 6, "all values change": changed}


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
    matrix = Matrix(NAME, values.shape, window, parts, {}, largest, precision, {"autograd": np.zeros_like(part)})
    return View(
        epoch=1, trained=1, planned=10, running=False, heading=1, handled=0, dumping="", missing=(),
        joined=("scratch", "autograd"), comparable=True, matrix=matrix, agreements={},
        sample=Sample((0.0,), (0.0,), {}), series={},
    )  # fmt: skip
