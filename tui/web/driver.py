"""The driver of a served session: Textual's own for browsers, with what a server of strangers needs."""

from __future__ import annotations

import asyncio
import os
import threading
from functools import partial
from typing import TYPE_CHECKING, Any

from textual.drivers.web_driver import WebDriver
from textual.messages import ExitApp

if TYPE_CHECKING:
    from textual.app import App


class ServedDriver(WebDriver):
    """Writes packets whole, and ends the program when nobody is at the other end any more."""

    def __init__(
        self, app: App[Any], *, debug: bool = False, mouse: bool = True, size: tuple[int, int] | None = None
    ) -> None:
        super().__init__(app, debug=debug, mouse=mouse, size=size)
        self._writing = threading.Lock()
        self._write = partial(self._write_whole)

    def start_application_mode(self) -> None:
        """Begin, in the loop that the end is told to; the page has the focus until it says that it has not.

        Textual's driver begins without, by a message that comes after the page's own where the program starts slowly.
        """
        self._loop = asyncio.get_running_loop()
        super().start_application_mode()
        self._app.call_later(self.on_meta, "focus", {})

    def run_input_thread(self) -> None:
        """Read until the server has gone, or the program ends."""
        super().run_input_thread()
        if not self.exit_event.is_set():
            asyncio.run_coroutine_threadsafe(self._app._post_message(ExitApp()), self._loop)

    def on_meta(self, packet_type: str, payload: dict[str, object]) -> None:
        """Take what the server says; with the page in focus, have the footer drawn, which is left out until then."""
        super().on_meta(packet_type, payload)
        if packet_type == "focus":
            self._app.call_later(self._draw_footer)

    def _draw_footer(self) -> None:
        self._app.screen.refresh_bindings()

    def _write_whole(self, packet: bytes) -> int:
        """Write a packet that no other is mixed with: files are sent from the thread that reads, the screen is not."""
        with self._writing:
            at = 0
            while at < len(packet):
                at += os.write(self.fileno, packet[at:])
        return at
