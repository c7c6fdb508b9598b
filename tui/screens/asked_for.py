"""What has been asked of the trainer, and whether the screen shows it yet."""

from __future__ import annotations

import asyncio
import contextlib
from time import monotonic
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tui.conductor import Conductor
    from tui.protocol import Command, View

PATIENCE_AT_START = 3.0
"""Seconds that what is asked for may wait for the first View."""
PATIENCE = 1.0
"""Seconds for which a dialog waits for the epoch that is being trained, where another one can be offered."""


class AskedFor:
    """The commands that were sent, by their numbers, and the last View that came back."""

    def __init__(self, conductor: Conductor) -> None:
        self._conductor = conductor
        self._view: View | None = None
        self._sent = 0
        """The number of the last command."""
        self.at = 0.0
        """When it was sent."""
        self._news = asyncio.Event()
        """Set when the next View has come."""

    def send(self, command: Command) -> None:
        """Send the trainer a command."""
        self._sent, self.at = self._conductor.send(command), monotonic()

    def take(self, view: View) -> None:
        """Take in the View that is shown now."""
        self._view = view
        self._news.set()
        self._news = asyncio.Event()

    async def begun(self) -> None:
        """Wait for the first View, where there is none yet; not for ever, as the trainer may have ended."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE_AT_START):
                while self._view is None:
                    await self._news.wait()

    async def settled(self) -> View:
        """Return the View of all that has been asked for until now; a long training is not waited for."""
        number, until = self._sent, None
        while not self._is_shown(number):
            if self._view is not None and self._view.handled >= number and self._view.epoch > 0:
                until = until or asyncio.get_running_loop().time() + PATIENCE
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout_at(until):
                    await self._news.wait()
                    continue
            break
        assert self._view is not None
        return self._view

    @property
    def is_answered(self) -> bool:
        """Whether all that has been asked for shows, or at least the way there: a long training is not waited for."""
        view = self._view
        return view is not None and view.handled >= self._sent and (view.heading == view.epoch or view.epoch > 0)

    @property
    def is_settled(self) -> bool:
        """Whether all that has been asked for is shown."""
        return self._is_shown(self._sent)

    def _is_shown(self, number: int) -> bool:
        """Whether what has been asked for up to this command is shown."""
        view = self._view
        return view is not None and view.handled >= number and view.heading == view.epoch
