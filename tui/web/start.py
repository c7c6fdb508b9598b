"""`mlp-tui serve`: from the command line's words to a server, where what it needs is installed."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import MlpError
from core.experiment_file import DEFAULT, shipped

if TYPE_CHECKING:
    from collections.abc import Sequence

NEEDED = ("aiohttp", "textual_serve")
EXTRA = "pip install 'mlp-tui[web]'"


class ExtraError(MlpError):
    """What an extra installs is not there."""


def run(source: str, settings: Sequence[str], *, host: str, port: int, sessions: int, idle: float, trust: bool) -> int:
    """Serve an experiment, known to be right, until a signal ends it; return the exit status.

    Raises:
        ExtraError: what it needs is not installed.
        ServeError: it can't listen there.
    """
    missing = [name for name in NEEDED if find_spec(name) is None]
    if missing:
        raise ExtraError(f"serve needs {' and '.join(missing)}", expected=f"them to be installed, by {EXTRA}")
    from tui.web.server import Offer, serve  # noqa: PLC0415 - known to be there only now
    from tui.web.sessions import COMMAND, Program  # noqa: PLC0415

    program = Program((*COMMAND, *words_of(source, settings)), trust)
    return serve(Offer(program, host, port, sessions, idle))


def words_of(source: str, settings: Sequence[str]) -> tuple[str, ...]:
    """Return the words that open an experiment from any folder; none for the one that a bare start opens."""
    if source == DEFAULT and not settings:
        return ()
    name = source if source in shipped() else str(Path(source).absolute())
    return (name, *(word for setting in settings for word in ("--set", setting)))
