"""The conductor: the screen's end of the trainer. Sends commands; hands what comes back to a listener.

Two makes: `ProcessConductor`, whose trainer is a process of its own, and `LocalConductor`, for tests, whose trainer
runs where it is. Nothing here imports NumPy: the process is started before the screen's own imports.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import IO, TYPE_CHECKING, Protocol

from tui.protocol import Command, Ended, Event

if TYPE_CHECKING:
    from tui.trainer import Trainer

Listener = Callable[[Event], object]


class Conductor(Protocol):
    """What the screen knows of the trainer."""

    def listen(self, listener: Listener) -> None:
        """Hand all that comes, and has come, to `listener`; called once, from a running event loop."""

    def send(self, command: Command) -> None:
        """Send a command; never waits for its answer."""

    def revive(self) -> None:
        """Start a trainer again, from the beginning, where it has ended."""

    def close(self) -> None:
        """End the trainer."""


class ProcessConductor:
    """A trainer in a process of its own, which ends with this one."""

    def __init__(self, source: str | None = None) -> None:
        self._source = [] if source is None else [source]
        self._listener: Listener | None = None
        self._reader: threading.Thread | None = None
        self._closed = False
        self._begin()

    def listen(self, listener: Listener) -> None:
        """Read in a thread of its own; `listener` must be safe to call from there."""
        self._listener = listener
        self._reader = threading.Thread(target=self._read, args=(self._connection, self._process), daemon=True)
        self._reader.start()

    def send(self, command: Command) -> None:
        """Send a command; where the trainer has ended, the reading thread reports it."""
        with contextlib.suppress(OSError):
            self._connection.send(command)

    def revive(self) -> None:
        """Start a new process where the old one has ended."""
        if self._process.poll() is not None and self._listener is not None:
            self._let_go()
            self._begin()
            self.listen(self._listener)

    def close(self) -> None:
        """End the process: it ends by itself when its connection does, or is killed after a moment."""
        self._closed = True
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        try:
            self._process.wait(0.25)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._let_go()

    def _begin(self) -> None:
        self._socket, theirs = socket.socketpair()
        self._errors: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - open as long as the process
        self._connection = Connection(os.dup(self._socket.fileno()))
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "tui.trainer", str(theirs.fileno()), *self._source],
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            stdout=self._errors,
            stderr=self._errors,
            start_new_session=True,
        )
        theirs.close()

    def _let_go(self) -> None:
        """Close what belongs to a process that has ended; its reader ends with the connection."""
        if self._reader is not None and self._reader is not threading.current_thread():
            self._reader.join(1)
        self._connection.close()
        self._socket.close()
        self._errors.close()

    def _read(self, connection: Connection, process: subprocess.Popen[bytes]) -> None:
        try:
            while True:
                self._tell(connection.recv())
        except (EOFError, OSError):
            if not self._closed:
                process.wait()
                self._tell(Ended(self._reason(process.returncode)))

    def _tell(self, event: Event) -> None:
        if self._listener is not None and not self._closed:
            self._listener(event)

    def _reason(self, status: int) -> str:
        if status < 0:
            return f"ended by {signal.Signals(-status).name}"
        self._errors.seek(0)
        lines = self._errors.read().decode(errors="replace").strip().splitlines()
        return lines[-1] if lines else f"exit status {status}"


class LocalConductor:
    """A trainer in the same event loop, working between the loop's other tasks; for tests."""

    def __init__(self, make: Callable[[Listener], Trainer]) -> None:
        self._make = make
        self._commands: asyncio.Queue[Command] = asyncio.Queue()
        self._task: asyncio.Task[None] | None = None

    def listen(self, listener: Listener) -> None:
        """Start the trainer."""
        self._task = asyncio.get_running_loop().create_task(self._work(listener))

    def send(self, command: Command) -> None:
        """Queue a command."""
        self._commands.put_nowait(command)

    def revive(self) -> None:
        """Do nothing: a trainer in the same process does not end."""

    def close(self) -> None:
        """Stop working."""
        if self._task is not None:
            self._task.cancel()

    async def _work(self, listener: Listener) -> None:
        trainer = self._make(listener)
        listener(trainer.view())
        while True:
            trainer.handle(await self._commands.get())
            while not self._commands.empty():
                trainer.handle(self._commands.get_nowait())
            while trainer.busy and self._commands.empty():
                trainer.work()
                await asyncio.sleep(0)
            listener(trainer.view())
