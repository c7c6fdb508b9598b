"""The App: its main screen, its palette, its end."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from typing import TYPE_CHECKING

from textual.app import App, SystemCommand

from tui.actions import ACTIONS
from tui.screens.main import MainScreen

if TYPE_CHECKING:
    from collections.abc import Iterable

    from textual.screen import Screen

    from tui.conductor import Conductor


class MlpApp(App[None]):
    """mlp-tui's program."""

    TITLE = "mlp-tui"
    CSS_PATH = "mlp.tcss"

    def __init__(self, conductor: Conductor) -> None:
        super().__init__()
        self._main = MainScreen(conductor)

    def get_default_screen(self) -> Screen[None]:
        """Open with the three panes."""
        return self._main

    def on_mount(self) -> None:
        """Leave a clean terminal when asked to end from outside."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
            with contextlib.suppress(RuntimeError, ValueError):  # only the main thread's loop takes signals
                loop.add_signal_handler(number, self._end, 128 + number)

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """Offer every action in the palette, then what Textual has."""
        if screen is self._main:
            for action in ACTIONS:
                if action.scope == "main" and not action.name.startswith("app."):
                    label = action.label[0].upper() + action.label[1:]
                    yield SystemCommand(label, action.help, lambda name=action.name: self._perform(name))
        yield from super().get_system_commands(screen)

    async def _perform(self, action: str) -> None:
        await self._main.run_action(action)

    def _end(self, status: int) -> None:
        self.exit(return_code=status)
