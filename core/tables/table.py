"""Table: the chosen columns of a data file; which columns are chosen, and what may stand in them."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from core.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from core.arrays import Float64Array

Column: TypeAlias = str | int
"""A column's name, or its number counted from 0."""

Columns: TypeAlias = tuple[Column, ...] | None
"""Those that are asked for; None for what `tables.read` takes then."""

MOST_NUMBERS = 100_000_000
"""In the chosen columns: 800 MB of float64."""


@dataclass(frozen=True)
class Table:
    """The columns of a data file that are inputs, and those that are targets; all finite."""

    file: str
    inputs: tuple[str, ...]
    """The names of x's columns; their numbers, where the file names none."""
    targets: tuple[str, ...]
    x: Float64Array
    """Shape (N, inputs)."""
    y: Float64Array
    """Shape (N, targets); where `labels` is given, shape (N, 1), each an index into it."""
    labels: tuple[str, ...] | None = None
    """The distinct texts of the only target, sorted; None where it is numbers."""
    lines: NDArray[np.int64] | None = None
    """The line, from 1, on which each row begins in a text file, shape (N,)."""

    def place(self, row: int, column: str | None = None) -> str:
        """Name a row, and a column in it, as an editor or NumPy counts them."""
        at = f"{self.file}: row {row}" if self.lines is None else f"{self.file}: line {self.lines[row]}"
        return at if column is None else f"{at}, column {column}"


@dataclass(frozen=True)
class Choice:
    """The numbers of the columns that are inputs, and of those that are targets."""

    inputs: tuple[int, ...]
    targets: tuple[int, ...]


def choose(names: Sequence[str] | None, width: int, inputs: Columns, targets: Columns, where: str) -> Choice:
    """Find the columns that are asked for, as `tables.read` says, among `width` that may have names.

    A column whose name is empty, such as the index that pandas writes, is chosen only by its number.

    Raises:
        DataError: a column is not there, is there twice or asked for twice, or none is left for the inputs.
    """
    usable = [at for at in range(width) if names is None or names[at]]
    wanted = None if targets is None else _numbers(names, width, targets, f"{where}: targets")
    ins = None if inputs is None else _numbers(names, width, inputs, f"{where}: inputs")
    if wanted is None:
        if not usable or (ins is not None and usable[-1] in ins):
            raise DataError("the last column is an input", where, "`targets` to name others")
        wanted = (usable[-1],)
    if ins is None:
        ins = tuple(at for at in usable if at not in wanted)
    if not ins:
        raise DataError("has no column but the target", where, "columns parted by commas, semicolons or tabs")
    return Choice(ins, wanted)


def _numbers(names: Sequence[str] | None, width: int, columns: tuple[Column, ...], where: str) -> tuple[int, ...]:
    found = tuple(_number(names, width, column, where) for column in columns)
    for at, number in enumerate(found):
        if number in found[:at]:
            raise DataError(f"column {shown(columns[at])} is named twice", where)
    return found


def _number(names: Sequence[str] | None, width: int, column: Column, where: str) -> int:
    """Return a column's number."""
    if isinstance(column, int):
        if not 0 <= column < width:
            raise DataError(f"column {column} is not there", where, f"a number from 0 to {width - 1}")
        return column
    if names is None:
        raise DataError(
            f"column {shown(column)} is not there, as the file names none", where, f"a number from 0 to {width - 1}"
        )
    if column not in names:
        raise DataError(f"column {shown(column)} is not there", where, _nearest(column, names))
    if list(names).count(column) > 1:
        raise DataError(f"column {shown(column)} is there twice", where, "its number")
    return names.index(column)


def _nearest(column: str, names: Sequence[str]) -> str:
    near = difflib.get_close_matches(column, names[:1000], n=1)
    if near:
        return f"{shown(near[0])}?"
    few = [shown(name) for name in names if name][:10]
    return f"one of {', '.join(few)}{', …' if len(names) > len(few) else ''}"


def shown(text: Column) -> str:
    """Return a name as an error shows it: short, and with nothing that a terminal would obey."""
    short = f"{text}" if len(f"{text}") <= 40 else f"{str(text)[:39]}…"
    return short if short.isprintable() else repr(short)


def checked(table: Table) -> Table:
    """Return the table, read-only, if it has a row and nothing but finite numbers.

    Raises:
        DataError: it has not; the first number that is not finite is named.
    """
    if not len(table.x):
        raise DataError("has no row", table.file, "a row for each sample")
    for values, names in ((table.x, table.inputs), (table.y, table.targets)):
        wrong = ~np.isfinite(values)
        if wrong.any():
            row, at = (int(each[0]) for each in np.nonzero(wrong))
            what = "a missing value" if np.isnan(values[row, at]) else f"{values[row, at]} is not finite"
            raise DataError(what, table.place(row, names[at]), "a number")
        values.setflags(write=False)
    return table


def coded(texts: NDArray[np.str_]) -> tuple[Float64Array, tuple[str, ...]]:
    """Return texts, shape (N,), as indices into their sorted distinct ones, shape (N, 1), and those."""
    labels, codes = np.unique(texts, return_inverse=True)
    return codes.astype(np.float64)[:, None], tuple(map(str, labels))
