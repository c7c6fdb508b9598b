"""The command line. What is not needed is not imported: a bare `mlp-tui` paints before NumPy or PyTorch are loaded."""

from __future__ import annotations

import contextlib
import os
import signal
import sys


def _leave(_number: int, _frame: object) -> None:
    """Leave at once: an interrupted import says so in many lines, or is swallowed by what it interrupts."""
    os._exit(130)


def main() -> None:
    """Run `mlp-tui`."""
    signal.signal(signal.SIGINT, _leave)
    words = sys.argv[1:]
    status = _command(words) if words else _screen()
    signal.signal(signal.SIGINT, _leave)
    if "textual" in sys.modules:
        _end_at_once(status)
    sys.exit(status)


def _end_at_once(status: int) -> None:
    """End without taking apart all that the screen was made of, for which the terminal would have to wait."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, AttributeError, ValueError):
            stream.flush()
    os._exit(status)


def _screen() -> int:
    from tui.launch import open_screen  # noqa: PLC0415 - a command may need no screen

    try:
        return open_screen()
    except KeyboardInterrupt:
        return 130


def _command(words: list[str]) -> int:
    """Run a command line that says something; what the user can mend is one line and status 2."""
    from cyclopts import CycloptsError  # noqa: PLC0415 - a bare start needs none of this

    from core.errors import MlpError  # noqa: PLC0415
    from tui.commands import app  # noqa: PLC0415

    try:
        status = app(words, exit_on_error=False, print_error=False, result_action="return_value")
        _flush()
    except CycloptsError as error:
        return _refused(f"{' '.join(str(error).split())} (see mlp-tui --help)")
    except MlpError as error:
        return _refused(str(error))
    except KeyboardInterrupt:
        return 130
    except (BrokenPipeError, SystemExit) as error:
        if not isinstance(error, BrokenPipeError) and not isinstance(error.__context__, BrokenPipeError):
            raise  # Rich, which writes the help, exits where its reader has gone
        _print_no_more()
        return 141
    except OSError as error:
        if error.filename is not None:
            raise  # no file but the output is written without its errors being told
        _print_no_more()
        return _refused(f"the output can't be written ({error.strerror or error})")
    return status if isinstance(status, int) else 0


def _flush() -> None:
    if sys.stdout is not None:  # None where the program was started with its output closed
        sys.stdout.flush()


def _print_no_more() -> None:
    """Let what is still to be printed go nowhere, or Python complains once more at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _refused(text: str) -> int:
    with contextlib.suppress(OSError):
        print(f"mlp-tui: {text}", file=sys.stderr)
    return 2
