"""Ask before something that can't be taken back."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.widgets import Button, Label

from tui.screens.dialog import Dialog

if TYPE_CHECKING:
    from textual.app import ComposeResult


class QuickButton(Button):
    """A button that takes every press: Textual's drops a second one while it shows the first."""

    def on_mount(self) -> None:
        """Show no press."""
        self.active_effect_duration = 0


class ConfirmScreen(Dialog[bool]):
    """A question, with the answer that changes nothing in focus."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,n", "dismiss(False)", "no"),
        Binding("y", "dismiss(True)", "yes"),
        Binding("left,right", "app.focus_next", "other answer", show=False),
    ]

    FIRST = "#no"

    def __init__(self, question: str, yes: str) -> None:
        super().__init__()
        self._question = question
        self._yes = yes

    def compose(self) -> ComposeResult:
        """Ask."""
        with Vertical(classes="dialog"):
            yield Label(self._question, markup=False)
            with Horizontal(classes="buttons"):
                yield QuickButton(f"{self._yes} (y)", id="yes", variant="warning", compact=True)
                yield QuickButton("Cancel (n)", id="no", compact=True)

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """Answer."""
        self.dismiss(event.button.id == "yes")
