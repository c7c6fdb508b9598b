"""Pieces as they are meant: headings that stand below, rows of one weight, tables with numbered rows and columns."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from core.dat.headings import marks_neuron, understand, without_row

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from core.dat.pieces import Piece, Scan


def assemble(found: Scan) -> None:
    """Put the pieces of a scan together, in place, and say what was done."""
    _take_headings_from_below(found)
    found.pieces = [each for piece in found.pieces for each in _layers_of(piece)]
    found.pieces = list(_without_indices(found.pieces))
    found.pieces = list(_with_rows_together(found))
    found.pieces = list(_with_neurons_together(found))


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


def _layers_of(piece: Piece) -> list[Piece]:
    """Part a list of arrays of the same shape, which was read as one array: those of all layers under one name."""
    deep = piece.values.ndim == 3
    if not deep and (piece.values.ndim != 2 or 1 in piece.values.shape):
        return [piece]
    said = understand(piece.heading)
    if piece.values.shape[0] == 1 or said.layer is not None or not (deep or said.part == "b"):
        return [piece]
    parts = zip(piece.values, piece.unit, strict=True)
    layers = [replace(piece, heading=(), values=values, unit=unit) for values, unit in parts]
    return [replace(layers[0], heading=piece.heading), *layers[1:]]


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
    if first.values.ndim != 1 or piece.values.shape != first.values.shape:
        return False
    if piece.heading and not _is_said_again(first.heading, piece.heading):
        return False
    part = understand(first.heading).part
    return part == "W" or (part == "b" and first.count == 1)


def _is_said_again(first: Sequence[str], heading: Sequence[str]) -> bool:
    """Whether a row has the name of the one before, and nothing else, such as another epoch."""
    return len(heading) == 1 and bool(first) and without_row(first[-1]) == without_row(heading[0])


def _together(rows: Sequence[Piece], remarks: list[str]) -> Piece:
    called = rows[0].heading[-1][:50]
    remarks.append(
        f"line {rows[0].line}: {len(rows)} lists of {rows[0].count} under {called!r} were taken for its rows"
    )
    values, unit = (np.stack([getattr(row, each) for row in rows]) for each in ("values", "unit"))
    return replace(rows[0], values=values, unit=unit)


def _with_neurons_together(found: Scan) -> Iterator[Piece]:
    """Put the numbers of a layer's neurons together that are written neuron by neuron."""
    run: list[tuple[int, Piece]] = []
    for piece in found.pieces:
        neuron = marks_neuron(piece.heading)
        if neuron is None and run and piece.line == run[-1][1].line:
            neuron = run[-1][0]
        if run and (neuron is None or neuron < run[-1][0]):
            yield from _layer_of(run, found.remarks)
            run = []
        if neuron is None:
            yield piece
        else:
            run.append((neuron, piece))
    yield from _layer_of(run, found.remarks)


def _layer_of(run: Sequence[tuple[int, Piece]], remarks: list[str]) -> list[Piece]:
    """Return the weight and the bias whose neurons' shares these are, in order; else these themselves."""
    made: list[Piece] = []
    for part in ("W", "b"):
        shares = [(neuron, piece) for neuron, piece in run if understand(piece.heading).part == part]
        if not shares:
            continue
        first = shares[0][1]
        counted = [neuron for neuron, _ in shares] == list(range(shares[0][0], shares[0][0] + len(shares)))
        alike = len({piece.count for _, piece in shares}) == 1 and shares[0][0] <= 1
        if not counted or not alike or (part == "b" and first.count > 1):
            return [piece for _, piece in run]
        values, unit = (np.stack([getattr(piece, each).ravel() for _, piece in shares]) for each in ("values", "unit"))
        context = () if not made else made[0].heading[:-1]
        made.append(replace(first, heading=(*context, *first.heading), values=values, unit=unit))
    if sum(piece.count for piece in made) < sum(piece.count for _, piece in run):
        return [piece for _, piece in run]
    if made:
        remarks.append(f"line {run[0][1].line}: the numbers of {len(made[0].values)} neurons were put together")
    return made
