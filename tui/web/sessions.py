"""Sessions: a process of its own for each visitor, of whom only so many find room; none outlives its page."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import sys
import tempfile
from asyncio.subprocess import PIPE
from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual_serve.app_service import AppService

from tui import served

if TYPE_CHECKING:
    from asyncio.subprocess import Process
    from collections.abc import AsyncIterator, Awaitable, Callable

    from tui.web.downloads import Downloads

GRACE = 3.0
"""Seconds in which a session's processes may end by themselves; then they are killed."""
TURN = 2 * GRACE
"""Seconds for which a visitor waits for a place."""
COMMAND = (sys.executable, "-P", "-c", "from tui.cli import main; main()")
"""`mlp-tui`, of the installation that this is."""
WIDTH, HEIGHT = (10, 400), (5, 200)
"""The least and the most columns and rows of a terminal."""


@dataclass(frozen=True)
class Program:
    """What runs in a session."""

    command: tuple[str, ...] = COMMAND
    trust: bool = False
    """Whether visitors may open this machine's files."""


class Session(AppService):
    """The program in a process of its own, in a folder of its own."""

    def __init__(
        self,
        program: Program,
        write_bytes: Callable[[bytes], Awaitable[None]],
        write_str: Callable[[str], Awaitable[None]],
        close: Callable[[], Awaitable[None]],
        downloads: Downloads,
    ) -> None:
        super().__init__(
            "", write_bytes=write_bytes, write_str=write_str, close=close, download_manager=downloads, debug=False
        )
        self._program = program
        self._folder = tempfile.mkdtemp(prefix="mlp-tui-session-")

    def _build_environment(self, width: int = 80, height: int = 24) -> dict[str, str]:
        environment = super()._build_environment(width, height)
        environment["TEXTUAL_DRIVER"] = "tui.web.driver:ServedDriver"
        environment[served.FOLDER] = self._folder
        if self._program.trust:
            environment[served.TRUSTED] = "1"
        return environment

    async def _open_app_process(self, width: int = 80, height: int = 24) -> Process:
        """Start the program, without a shell, in a group that can be ended as a whole."""
        self._process = await asyncio.create_subprocess_exec(
            *self._program.command,
            stdin=PIPE,
            stdout=PIPE,
            stderr=PIPE,
            env=self._build_environment(*_size(width, height)),
            cwd=None if self._program.trust else self._folder,
            start_new_session=True,
        )
        self._stdin = self._process.stdin
        return self._process

    async def run(self) -> None:
        """Hand on what the program writes until it has ended; then nothing more comes."""
        with contextlib.suppress(ConnectionError, asyncio.CancelledError):  # of its own reading, before that has begun
            await super().run()
        await self._say_what_is_left()
        await self._download_manager.cancel_app_downloads(self.app_service_id)
        await self.remote_close()

    async def _say_what_is_left(self) -> None:
        """Say here of what the program failed, where it had ended before anybody read that."""
        assert self._process is not None
        assert self._process.stderr is not None
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(GRACE):
                sys.stdout.write((await self._process.stderr.read()).decode("utf-8", "replace"))

    async def set_terminal_size(self, width: int, height: int) -> None:
        """Tell the program how large its terminal is."""
        await super().set_terminal_size(*_size(width, height))

    async def stop(self) -> None:
        """End the program and all that it has started; take away its folder."""
        try:
            if self._process is not None:
                await self._end(self._process)
        finally:
            await asyncio.to_thread(shutil.rmtree, self._folder, ignore_errors=True)

    async def _end(self, process: Process) -> None:
        await self._download_manager.cancel_app_downloads(self.app_service_id)
        try:
            async with asyncio.timeout(GRACE):
                await self.send_meta({"type": "quit"})
                await process.wait()
        except TimeoutError:
            pass
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)  # whatever is left of it, its trainer too
        self.stdin.close()
        await process.wait()
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task


class Places:
    """So many sessions at once."""

    def __init__(self, most: int) -> None:
        self.most = most
        self._free = asyncio.Semaphore(most)

    @contextlib.asynccontextmanager
    async def one(self) -> AsyncIterator[bool]:
        """Take a place for as long as a session lasts; False where there is none.

        It is waited for a little: who loads the page anew is there again before the session so far has ended.
        """
        try:
            async with asyncio.timeout(TURN):
                await self._free.acquire()
        except TimeoutError:
            yield False
            return
        try:
            yield True
        finally:
            self._free.release()


def _size(width: int, height: int) -> tuple[int, int]:
    """Bring a size that a stranger has sent into what a terminal may have."""
    return min(max(width, WIDTH[0]), WIDTH[1]), min(max(height, HEIGHT[0]), HEIGHT[1])
