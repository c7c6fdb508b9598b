"""The program's end of the process that runs the user's file: starts it, asks it, and ends it where it must."""

from __future__ import annotations

import contextlib
import linecache
import os
import re
import select
import signal
import stat
import subprocess
import sys
import threading
import time
from collections import deque
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from core.errors import GuestError
from core.guest.printable import printable
from core.guest.wire import DISABLED, Message, WireError, packed, unpacked

if TYPE_CHECKING:
    from collections.abc import Mapping

    from core.arrays import FloatArray
    from core.guest.described import Layout

GIGABYTE = 2**30
OUTPUT_KEPT = 20_000
"""Bytes of what the file prints that are kept: the first half of it, and the last."""
ROOT = Path(__file__).parents[2]
SECONDS_TO_END = 3.0
"""For the process, and those that it started; it takes milliseconds, but for a file that starts more and more."""
MOST_LINES = 12
"""Of the user's own that are told of a crash."""


@dataclass(frozen=True)
class Limits:
    """What the user's file may use."""

    seconds: float = 10.0
    """For all of its calls together."""
    memory: int = 2 * GIGABYTE
    """Bytes."""


class Output:
    """What the file printed: its beginning and its end, however much there was."""

    def __init__(self) -> None:
        self.nbytes = 0
        self._begin = bytearray()
        self._end: deque[bytes] = deque()
        self._end_bytes = 0
        self._lock = threading.Lock()

    def add(self, chunk: bytes) -> None:
        """Take some more."""
        half = OUTPUT_KEPT // 2
        with self._lock:
            self.nbytes += len(chunk)
            room = half - len(self._begin)
            self._begin += chunk[:room]
            rest = chunk[room:][-half:]
            if rest:
                self._end.append(rest)
                self._end_bytes += len(rest)
            while self._end_bytes - (len(self._end[0]) if self._end else 0) >= half:
                self._end_bytes -= len(self._end.popleft())

    def text(self) -> str:
        """Return what is kept of it; what is not is counted."""
        with self._lock:
            end = b"".join(self._end)[-OUTPUT_KEPT // 2 :]
            left_out = self.nbytes - len(self._begin) - len(end)
            begin = bytes(self._begin)
        between = f"\n… {left_out:,} bytes left out …\n".encode() if left_out else b""
        return (begin + between + end).decode("utf-8", "replace")


class Guest:
    """The user's file in a process of its own; a process that ended or had to be ended is not used again."""

    def __init__(self, path: Path, limits: Limits | None = None) -> None:
        self.path = path.absolute()
        self.limits = limits or Limits()
        self.output = Output()
        self.left = self.limits.seconds
        """Seconds that the file's calls may still take."""
        self.constants: dict[str, Any] = {}
        """What the file says of its network."""
        self.unused: list[str] = []
        """Names among them that hold something else."""
        self.only_layout: Layout | None = None
        """How its weights have to lie, where the file does not say so and works with nothing else."""
        self.loaded = False
        self._ended = False
        self.rate: str | None = None
        """What its argument for the learning rate is called; None if it takes none."""
        self._start()

    @property
    def alive(self) -> bool:
        """Whether the process can still be asked."""
        return not self._ended and self._process.poll() is None

    def load(self) -> None:
        """Run the file from its beginning, and learn what it says of its network.

        Raises:
            GuestError: it can't be run, or has no function `gradients`.
        """
        self._refuse_unreadable()
        answer = self._ask(Message({"do": "load", "path": str(self.path)}))
        self.constants, self.rate = dict(answer.words["constants"]), answer.words["rate"]
        self.unused, self.loaded = list(answer.words["unused"]), True

    def _refuse_unreadable(self) -> None:
        """Refuse what is no file, as a pipe may never come to an end, what can't be opened, and notebooks."""
        try:
            if not stat.S_ISREG(self.path.stat().st_mode):
                raise GuestError(
                    f"is {'a folder' if self.path.is_dir() else 'no file'}", str(self.path), "a Python file"
                )
            self.path.open("rb").close()
        except OSError as error:
            why = "no such file" if isinstance(error, FileNotFoundError) else (error.strerror or str(error)).lower()
            raise GuestError(f"can't be read: {why}", str(self.path)) from None
        if self.path.suffix == ".ipynb":
            raise GuestError("is a notebook: save its code as a .py file", str(self.path))

    def call(
        self,
        arrays: Mapping[str, FloatArray],
        depth: int,
        *,
        fresh: bool = True,
        writable: bool = False,
        lr: float = 0.0,
    ) -> Message:
        """Call `gradients` with x, y, W1, b1, …; where `fresh`, in a module that has just been run anew.

        Raises:
            GuestError: it raised something, took too long, ended its process or returned no numbers.
        """
        words = {"do": "call", "depth": depth, "fresh": fresh, "writable": writable, "lr": lr}
        return self._ask(Message(words, dict(arrays)))

    def interrupt(self) -> None:
        """End the process from another thread: a call that is under way fails."""
        if not self._ended:
            self._process.terminate()

    def close(self) -> None:
        """End the process, and those that it started."""
        if self._ended:
            return
        self._ended = True
        os.close(self._life)
        self._process.terminate()  # a copy of this process may hold the other end of its life
        try:
            self._process.wait(SECONDS_TO_END)
        except subprocess.TimeoutExpired:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        for descriptor in (self._to, self._from, self._crash):
            with contextlib.suppress(OSError):
                os.close(descriptor)
        for stream in (self._process.stdout, self._process.stderr):
            if stream is not None:
                self._readers[stream].join(0.5)  # a process that got away may hold the pipe open
                if not self._readers[stream].is_alive():
                    stream.close()

    def __enter__(self) -> Guest:
        """Return the guest itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """End the process."""
        self.close()

    def _start(self) -> None:
        its_life, self._life = os.pipe()
        its_read, self._to = os.pipe()
        self._from, its_write = os.pipe()
        self._crash, its_crash = os.pipe()
        theirs = (its_life, its_read, its_write, its_crash)
        one_thread = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")
        path = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
        supervisor = str(Path(__file__).with_name("supervisor.py"))
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-u", supervisor, *map(str, theirs), str(self.limits.memory)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            pass_fds=theirs,
            start_new_session=True,
            env=os.environ | one_thread | {"PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"},
        )
        for descriptor in theirs:
            os.close(descriptor)
        os.set_blocking(self._crash, False)
        os.set_blocking(self._to, False)
        self._readers: dict[IO[bytes], threading.Thread] = {}
        for stream in (self._process.stdout, self._process.stderr):
            assert stream is not None
            self._readers[stream] = threading.Thread(target=self._drain, args=(stream,), daemon=True)
            self._readers[stream].start()

    def _drain(self, stream: IO[bytes]) -> None:
        """Read all that is printed, so that the file never waits for us; keep a little."""
        with contextlib.suppress(OSError, ValueError):
            while chunk := os.read(stream.fileno(), 65536):
                self.output.add(chunk)

    def _ask(self, request: Message) -> Message:
        begun = time.monotonic()
        try:
            answer = self._exchange(packed(request), begun + self.left)
        finally:
            self.left -= time.monotonic() - begun
        if "error" in answer.words:
            raise GuestError(
                printable(str(answer.words["error"])),
                str(self.path),
                lines=[printable(str(line)) for line in answer.words.get("lines", [])],
                read_only=bool(answer.words.get("read_only")),
            )
        return answer

    def _exchange(self, request: bytes, deadline: float) -> Message:
        try:
            self._write(request, deadline)
            return unpacked(lambda count: self._read(count, deadline))
        except TimeoutError:
            self.close()
            raise GuestError(
                f"took longer than the {self.limits.seconds:g} s that it may take", str(self.path)
            ) from None
        except (EOFError, BrokenPipeError):
            ending, lines = self._ending(), self._crashed_at()
            self.close()
            raise GuestError(ending, str(self.path), lines=lines) from None
        except WireError:
            self.close()
            raise GuestError("wrote into the pipe that its answers go through", str(self.path)) from None

    def _write(self, content: bytes, deadline: float) -> None:
        rest = memoryview(content)  # whose slices are no copies
        while rest:
            _, ready, _ = select.select([], [self._to], [], max(0.0, deadline - time.monotonic()))
            if not ready:
                raise TimeoutError
            rest = rest[os.write(self._to, rest) :]

    def _read(self, count: int, deadline: float) -> bytes:
        chunks = []
        while count:
            ready, _, _ = select.select([self._from], [], [], max(0.0, deadline - time.monotonic()))
            if not ready:
                raise TimeoutError
            chunk = os.read(self._from, min(count, 1_048_576))
            if not chunk:
                raise EOFError
            chunks.append(chunk)
            count -= len(chunk)
        return b"".join(chunks)

    def _ending(self) -> str:
        """Say how the process ended."""
        try:
            status = self._process.wait(SECONDS_TO_END)
        except subprocess.TimeoutExpired:
            self.close()
            return "closed the pipe that its answers go through"
        if status == DISABLED:
            return "took away what its process needs to answer: a builtin, a module or a pipe"
        if status >= 0:
            return f"ended its process with status {status}"
        with contextlib.suppress(ValueError):
            name = signal.Signals(-status).name
            return "crashed (segmentation fault)" if name == "SIGSEGV" else f"was ended by {name}"
        return f"was ended by signal {-status}"

    def _crashed_at(self) -> list[str]:
        """Return the user's own lines that were being run when it crashed, the innermost last."""
        try:
            dump = os.read(self._crash, 65536).decode("utf-8", "replace")
        except OSError:
            return []
        folder = str(self.path.parent) + os.sep
        lines = []
        for file, number, function in re.findall(r'^  File "(.+)", line (\d+) in (.+)$', dump, re.MULTILINE):
            if file.startswith(folder) and "site-packages" not in file:
                text = linecache.getline(file, int(number)).strip()
                lines.append(printable(f"{file.removeprefix(folder)}, line {number}, in {function}: {text}"))
        return lines[:MOST_LINES][::-1]
