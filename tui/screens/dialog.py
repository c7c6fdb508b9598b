"""Dialog: a modal screen that takes the keys that were typed before it had come up."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Generic, TypeVar

from textual.message import Message
from textual.screen import ModalScreen

if TYPE_CHECKING:
    from textual.events import Key

DIALOGS = Path(__file__).with_name("dialogs.tcss")
"""How all that lies over the panes looks; read when the first of it comes up."""

Answer = TypeVar("Answer")


class Dialog(ModalScreen[Answer], Generic[Answer]):
    """A modal screen with what is to be in focus first; the app holds keys back until it is."""

    class Ready(Message):
        """It takes keys from now on."""

    class Echo(Message):
        """What a widget had to say of a key has been said before this."""

        def __init__(self, key: Key) -> None:
            super().__init__()
            self.key = key

    CSS_PATH = DIALOGS
    FIRST: ClassVar[str] = ""
    """A selector."""

    AUTO_FOCUS = None
    ready = False
    """Whether keys go where they are meant to go."""

    def on_mount(self) -> None:
        """Put the first widget in focus, at once and not when the app comes to it."""
        self.set_focus(self.query_one(self.FIRST))
        self.ready = True
        self.app.post_message(self.Ready())
