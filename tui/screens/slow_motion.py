"""Slow motion: an epoch phase by phase, by key or by itself; each phase selects what it has just computed."""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from typing import TYPE_CHECKING

from core.tensors import Quantity, TensorName
from tui.panes.walk_line import AtWork
from tui.protocol import ShowPhases, Step
from tui.recorded import UNEXPLAINED

if TYPE_CHECKING:
    from textual.timer import Timer

    from core.trace import Phase
    from tui.protocol import View
    from tui.screens.main import MainScreen
    from tui.selection import Selection

PACES = (8.0, 4.0, 2.0, 1.0, 0.5, 0.25)
"""Seconds that a phase stays, from slow to quick."""
LAST = -1


class SlowMotion:
    """The walk through an epoch of the main screen's run."""

    def __init__(self, main: MainScreen) -> None:
        self._main = main
        self._pace = 2
        self._timer: Timer | None = None
        self._place: int | None = None
        """The phase at work, from 0; LAST until it is known how many there are; None where there is no walk."""
        self._shown: int | None = None
        """The phase that was selected; what the user selects afterwards stays."""
        self._begun: tuple[str, Selection] | None = None
        """The pane on the right and what was selected when the walk began."""
        self._owed: deque[int] = deque()
        """The steps by key that are not made yet: 1 on, -1 back. They wait for the phases of the epoch come to."""
        self._needs_epoch = False
        """Whether the first epoch is to be trained, if none has been when all that was asked for before is done."""

    @property
    def walking(self) -> bool:
        """Whether an epoch is walked through."""
        return self._place is not None

    def toggle(self) -> None:
        """Begin, or halt, or go on."""
        if self._refused():
            return
        if self._timer is not None:
            self._halt()
        else:
            if self._place is None:
                self._begin()
            elif self._at_end:
                self._owed.append(1)
            self._timer = self._main.set_interval(PACES[self._pace], self._tick)
        self.take()

    def step(self, by: int) -> None:
        """Go a phase on or back by hand, into the next epoch and the one before too."""
        if self._refused():
            return
        self._halt()
        if self._place is None:
            self._begin()
        else:
            self._owed.append(by)
        self.take()

    def pace(self, by: int) -> None:
        """Go at another pace."""
        self._pace = min(max(self._pace + by, 0), len(PACES) - 1)
        if self._timer is not None:
            self._halt()
            self._timer = self._main.set_interval(PACES[self._pace], self._tick)
        self.take()
        if self._place is None:
            self._main.notify(f"The walk (k) will stay {PACES[self._pace]:g} s at each phase.")

    def end(self) -> None:
        """Walk no more."""
        if self.walking:
            self._halt()
            self._place = self._shown = self._begun = None
            self._owed.clear()
            self._main.send(ShowPhases(False))
            self._main.at_work = None

    def leave(self) -> None:
        """Walk no more, and come back to the pane and the quantity that the walk began from."""
        begun, main = self._begun, self._main
        self.end()
        if begun is not None:
            pane, before = begun
            main.right.current = pane
            now = main.selection
            main.selection = replace(before, shown=now.shown, order=now.order, most=now.most)

    def take(self) -> None:
        """Show the phase at work, once the trainer has come to its epoch."""
        main = self._main
        phases = main.view.phases if main.view else ()
        if self._needs_epoch and main.view is not None and main.is_settled:
            self._needs_epoch = False
            if main.view.epoch == 0:
                main.send(Step(1))
        if self._place is None or not phases or not main.is_settled:
            return
        if self._place == LAST:
            self._place = len(phases) - 1
        while self._owed and main.is_settled:
            self._go(self._owed.popleft(), len(phases))
        if not main.is_settled:
            return
        phase = phases[self._place]
        depth = main.described.depth if main.described else phase.layer
        seconds = None if self._timer is None else PACES[self._pace]
        place = self._place + 1
        main.at_work = AtWork(
            *(phase.stage, phase.layer, depth, phase.equation, phase.lines, place, len(phases), seconds),
            update=_update(main.view) if main.view else "",
            numbers=phase.numbers,
        )
        if self._shown != self._place:
            self._shown = self._place
            main.selection = _selected(main.selection, phase)

    def _refused(self) -> bool:
        """Say so where two files are shown: nothing is computed there that could be walked through."""
        described = self._main.described
        if described is None or described.recorded is None:
            return False
        self._main.notify(f"{UNEXPLAINED}.")
        return True

    def _begin(self) -> None:
        main, self._place = self._main, 0
        self._begun = main.right.current or "matrix", main.selection
        if main.right.current not in ("matrix", "explain"):
            main.right.current = "matrix"
        main.send(ShowPhases(True))
        self._needs_epoch = True

    @property
    def _at_end(self) -> bool:
        return self._place == len(self._main.view.phases if self._main.view else ()) - 1

    def _go(self, by: int, count: int) -> None:
        """Go to another of `count` phases; beyond the last one is the next epoch's first."""
        view, place = self._main.view, (self._place or 0) + by
        if 0 <= place < count:
            self._place = place
        elif by > 0:
            self._place, self._shown = 0, None
            self._main.send(Step(1))
        elif view is not None and view.epoch > 1:
            self._place, self._shown = LAST, None
            self._main.send(Step(-1, train=False))

    def _tick(self) -> None:
        """Go on by itself, to the epoch's end."""
        if not self._main.is_settled or self._shown != self._place:
            return
        if self._at_end:
            self._halt()
        else:
            self._owed.append(1)
        self.take()

    def _halt(self) -> None:
        if self._timer is not None:
            self._timer.stop()
            self._timer = None


def _update(view: View) -> str:
    """Say which update it is, where the epoch has several."""
    if view.updates < 2:
        return ""
    return (
        f"the last of {view.updates} updates" if view.inside is None else f"update {view.inside.update}/{view.updates}"
    )


def _selected(selection: Selection, phase: Phase) -> Selection:
    """Select what a phase has computed; for the loss, ŷ in the matrix and L where it is explained."""
    if isinstance(phase.tensor, TensorName):
        return selection.of(phase.tensor)
    from core.trace.names import Address  # noqa: PLC0415 - loads NumPy, which is there when a phase is

    return selection.of(TensorName(Quantity.ACTIVATION, phase.layer)).explaining(Address(phase.tensor))
