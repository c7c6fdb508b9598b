"""Hearing: what the trainer says, and what the main screen makes of it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tui.findings import Checkup
from tui.protocol import (
    Described,
    Dumped,
    Ended,
    Event,
    MayRestart,
    NotDumped,
    NotSaved,
    Said,
    Saved,
    View,
)
from tui.selection import Selection
from tui.shown import views_of

if TYPE_CHECKING:
    from tui.screens.main import MainScreen


class Hearing:
    """Takes in what the trainer says, for the main screen."""

    def __init__(self, main: MainScreen) -> None:
        self._main = main

    def take(self, event: Event) -> None:
        """Show what is to be shown of it, ask what it asks, or say it."""
        main = self._main
        match event:
            case Described():
                self._take_description(event)
            case View():
                self._take_view(event)
            case NotDumped(_, reason) | NotSaved(_, reason):
                main.notify(reason, severity="error", markup=False, timeout=10)
            case MayRestart(trained):
                main.action_ask_to_restart(trained)
            case Dumped(_, paths, nbytes):
                main.errands.written(paths, nbytes)
            case Saved(_, path, nbytes):
                main.errands.written((path,), nbytes)
            case Said(text, severity):
                main.notify(text, severity=severity, markup=False, timeout=10 if severity == "error" else 5)
            case Checkup():
                main.checkup = event
            case Ended(reason):
                text = f"The trainer has stopped ({reason}). Press r to start again."
                main.notify(text, severity="error", markup=False, timeout=3600)

    def _take_view(self, view: View) -> None:
        main = self._main
        main.history.take(view.series)
        main.view = view
        main.asked_for.take(view)
        main.slow_motion.take()

    def _take_description(self, event: Described) -> None:
        """Take in what is run; look at a tensor that it has."""
        main = self._main
        if main.selection.layer > event.depth:
            main.selection = Selection(shown=main.selection.shown)
        if main.selection.shown not in views_of(event.engines):
            main.selection = replace(main.selection, shown=event.engines[0])
        if main.described is not None and main.described.run != event.run:
            main.slow_motion.end()
        before, main.described = main.of_files, event
        if main.of_files != before:
            main.refresh_bindings()
