"""Recent: what is remembered from one start to the next: the files opened last, the pane, the theme."""

from __future__ import annotations

import contextlib
from pathlib import Path

from core.errors import FileError
from core.files import write_whole
from tui.served import is_served

MOST = 10


def recent() -> list[Path]:
    """Return the files opened last, the latest first, those that are gone left out."""
    try:
        lines = _place().read_text("utf-8").splitlines()
    except (OSError, ValueError):
        return []
    return [path for line in lines if line and (path := Path(line)).is_file()][:MOST]


def remember(path: Path) -> None:
    """Put a file first; where that can't be kept, it is forgotten, and nobody is troubled."""
    path = path.absolute()
    paths = [path, *(each for each in recent() if each != path)][:MOST]
    _keep(_place(), "".join(f"{each}\n" for each in paths))


def remembered_pane() -> str:
    """Return the id of the pane that was turned to last; empty where there is none, and for visitors of a server."""
    return _told("pane")


def remember_pane(name: str) -> None:
    """Keep which pane was turned to, where that can be kept; what a visitor turns to is not the server's to keep."""
    _remember("pane", name)


def remembered_theme() -> str:
    """Return the name of the theme that was chosen last; empty as for the pane. The first frame is in it."""
    return _told("theme")


def remember_theme(name: str) -> None:
    """Keep which theme was chosen, as for the pane."""
    _remember("theme", name)


def _told(what: str) -> str:
    if is_served():
        return ""
    try:
        return (_folder() / what).read_text("utf-8").strip()
    except (OSError, ValueError):
        return ""


def _remember(what: str, name: str) -> None:
    if not is_served() and name != _told(what):
        _keep(_folder() / what, f"{name}\n")


def _keep(place: Path, text: str) -> None:
    with contextlib.suppress(OSError, FileError):
        place.parent.mkdir(parents=True, exist_ok=True)
        write_whole(place, text.encode(), replace=True)


def _folder() -> Path:
    from platformdirs import user_state_path  # noqa: PLC0415 - a command line remembers nothing

    return user_state_path("mlp-tui")


def _place() -> Path:
    return _folder() / "recent"
