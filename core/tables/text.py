"""Tables in text: CSV and TSV, as spreadsheets, pandas and people write them.

Found by itself: the encoding (UTF-8; UTF-16 where it is marked; else Windows-1252, as Excel writes), what parts the
columns (tab, `;` or `,`), whether there is a header, whether decimals have a point or a comma. Lines that begin with
`#` are comments, unless it begins one of the errors that spreadsheets write, such as `#N/A`; rows with nothing in them
are left out.
"""

from __future__ import annotations

import codecs
import csv
import re
from array import array
from contextlib import suppress
from itertools import chain, islice
from typing import TYPE_CHECKING, NoReturn

import numpy as np

from core.errors import DataError
from core.tables.table import MOST_NUMBERS, Choice, Column, Columns, Table, checked, choose, coded, shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

DELIMITERS = "\t;,"
"""Tried in that order: a decimal comma is no delimiter where a semicolon is one."""

ROWS_TRIED, LINES_TRIED = 20, 10_000
"""A delimiter gives this many rows at the beginning the same number of columns; they are soon found, or never."""

MOST_LINES = 20_000_000
"""Empty ones and comments too; it is some seconds of reading."""

LONGEST_LINE = 16_000_000
"""In characters; longer ones would fill the memory with cells."""

MISSING = frozenset({"", "na", "n/a", "#n/a", "#nv", "nan", "null"})
"""What R, pandas, databases and spreadsheets write where there is no number, in lower case."""

_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_SEPARATOR = re.compile(r"sep=.?\s*")
"""What some programs write on the first line, for Excel."""

_DECIMAL_COMMA = re.compile(r"\s*[+-]?\d*,\d+([eE][+-]?\d+)?\s*", re.ASCII)
_PERHAPS_THOUSANDS = re.compile(r"\s*[+-]?[1-9]\d{0,2},\d{3}\s*", re.ASCII)
"""1,234 is a thousand to some; only where `;` parts the columns is a comma never between thousands."""

_COMMENT = re.compile(r"\s*#(?!N/A|NV\b|[A-Z0-9/]+[!?])")


class _DecimalCommaError(Exception):
    """A number was met that has a decimal comma."""


def read_text(path: Path, inputs: Columns, targets: Columns) -> Table:
    """Read columns of a text file, as `tables.read` says.

    Raises:
        DataError: a row or a cell is not what it should be; its line is named.
    """
    asked = (inputs, targets)
    try:
        with path.open("rb") as file:
            marked = file.read(2) in _UTF16
        for encoding in ("utf-16",) if marked else ("utf-8-sig", "cp1252"):
            with suppress(UnicodeDecodeError):
                return _read_as(path, encoding, asked)
    except OSError as error:
        raise DataError(f"can't be read ({error.strerror})", str(path)) from None
    place = str(path) if marked else f"{path}: line {_first_undecodable(path)}"
    raise DataError(f"is not {'UTF-16' if marked else 'UTF-8'} text", place, "UTF-8")


def _read_as(path: Path, encoding: str, asked: tuple[Columns, Columns]) -> Table:
    """Read a file that is in this encoding, unless a UnicodeDecodeError is raised."""
    delimiter = _delimiter(path, encoding)
    try:
        return _Reading(path, encoding, delimiter, ".", asked).table()
    except _DecimalCommaError:
        return _Reading(path, encoding, delimiter, ",", asked).table()


class _Rows:
    """The rows of a file, each with the line that it begins on, from 1; comments and empty rows are left out."""

    def __init__(self, lines: Iterable[str], delimiter: str, where: str) -> None:
        self._lines = lines
        self._where = where
        self._reader = csv.reader(self._without_comments(), delimiter=delimiter, strict=True)
        self._begun = 0
        self._between = True
        """Whether a row is complete: `#` begins a comment there, but not in a quoted cell of several lines."""

    def __iter__(self) -> Iterator[tuple[int, list[str]]]:
        while True:
            self._between = True
            try:
                cells = next(self._reader)
            except StopIteration:
                return
            except csv.Error as error:
                raise DataError(f"is no row ({error})", self._place(), 'quotes that close, and "" for one') from None
            if any(map(str.strip, cells)):
                yield self._begun, cells

    def _without_comments(self) -> Iterator[str]:
        for number, line in enumerate(self._lines, start=1):
            if number > MOST_LINES:
                raise DataError("has too many lines", self._where, f"at most {MOST_LINES:,}")
            if self._between and "#" in line and _COMMENT.match(line):
                continue
            if number == 1 and _SEPARATOR.fullmatch(line):
                continue
            if self._between:
                self._begun, self._between = number, False
            if len(line) > LONGEST_LINE:
                raise DataError("is too long", self._place(), f"at most {LONGEST_LINE:,} characters")
            yield line

    def _place(self) -> str:
        return f"{self._where}: line {self._begun}"


