"""`mlp-tui compare`: what two files show of one another, as a table of their tensors or as JSON."""

from __future__ import annotations

import json
import math
from dataclasses import asdict
from typing import TYPE_CHECKING

from core.compare import Verdict, compare
from core.dat.foreign import read_any
from tui.digits import digits_text

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from core.compare import Comparison, Pair, Row

HEAD = ("tensor", "shape", "digits", "median", "ulps", "share", "worst", "A", "B", "outside")
LEFT = 2
"""So many columns stand at the left of their cells, the others at the right."""

MOST_PAIRS = 3
"""Of many passes in a file, the tables of so many are printed: those that don't agree first."""


def run(a: Path, b: Path, digits: int, *, as_json: bool) -> int:
    """Compare two files and print what comes of it; return the exit status.

    Raises:
        MlpError: a file can't be read.
    """
    compared = compare(read_any(a), read_any(b), digits=digits)
    if as_json:
        print(json.dumps(_plain(compared), ensure_ascii=False, allow_nan=False))
    else:
        print(f"A  {a}\nB  {b}")
        print("\n".join(_lines(compared)))
    return compared.verdict.status


def _lines(compared: Comparison) -> list[str]:
    lines: list[str] = []
    shown = sorted(compared.pairs, key=lambda pair: pair.verdict.equal)[:MOST_PAIRS]
    for pair in shown:
        if len(compared.pairs) > 1:
            lines += ["", f"{pair.labels[0]} and {pair.labels[1]}: {pair.line}", *_of_pair(pair)]
        elif pair.rows or pair.remarks:
            lines += ["", *_of_pair(pair)]
    if len(compared.pairs) > len(shown):
        lines += ["", f"{len(compared.pairs) - len(shown)} passes more are not shown; --json has them all"]
    if compared.remarks:
        lines += ["", *compared.remarks]
    return [*lines, "", compared.line]


def _of_pair(pair: Pair) -> list[str]:
    lines = [*_table(pair.rows), f"judged by {pair.basis}"] if pair.rows else []
    lines += pair.remarks
    if pair.other_way is not None:
        lines += ["", "read the other way:", *_of_pair(pair.other_way)]
        lines.append(pair.other_way.line)
    return lines


def _table(rows: Sequence[Row]) -> list[str]:
    """Return the table's lines; columns that say nothing are left out."""
    cells = [HEAD, *map(_cells, rows)]
    columns = [column for column in zip(*cells, strict=True) if any(cell for cell in column[1:])]
    widths = [max(map(len, column)) for column in columns]
    lines = []
    for row in zip(*columns, strict=True):
        padded = [
            cell.ljust(width) if at < LEFT else cell.rjust(width)
            for at, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append("  ".join(padded).rstrip())
    return lines


def _cells(row: Row) -> tuple[str, ...]:
    return (
        row.name,
        " × ".join(map(str, row.shape)),
        *(digits_text(each, same=row.ulps == 0) for each in row.digits),
        "" if row.ulps is None else "nan" if row.ulps < 0 else f"{row.ulps:,}" if row.ulps < 1e7 else f"{row.ulps:.1e}",
        "" if row.share is None else f"{row.share:.2g}",
        f"[{', '.join(map(str, row.worst))}]",
        repr(row.a),
        repr(row.b),
        f"{row.outside:,}" if row.outside else "",
    )


def _plain(compared: Comparison) -> object:
    """Return a comparison as JSON has it: verdicts by their names, null for what is not finite."""
    return _jsonable({**asdict(compared), "status": compared.verdict.status})


def _jsonable(value: object) -> object:
    if isinstance(value, Verdict):
        return value.name.lower()
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: _jsonable(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_jsonable(each) for each in value]
    return value
