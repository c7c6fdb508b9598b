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

    def __init__(self, trained: int) -> None:
        super().__init__()
        self._trained = trained

    def compose(self) -> ComposeResult:
        """Ask."""
        with Vertical(classes="dialog") as dialog:
            dialog.border_title = "Go to epoch"
            yield Label(f"Trained: 0 to {self._trained}. A later one is trained up to.", markup=False)
            yield Input(placeholder="epoch", restrict=r"\d{0,10}")
            yield Label("Enter goes there, Escape stays.", classes="hint")

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Go, if it is an epoch."""
        if event.value.isdecimal() and int(event.value) <= FURTHEST:
            self.dismiss(int(event.value))
        else:
            self.notify(f"Give a whole number from 0 to {FURTHEST:,}.", severity="warning")