def _delimiter(path: Path, encoding: str) -> str:
    """Return what parts the first rows into equally many columns, else into the most."""
    tried = {each: _first_rows(path, encoding, each) for each in DELIMITERS}
    for each, rows in tried.items():
        widths = {len(row) for row in rows}
        if len(widths) == 1 and widths != {1}:
            return each
    return max(tried, key=lambda each: len(tried[each][0]) if tried[each] else 0)


def _first_rows(path: Path, encoding: str, delimiter: str) -> list[list[str]]:
    """Return a few rows as that delimiter parts them, those before one that is wrong."""
    rows: list[list[str]] = []
    with path.open(encoding=encoding, newline="") as file, suppress(DataError):
        rows.extend(cells for _, cells in islice(_Rows(islice(file, LINES_TRIED), delimiter, str(path)), ROWS_TRIED))
    return rows


def _is_header(cells: Sequence[str], asked: Iterable[Column]) -> bool:
    """Say whether a first row names the columns: those that are asked for, or no number, or pandas' 0, 1, 2, …"""
    if any(isinstance(each, str) and each in cells for each in asked):
        return True
    named = cells[1:] if cells[0] == "" else cells
    if len(named) >= (2 if len(named) < len(cells) else 3) and named == [str(at) for at in range(len(named))]:
        return True
    return not any(_is_number(cell) for cell in cells)


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return _DECIMAL_COMMA.fullmatch(cell) is not None
    return True


