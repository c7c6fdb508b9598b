"""Pieces as they are meant: headings that stand below, rows of one weight, tables with numbered rows and columns."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from core.dat.headings import understand

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from core.dat.pieces import Piece, Scan


def assemble(found: Scan) -> None:
    """Put the pieces of a scan together, in place, and say what was done."""
    _take_headings_from_below(found)
    found.pieces = list(_without_indices(found.pieces))
    found.pieces = list(_with_rows_together(found))


def _take_headings_from_below(found: Scan) -> None:
    """Where the first piece has no name, and one stands behind the last, each name belongs to the piece before it."""
    if not found.pieces or not _names(found.tail) or _names_or_says(found.pieces[0].heading):
        return
    if not all(_names(piece.heading) for piece in found.pieces[1:]):
        return
    below = [*(piece.heading for piece in found.pieces[1:]), tuple(found.tail)]
    found.pieces = [replace(piece, heading=heading) for piece, heading in zip(found.pieces, below, strict=True)]
    found.remarks.append("names were taken for those of the numbers above them")


def _names(heading: Sequence[str]) -> bool:
    return understand(heading).part is not None


def _names_or_says(heading: Sequence[str]) -> bool:
    """Whether a heading is more than a title: it names a tensor, or something else that its numbers are."""
    said = understand(heading)
    return said.part is not None or said.layer is not None


def _without_indices(pieces: Sequence[Piece]) -> Iterator[Piece]:
    """Drop the numbers that pandas and others put on rows and columns: 0, 1, 2, … above and at the left."""
    after = iter([*pieces[1:], None])
    skip = False
    for piece in pieces:
        table = next(after)
        if skip:
            skip = False
        elif table is not None and _is_index_of(piece, table):
            skip = True
            yield replace(table, heading=piece.heading, values=table.values[:, 1:], unit=table.unit[:, 1:])
        else:
            yield piece


def _is_index_of(piece: Piece, table: Piece) -> bool:
    """Whether a row counts the columns of the table that follows, whose first column counts its rows."""
    if table.heading or piece.values.ndim != 2 or table.values.ndim != 2:
        return False
    rows, columns = table.values.shape
    counts = piece.values.shape == (1, columns - 1) and np.array_equal(piece.values[0], np.arange(columns - 1))
    return bool(counts and np.array_equal(table.values[:, 0], np.arange(rows)))


def _with_rows_together(found: Scan) -> Iterator[Piece]:
    """Put lists of the same length that follow one another under a weight's name together: they are its rows."""
    pieces = iter(found.pieces)
    piece = next(pieces, None)
    while piece is not None:
        rows = [piece]
        piece = next(pieces, None)
        while piece is not None and _is_next_row(rows[0], piece):
            rows.append(piece)
            piece = next(pieces, None)
        yield rows[0] if len(rows) == 1 else _together(rows, found.remarks)


def _is_next_row(first: Piece, piece: Piece) -> bool:
    if piece.heading or first.values.ndim != 1 or piece.values.shape != first.values.shape:
        return False
    part = understand(first.heading).part
    return part == "W" or (part == "b" and first.count == 1)


def _together(rows: Sequence[Piece], remarks: list[str]) -> Piece:
    called = rows[0].heading[-1][:50]
    remarks.append(
        f"line {rows[0].line}: {len(rows)} lists of {rows[0].count} under {called!r} were taken for its rows"
    )
    values, unit = (np.stack([getattr(row, each) for row in rows]) for each in ("values", "unit"))
    return replace(rows[0], values=values, unit=unit)
