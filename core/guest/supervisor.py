"""Stands between the program and the process that runs the user's file, and leaves nothing of that behind.

It is started as a script, `supervisor.py LIFE_FD READ_FD WRITE_FD CRASH_FD MEMORY`, and forks before anything large is
imported: the copy becomes the worker, in a session of its own. It waits until the worker has ended, or the program has
closed its end of LIFE_FD or has ended itself; then it kills what the worker has left behind, and ends as the worker
did. On Linux, orphans of the worker become its children, so that it finds those too that have begun a session of their
own.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import select
import signal
import sys
import time

SECONDS_FOR_THE_REST = 2.0
"""How long processes are looked for that were left behind; a file may start them faster than they can be killed."""
PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36
"""From linux/prctl.h."""


def main() -> None:
    """Take the descriptors and the memory limit from the command line."""
    life, read_fd, write_fd, crash_fd, memory = (int(word) for word in sys.argv[1:6])
    _control(PR_SET_CHILD_SUBREAPER, 1)
    own = os.getpid()
    worker = os.fork()
    if worker == 0:
        os.close(life)
        os.setsid()
        _control(PR_SET_PDEATHSIG, signal.SIGKILL)
        _work(own, read_fd, write_fd, crash_fd, memory)
    for descriptor in (read_fd, write_fd, crash_fd):
        os.close(descriptor)
    status = _waited(worker, life)
    _kill_the_rest(worker)
    _end_as(status)


def _control(option: int, value: int) -> None:
    """Call prctl, where there is one."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


def _work(parent: int, read_fd: int, write_fd: int, crash_fd: int, memory: int) -> None:
    from core.guest.worker import run  # noqa: PLC0415 - it imports NumPy, which this process has no use for

    run(parent, read_fd, write_fd, crash_fd, memory)
    os._exit(0)


def _waited(worker: int, life: int) -> int:
    """Wait until the worker has ended, and return its status; end it once the program is gone or asks for it."""
    woken, wake = os.pipe()
    for descriptor in (woken, wake):
        os.set_blocking(descriptor, False)
    signal.set_wakeup_fd(wake)
    for each in (signal.SIGCHLD, signal.SIGTERM):
        signal.signal(each, lambda *_: None)
    while True:
        status = _ended(worker)
        if status is not None:
            return status
        ready, _, _ = select.select([life, woken], [], [])
        if life in ready or (woken in ready and signal.SIGTERM in os.read(woken, 512)):
            os.kill(worker, signal.SIGKILL)
            return os.waitpid(worker, 0)[1]


def _ended(worker: int) -> int | None:
    """Take note of all children that have ended; return the worker's status if it is among them."""
    while True:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if pid == worker:
            return status
        if pid == 0:
            return None


def _kill_the_rest(worker: int) -> None:
    """Kill the worker's session, then every child; theirs become ours, and are next."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(worker, signal.SIGKILL)
    until = time.monotonic() + SECONDS_FOR_THE_REST
    with contextlib.suppress(ChildProcessError):
        while time.monotonic() < until:
            for pid in _children():
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.kill(pid, signal.SIGKILL)
            if os.waitpid(-1, os.WNOHANG)[0] == 0:
                time.sleep(0.001)  # they have been killed, and end in a moment


def _children() -> list[int]:
    """Return the processes whose parent this is; none where there is no /proc."""
    own, found = str(os.getpid()), []
    with contextlib.suppress(OSError):
        for name in os.listdir("/proc"):  # noqa: PTH208 - pathlib takes longer to import than all of this to run
            if name.isdigit() and _parent_of(name) == own:
                found.append(int(name))
    return found


def _parent_of(pid: str) -> str:
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:  # noqa: PTH123
            return file.read().rpartition(")")[2].split()[1]  # a process's name may hold anything
    except OSError:
        return ""


def _end_as(status: int) -> None:
    """End as the worker did: with its status, or by the signal that ended it."""
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        with contextlib.suppress(OSError, ValueError):
            import resource  # noqa: PLC0415 - for this alone

            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
            signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)
    os._exit(os.waitstatus_to_exitcode(status) & 0xFF)


if __name__ == "__main__":
    main()
