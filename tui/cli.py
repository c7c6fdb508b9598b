"""The command line. What is not needed is not imported: a bare `mlp-tui` paints before NumPy or PyTorch are loaded."""

from __future__ import annotations

import os
import sys

DEFAULT = "notebook"


def main() -> None:
    """Run `mlp-tui`."""
    words = sys.argv[1:]
    sys.exit(_open(DEFAULT) if not words else _command(words))


def _command(words: list[str]) -> int:
    """Run a command line that says something; what the user can mend is one line and status 2."""
    from core.errors import MlpError  # noqa: PLC0415 - a bare start needs none of this

    try:
        return _parsed(words)
    except MlpError as error:
        print(f"mlp-tui: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141


def _parsed(words: list[str]) -> int:
    from cyclopts import CycloptsError  # noqa: PLC0415

    from tui.commands import app  # noqa: PLC0415

    try:
        status = app(words, exit_on_error=False, print_error=False, result_action="return_value")
    except CycloptsError as error:
        text = " ".join(str(error).split())
        print(f"mlp-tui: {text} (see mlp-tui --help)", file=sys.stderr)
        return 2
    return status if isinstance(status, int) else 0


def _open(source: str) -> int:
    """Open the screen on an experiment that is known to be right."""
    problem = _terminal_problem()
    if problem:
        print(f"mlp-tui: {problem}; mlp-tui train works without one", file=sys.stderr)
        return 2
    from tui.conductor import ProcessConductor  # noqa: PLC0415

    conductor = ProcessConductor(source)  # first, so that it starts while Textual is imported
    try:
        from tui.app import MlpApp  # noqa: PLC0415

        app = MlpApp(conductor)
        app.run()
        return app.return_code or 0
    finally:
        conductor.close()


def _terminal_problem() -> str | None:
    """Say why the screen can't be drawn here, if it can't."""
    if not sys.stdin.isatty() or not sys.stdout.isatty() or not sys.stderr.isatty():
        return "the screen needs a terminal, not a pipe or a file"
    if os.environ.get("TERM", "dumb") == "dumb":
        return "the screen needs a terminal that can move its cursor (TERM is dumb)"
    return None


open_screen = _open
