"""The pieces that rows of an explanation are made of, and how they are kept within their width."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Literal

    from core.trace import Address

    Kind = Literal["text", "heading", "dim", "wrong"]

MARK = 2
"""Columns at the left for the cursor's mark."""
GAP = 2
"""Columns between two of a table."""
CUT = "…"
"""What stands where something is left out for want of room."""


@dataclass(frozen=True)
class Piece:
    """A part of a row."""

    text: str
    kind: Kind = "text"
    link: Address | None = None
    """What Enter on it leads to."""
    number: float | None = None
    """What its colour is to show."""


Row = tuple[Piece, ...]


def wrapped(text: str, width: int, kind: Kind = "text", indent: int = 0) -> Iterator[Row]:
    """Break a text into rows, at spaces."""
    lines = textwrap.wrap(text, max(width - MARK, 20), subsequent_indent=" " * indent, break_on_hyphens=False)
    return ((Piece(" " * MARK + line, kind),) for line in lines)


def fitted(row: Row, width: int) -> Row:
    """Cut a row that is wider than its place, with a mark where it ends."""
    if len("".join(piece.text for piece in row).rstrip()) <= width:
        return row
    kept: list[Piece] = []
    for piece in row:
        if len(piece.text) >= width:
            return (*kept, replace(piece, text=piece.text[: max(width - 1, 0)] + CUT))
        kept.append(piece)
        width -= len(piece.text)
    return tuple(kept)


def sentence(text: str) -> str:
    """Begin with a capital, but leave names as they are."""
    return text[0].upper() + text[1:] if text.partition(" ")[0].isalpha() or text[0].isdigit() else text


def percent(share: float) -> str:
    """Write a share: `-31.7 %`."""
    return f"{share * 100:.1f} %" if abs(share) < 10 else f"{share * 100:.0f} %"
