"""Served: whether the program is shown in a browser by `mlp-tui serve`, and what whoever sits there may then do.

The server says so in the environment of a session's process, which hands it on to its trainer.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

FOLDER = "MLP_TUI_SERVED"
"""Names the session's own folder, which is taken away at its end: files are written there to be downloaded."""
TRUSTED = "MLP_TUI_TRUSTED"
"""Is there where visitors may open the server's files."""

KEPT_BY_BROWSERS = frozenset({"ctrl+w", "ctrl+t", "ctrl+n", "ctrl+q", "f1"})
"""Keys that a browser may not hand on to a page."""
ONLY_SHIPPED = "only experiments that come with mlp-tui can be opened in a browser"


def is_served() -> bool:
    """Whether the screen is in a browser: what is written has to be downloaded."""
    return FOLDER in os.environ


def may_open_files() -> bool:
    """Whether files of this machine may be read for whoever sits before the screen."""
    return not is_served() or TRUSTED in os.environ


def works_here(key: str) -> bool:
    """Whether a key reaches the program, and does something there."""
    return not is_served() or (key not in KEPT_BY_BROWSERS and key != "ctrl+z")


def new_folder() -> Path:
    """Make a folder for what is to be downloaded next; nobody else's file is in it."""
    return Path(tempfile.mkdtemp(dir=os.environ[FOLDER]))


def clear_away() -> None:
    """Take the session's folder away: the server does so too, unless it has been killed."""
    shutil.rmtree(os.environ[FOLDER], ignore_errors=True)
