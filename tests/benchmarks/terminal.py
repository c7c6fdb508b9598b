"""A terminal for benchmarks: a pty that is read as soon as something comes, and not interpreted."""

from __future__ import annotations

import contextlib
import os
import re
import select
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pexpect

if TYPE_CHECKING:
    from collections.abc import Callable

PROGRAM = [sys.executable, "-c", "from tui.cli import main; main()"]
"""`mlp-tui`, of the tree that this file belongs to."""

ROOT = Path(__file__).parents[2]
PATIENCE = 60.0
_CONTROL = re.compile(rb"\x1b(?:\[[0-9;:?<>=]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[()][A-Z0-9]|.)")


class Terminal:
    """A program in a terminal of 120 × 40."""

    def __init__(self, command: list[str]) -> None:
        environment = {**os.environ, "TERM": "xterm-256color", "PYTHONPATH": str(ROOT), "COLORTERM": "truecolor"}
        self._state = tempfile.TemporaryDirectory()  # what is remembered of other starts is not measured
        environment["XDG_STATE_HOME"] = self._state.name
        environment.pop("PYTHONDONTWRITEBYTECODE", None)  # what the first start compiles stays, as pip's does
        self.begun = time.perf_counter()
        self._child = pexpect.spawn(command[0], command[1:], env=environment, dimensions=(40, 120))
        self._child.delaybeforesend = None
        self._descriptor = self._child.child_fd
        self.alive = True

    @property
    def pid(self) -> int:
        """The program's process."""
        return int(self._child.pid)

    def press(self, keys: bytes) -> float:
        """Send keys; return when."""
        os.write(self._descriptor, keys)
        return time.perf_counter()

    def read(self, seconds: float) -> bytes:
        """Return what comes within that time, as soon as something does."""
        if not select.select([self._descriptor], [], [], seconds)[0]:
            return b""
        try:
            data = os.read(self._descriptor, 1 << 16)
        except OSError:
            data = b""
        self.alive = bool(data)
        return data

    def until(self, found: Callable[[bytes], bool], what: str) -> float:
        """Read until what has come since the call, without control sequences, is found to do; return when that was.

        Raises:
            TimeoutError: it never came.
        """
        text, end = b"", time.perf_counter() + PATIENCE
        while not found(text):
            if not self.alive or time.perf_counter() > end:
                raise TimeoutError(f"never: {what}\n{text[-2000:].decode(errors='replace')}")
            text += plain(self.read(0.05))
        return time.perf_counter()

    def settle(self) -> None:
        """Read until nothing has come for a while."""
        while self.alive and self.read(0.3):
            pass

    def wait(self) -> float:
        """Read until the program has ended; return when."""
        while self.alive:
            self.read(0.05)
        self._child.wait()
        return time.perf_counter()

    def close(self) -> None:
        """End the program, however it is doing."""
        with contextlib.suppress(OSError, pexpect.ExceptionPexpect):
            self._child.close(force=True)
        self._state.cleanup()


def plain(data: bytes) -> bytes:
    """Return what a terminal would write, without what moves and colours it."""
    return _CONTROL.sub(b"", data)


def children(pid: int) -> list[int]:
    """Return the processes that a process has started and that are alive."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                state, parent = (entry / "stat").read_text().rpartition(")")[2].split()[:2]
                if int(parent) == pid and state != "Z":
                    found.append(int(entry.name))
    return found


def lives(pid: int) -> bool:
    """Whether a process is there; one that has ended and that nobody has asked about yet is not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
