"""Keeper: leaves what has been trained where another trainer can go on with it, whatever becomes of this one.

It writes saved runs to two files in turn, which the screen's process has opened and which have no name: one of them is
whole at any moment, and both are gone when the last process that has them open is.
"""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

from core.saved_run import run_bytes
from tui.protocol import Kept

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.saved_run import SavedRun

SHARE = 0.004
"""How much of the time keeping may take: the longer it takes, the more seldom it is done."""
LEAST_PAUSE = 2.0
"""Seconds between two times, however little it takes."""


class Keeper:
    """Keeps a run in one of two files in turn."""

    def __init__(self, descriptors: Sequence[int]) -> None:
        self._descriptors = descriptors
        self._slot = 0
        self._kept: object = None
        self._due = 0.0

    def waits(self, state: object) -> float | None:
        """Return in how many seconds this state should be kept; None where it is the one that was kept last."""
        return None if state == self._kept else max(0.0, self._due - time.perf_counter())

    def keep(self, run: SavedRun, state: object) -> Kept:
        """Write a run; return where it is.

        Raises:
            OSError: there is no room.
            FileError: the run is none that could be read again.
        """
        begun = time.perf_counter()
        self._slot = 1 - self._slot
        descriptor = self._descriptors[self._slot]
        self._kept = state
        try:
            os.ftruncate(descriptor, 0)
            _write(descriptor, run_bytes(run, Path("checkpoint")))
        finally:
            ended = time.perf_counter()
            self._due = ended + max(LEAST_PAUSE, (ended - begun) / SHARE)
        return Kept(self._slot, run.epoch)


def _write(descriptor: int, content: bytes) -> None:
    at = 0
    while at < len(content):
        at += os.pwrite(descriptor, content[at : at + (1 << 24)], at)
