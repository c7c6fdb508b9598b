"""What the server gives out beside sessions and downloads: a page and what it loads. Nothing else can be reached."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_OWN = {
    "/": ("page.html", "text/html"),
    "/static/page.css": ("page.css", "text/css"),
    "/static/page.js": ("page.js", "text/javascript"),
}
_OF_TEXTUAL = {
    "/static/textual.js": ("js/textual.js", "text/javascript"),
    "/static/xterm.css": ("css/xterm.css", "text/css"),
    "/static/mono.ttf": ("fonts/RobotoMono-VariableFont_wght.ttf", "font/ttf"),
    "/static/mono-italic.ttf": ("fonts/RobotoMono-Italic-VariableFont_wght.ttf", "font/ttf"),
}


@dataclass(frozen=True)
class File:
    """A file as it is sent."""

    content: bytes
    mime_type: str


def files() -> Mapping[str, File]:
    """Return all files by their paths in the address: the table of all that can be asked for."""
    found = {}
    for package, table in (("tui.web", _OWN), ("textual_serve", _OF_TEXTUAL)):
        folder = resources.files(package) / "static"
        for path, (name, mime_type) in table.items():
            found[path] = File((folder / name).read_bytes(), mime_type)
    return found
