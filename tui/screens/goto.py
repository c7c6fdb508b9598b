"""Go to an epoch by its number."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Input, Label

from tui.screens.dialog import Dialog

if TYPE_CHECKING:
    from textual.app import ComposeResult

FURTHEST = 1_000_000_000
"""As far as an experiment may plan."""


class GoToScreen(Dialog[int | None]):
    """Ask for an epoch; None where the user thinks better of it."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss(None)", "cancel")]

    FIRST = "Input"

    def __init__(self, what: str, range_text: str) -> None:
        super().__init__()
        self._what = what
        self._range_text = range_text

    def compose(self) -> ComposeResult:
        """Ask."""
        with Vertical(classes="dialog") as dialog:
            dialog.border_title = f"Go to {self._what}"
            yield Label(self._range_text, markup=False)
            yield Input(placeholder=self._what, max_length=20)
            yield Label("Enter goes there, Escape stays.", classes="hint")

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Go, if it is an epoch."""
        text = event.value.strip()
        if text.isdecimal() and int(text) <= FURTHEST:
            self.dismiss(int(text))
        else:
            given = f", not {text}" if text else ""
            self.notify(f"Give a whole number from 0 to {FURTHEST:,}{given}.", severity="warning", markup=False)


def to_an_epoch(trained: int) -> GoToScreen:
    """Ask for an epoch of a run."""
    return GoToScreen("epoch", f"Trained: 0 to {trained}. A later one is trained up to.")


def to_a_pass(count: int) -> GoToScreen:
    """Ask for a pass of two files."""
    return GoToScreen("pass", f"In the files: 1 to {count}, in their order.")
