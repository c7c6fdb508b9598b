"""The loss table: a million rows scroll as a thousand do, and a row more costs the same."""

from __future__ import annotations

import asyncio
import statistics
import time
from array import array
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from figure import Figure, duration, ratio
from matrices import view_of
from textual.app import App

from core.experiment_file import load
from tui.panes.loss import LossPane
from tui.protocol import Described, Window

if TYPE_CHECKING:
    from collections.abc import Iterator

    from figure import Effort
    from textual.app import ComposeResult

    from tui.protocol import View

FEW = 1000
TARGET = 1.2
TURNS = 20


class Alone(App[None]):
    """The losses and nothing else, as large as the terminal."""

    def __init__(self, rows: int) -> None:
        super().__init__()
        self.pane = LossPane(id="loss")
        self.rows = rows

    def compose(self) -> ComposeResult:
        """Show the pane."""
        yield self.pane

    def on_mount(self) -> None:
        """Give it all rows at once."""
        values = array("d", np.random.default_rng(5).random(self.rows))
        self.pane.history.take(dict.fromkeys(("scratch", "autograd", "digits"), (0, values)))
        self.pane.described = Described(load("notebook"), ("scratch", "autograd"))
        self.pane.view = at_epoch(self.rows)


def figures(effort: Effort) -> Iterator[Figure]:
    """Measure the wheel, and a row that is added."""
    times = asyncio.run(_measure(effort))
    for what in ("scrolling", "a row more"):
        few, many = times[what][FEW], times[what][effort.rows]
        measured = f"{duration(statistics.median(many))}, {FEW:,} rows {duration(statistics.median(few))}"
        name = f"loss table, {what}: {effort.rows:,} rows ÷ {FEW:,}"
        yield Figure(name, ratio(many, few), TARGET, measured=measured)


def at_epoch(epoch: int) -> View:
    """Return a View of the last of so many epochs."""
    return replace(view_of(np.ones((1, 1)), Window()), epoch=epoch, trained=epoch, planned=epoch, heading=epoch)


async def _measure(effort: Effort) -> dict[str, dict[int, list[float]]]:
    times: dict[str, dict[int, list[float]]] = {"scrolling": {}, "a row more": {}}
    apps = {rows: Alone(rows) for rows in (FEW, effort.rows)}
    async with apps[FEW].run_test(size=(120, 40)) as few, apps[effort.rows].run_test(size=(120, 40)) as many:
        pilots = {FEW: few, effort.rows: many}
        for counted in range(-1, effort.rounds):
            for rows, pilot in pilots.items():
                found = await _one_round(apps[rows], pilot.pause)
                for what, took in found.items():
                    if counted >= 0:
                        times[what].setdefault(rows, []).append(took)
    return times


async def _one_round(app, pause) -> dict[str, float]:  # type: ignore[no-untyped-def]
    """Turn the wheel up and down again, then let rows be added."""
    begun = time.perf_counter()
    for turn in range(TURNS):
        (app.pane.on_mouse_scroll_up if turn < TURNS // 2 else app.pane.on_mouse_scroll_down)()
        await pause()
    scrolled = time.perf_counter() - begun
    begun = time.perf_counter()
    for _ in range(TURNS):
        app.rows += 1
        app.pane.history.take({name: (app.rows - 1, array("d", [0.5])) for name in ("scratch", "autograd", "digits")})
        app.pane.view = at_epoch(app.rows)
        await pause()
    return {"scrolling": scrolled / TURNS, "a row more": (time.perf_counter() - begun) / TURNS}