class _Reading:
    """One pass over a file, in which decimals have a point, or a comma."""

    def __init__(self, path: Path, encoding: str, delimiter: str, decimal: str, asked: tuple[Columns, Columns]) -> None:
        self._path = path
        self._where = str(path)
        self._encoding = encoding
        self._delimiter = delimiter
        self._decimal = decimal
        self._inputs, self._targets = asked
        self._headed = False
        self._names: tuple[str, ...] = ()
        self._lines = array("q")
        self._numbers = array("d")
        """The cells that are numbers, row by row: the inputs, then the targets if they are numbers."""
        self._texts: list[str] = []
        """The cells of the target, if it is text."""
        self._doubted: DataError | None = None
        """What refuses the first comma that may stand between thousands, as long as no other says what commas are."""
        self._settled = decimal == "." or delimiter == ";"

    def table(self) -> Table:
        """Read the file."""
        with self._path.open(encoding=self._encoding, newline="") as file:
            rows = iter(_Rows(file, self._delimiter, self._where))
            top, names = self._next(rows, "is empty", self._where)
            choice = self._laid_out(names)
            first = (top, names)
            if self._headed:
                first = self._next(rows, "has a header and no row below it", f"{self._where}: line {top}")
            text = self._text_column(choice, first[1])
            columns = choice.inputs if text is not None else (*choice.inputs, *choice.targets)
            for line, cells in chain([first], rows):
                self._take(line, cells, len(names), columns, text)
            if self._doubted and not self._settled:
                raise self._doubted
            return self._built(choice, len(columns))

    @staticmethod
    def _next(rows: Iterator[tuple[int, list[str]]], otherwise: str, where: str) -> tuple[int, list[str]]:
        for row in rows:
            return row
        raise DataError(otherwise, where, "a row for each sample")

    def _laid_out(self, cells: list[str]) -> Choice:
        """Tell from the first row what the columns are called, and choose among them."""
        names = [cell.strip() for cell in cells]
        self._headed = _is_header(names, (*(self._inputs or ()), *(self._targets or ())))
        self._names = tuple(names) if self._headed else tuple(map(str, range(len(names))))
        return choose(names if self._headed else None, len(names), self._inputs, self._targets, self._where)

    def _text_column(self, choice: Choice, cells: list[str]) -> int | None:
        """Return the number of the target, if it is a single one that is text in the first row below the header."""
        only = choice.targets[0]
        if len(choice.targets) > 1 or only >= len(cells) or self._may_be_number(cells[only]):
            return None
        return only

    def _may_be_number(self, cell: str) -> bool:
        return cell.strip().lower() in MISSING or _is_number(cell)

    def _take(self, line: int, cells: list[str], width: int, columns: tuple[int, ...], text: int | None) -> None:
        """Take a row in."""
        if len(cells) != width:
            raise DataError(
                f"has {len(cells)} column{'s' if len(cells) != 1 else ''}",
                f"{self._where}: line {line}",
                f"{width}, as the first row has",
            )
        picked = [cells[at] for at in columns]
        try:
            self._numbers.extend(self._parsed(picked))
        except ValueError:
            self._refuse(line, picked, columns)
        if not self._settled:
            self._doubt(line, picked, columns)
        if text is not None:
            self._texts.append(self._label(line, cells[text], text))
        self._lines.append(line)

    def _parsed(self, cells: list[str]) -> list[float]:
        """Return the numbers of a row; refuse what Python alone would take for one, such as 1_000."""
        joined = "".join(cells)
        if "_" in joined or not joined.isascii() or (self._decimal == "," and "." in joined):
            raise ValueError
        if self._decimal == "," and "," in joined:
            return [float(cell.replace(",", ".")) for cell in cells]
        return [float(cell) for cell in cells]

    def _doubt(self, line: int, cells: list[str], columns: tuple[int, ...]) -> None:
        """Look for a comma that can only be a decimal one, and keep in mind the first that may be another."""
        for at, cell in zip(columns, cells, strict=True):
            if "," in cell and not _PERHAPS_THOUSANDS.fullmatch(cell):
                self._settled = True
            elif "," in cell and self._doubted is None:
                shown_cell = cell.strip()
                self._doubted = DataError(
                    f"{shown_cell} may be {shown_cell.replace(',', '.')} or {shown_cell.replace(',', '')}",
                    self._place(line, at),
                    "a decimal point, and nothing between thousands",
                )

    def _place(self, line: int, at: int) -> str:
        return f"{self._where}: line {line}, column {shown(self._names[at])}"

    def _refuse(self, line: int, cells: list[str], columns: tuple[int, ...]) -> NoReturn:
        """Say which of a row's cells is no number, and why.

        Raises:
            _DecimalCommaError: it has a decimal comma, which was not looked for.
        """
        at, cell = next((at, cell) for at, cell in zip(columns, cells, strict=True) if not self._is_parsed(cell))
        place = self._place(line, at)
        if self._decimal == "." and _DECIMAL_COMMA.fullmatch(cell):
            raise _DecimalCommaError
        if cell.strip().lower() in MISSING:
            said = f" ({shown(cell.strip())})" if cell.strip() else ""
            raise DataError(f"a missing value{said}", place, "a number")
        if self._decimal == "," and "." in cell and _is_number(cell):
            raise DataError(f"{cell.strip()[:40]} has a decimal point, other numbers a comma", place, "one of the two")
        raise DataError(f"{cell.strip()[:40]!r} is text where a number belongs", place, "a number")

    def _is_parsed(self, cell: str) -> bool:
        try:
            self._parsed([cell])
        except ValueError:
            return False
        return True

    def _label(self, line: int, cell: str, at: int) -> str:
        """Return a class's name, as the cell gives it."""
        label = cell.strip()
        place = self._place(line, at)
        if not label:
            raise DataError("a missing value", place, "the name of a class")
        if len(label) > 80 or not label.isprintable():
            raise DataError(f"{label[:40]!r} is no name of a class", place, "at most 80 printable characters")
        return label

    def _built(self, choice: Choice, width: int) -> Table:
        """Return what was read, `width` numbers a row, as a table."""
        if len(self._numbers) > MOST_NUMBERS:
            raise DataError(f"has {len(self._numbers):,} numbers", self._where, f"at most {MOST_NUMBERS:,}")
        values = np.array(self._numbers, np.float64).reshape(-1, width)
        x, y, labels = values[:, : len(choice.inputs)].copy(), values[:, len(choice.inputs) :].copy(), None
        if self._texts:
            y, labels = coded(np.array(self._texts))
        inputs, targets = (tuple(shown(self._names[at]) for at in each) for each in (choice.inputs, choice.targets))
        return checked(Table(self._where, inputs, targets, x, y, labels, np.array(self._lines, np.int64)))


def _first_undecodable(path: Path) -> int:
    """Return the line on which a file stops being UTF-8."""
    content = path.read_bytes()
    try:
        content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return content.count(b"\n", 0, error.start) + 1
    return 1
