"""Panes: which one is seen on the right side, which one is enlarged, and what of that is remembered.

The panes of pictures are imported when they are first turned to: the first frame does not wait for NumPy.
"""

from __future__ import annotations

import gc
from importlib import import_module
from typing import TYPE_CHECKING

from tui.protocol import Explain
from tui.recent import remember_pane, remembered_pane
from tui.shown import is_derived

if TYPE_CHECKING:
    from textual.widget import Widget

    from tui.screens.main import MainScreen

RIGHT = {
    "matrix": "tui.panes.matrix:MatrixPane",
    "explain": "tui.panes.explain:ExplainPane",
    "doctor": "tui.panes.doctor:DoctorPane",
    "curve": "tui.panes.curve:CurvePane",
    "map": "tui.panes.answers:AnswerPane",
    "spread": "tui.panes.spread:SpreadPane",
}
"""The panes that share the right side, by their ids; one is seen at a time."""
WITHOUT_ENGINE, WITH_ENGINES = ("doctor", "curve"), ("map", "spread")
"""Those that show no tensor: of all engines, and of the one that is selected."""
MOMENT = 2.5
"""Seconds in which a notice of what a key has selected stays."""
_LARGE = ("-large-model", "-large-loss", "-large-right")


class Panes:
    """The main screen's panes."""

    def __init__(self, main: MainScreen) -> None:
        self._main = main

    async def show(self, name: str) -> Widget:
        """Put a pane in focus; one of the right side comes into sight there, and is there at the next start."""
        if name in RIGHT:
            await self._turn_to(name)
            self._remember(name)
        place = "right" if name in RIGHT else name
        if self._enlarged not in (None, place):
            self._enlarge(None)
        pane = self._main.query_one("#grid" if name == "matrix" else f"#{name}")
        pane.focus()
        return pane

    async def recall(self) -> None:
        """Turn the right side to the pane that it showed last; two files are looked at in the matrix."""
        name = "" if self._main.of_files else remembered_pane()
        if name in RIGHT and name != "matrix":
            await self._turn_to(name)

    def enlarge(self) -> None:
        """Give the pane in focus all of the screen, or give the others their place back."""
        focused = self._main.focused
        places = ("model", "loss", "right")
        within = [each.id for each in focused.ancestors_with_self if each.id in places] if focused else []
        self._enlarge(within[0] if within and self._enlarged is None else None)

    def say_engine(self) -> None:
        """Say which engine, or what of two, is selected, where the pane in sight does not show it."""
        shown, current = self._main.selection.shown, self._main.right.current
        if current in WITHOUT_ENGINE or (current in WITH_ENGINES and is_derived(shown)):
            stays = f"; here it stays with {self._main.selection.engine}" if current in WITH_ENGINES else ""
            self._main.notify(f"{shown} is selected: 3 shows it{stays}.", markup=False, timeout=MOMENT)

    def say_tensor(self) -> None:
        """Say which tensor is selected, where the pane in sight shows none."""
        if self._main.right.current in (*WITHOUT_ENGINE, *WITH_ENGINES):
            text = f"{self._main.selection.tensor} is selected: 3 shows it."
            self._main.notify(text, markup=False, timeout=MOMENT)

    def _remember(self, name: str) -> None:
        if not self._main.of_files:
            remember_pane(name)

    async def _turn_to(self, name: str) -> None:
        main, right = self._main, self._main.right
        if not right.query(f"#{name}"):
            pane = main.bound(_made(name))
            pane.display = False  # until it is its turn: beside another one it would have half of the room
            await right.mount(pane)
        if "explain" in {name, right.current}:
            main.send(main.selection.asked if name == "explain" else Explain())
        right.current = name

    @property
    def _enlarged(self) -> str | None:
        panes = self._main.query_one("#panes")
        return next((each.removeprefix("-large-") for each in _LARGE if panes.has_class(each)), None)

    def _enlarge(self, place: str | None) -> None:
        panes = self._main.query_one("#panes")
        for each in _LARGE:
            panes.set_class(each == f"-large-{place}", each)


def _made(name: str) -> Widget:
    """Make a pane of the right side."""
    module, kind = RIGHT[name].split(":")
    pane: Widget = getattr(import_module(module), kind)(id=name, classes="pane")
    gc.freeze()  # what has just been imported is no garbage; looking through it again and again would hold up keys
    return pane
