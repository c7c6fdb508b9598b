"""CSV with arrays in its cells: a column a tensor and a row an epoch, or a row a tensor."""

from __future__ import annotations

import csv
import io
import re
from typing import TYPE_CHECKING

import numpy as np

from core.dat.pieces import Piece, Scan, scan
from core.dat.printed import printed
from core.dat.tokens import MOST_TOKENS
from core.errors import DumpError

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST_BRACKETS = 100_000
"""In all cells."""

_ARRAY_IN_A_CELL = re.compile(r'[",;\t]\s*(?:\w+\s*\(\s*)?\[')
_FLOAT = re.compile(r"\s*[+-]?(?:\d+\.\d*|\.\d+|\d+(?=e))(?:e[+-]?\d+)?\s*", re.IGNORECASE)


def scan_columns(text: str) -> Scan | None:
    """Return the pieces of a CSV whose first row names its columns; None where it is none with arrays in cells.

    A piece's heading is made of the row's other cells, each behind its column's name, and of its own column's name.

    Raises:
        DumpError: there is too much of it.
    """
    first = text.lstrip().partition("\n")[0]
    if "[" in first or not _ARRAY_IN_A_CELL.search(text):
        return None
    delimiter = max(",;\t", key=first.count)
    if not first.count(delimiter):
        return None
    _check_size(text)
    found = Scan()
    try:
        rows = list(_rows(text, delimiter))
    except csv.Error:
        return None
    names = rows[0]
    if any(len(row) != len(names) or any(cell.count("[") != cell.count("]") for cell in row) for row in rows):
        return None
    for number, row in enumerate(rows[1:], start=2):
        _scan_row(found, names, row, number)
    return found


def _check_size(text: str) -> None:
    """Refuse what would take longer than anybody waits."""
    if text.count("[") > MOST_BRACKETS or sum(map(text.count, ", \n")) > 2 * MOST_TOKENS:
        raise DumpError("is a CSV with too many arrays or numbers in its cells", None, ".npz or .safetensors")


def _rows(text: str, delimiter: str) -> Iterator[list[str]]:
    before = csv.field_size_limit(len(text) + 1)
    try:
        for row in csv.reader(io.StringIO(text), delimiter=delimiter, skipinitialspace=True):
            if any(cell.strip() for cell in row):
                yield row
    finally:
        csv.field_size_limit(before)


def _scan_row(found: Scan, names: list[str], row: list[str], number: int) -> None:
    arrays = [at for at, cell in enumerate(row) if "[" in cell]
    if not arrays:
        arrays = [at for at, cell in enumerate(row) if _FLOAT.fullmatch(cell)][-1:]
    context = tuple(
        f"{name} {cell}".strip() for at, (name, cell) in enumerate(zip(names, row, strict=True)) if at not in arrays
    )
    for at in arrays:
        heading = (*context, names[at]) if names[at].strip() else context
        if "[" not in row[at]:
            values, unit = printed([row[at].strip()])
            found.pieces.append(Piece(heading, values.reshape(()), unit.reshape(()), number))
            continue
        inner = scan(row[at])
        found.remarks += [f"row {number}, column {names[at][:40]!r}, {remark}" for remark in inner.remarks]
        found.pieces += [Piece(heading, each.values, np.asarray(each.unit), number) for each in inner.pieces]
