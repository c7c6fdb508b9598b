"""The pieces of a text: arrays in brackets and tables without, each with the lines of prose that stand before it."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from core.dat import tokens as kinds
from core.dat.headings import marks_epoch, understand
from core.dat.printed import printed
from core.dat.tokens import tokens

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.arrays import Float64Array, FloatArray

DEEPEST = 6
"""Brackets within brackets; a weight's are two deep."""

HEADING_LINES = 6
"""How many lines before a piece are kept to tell what it is."""


@dataclass(frozen=True)
class Piece:
    """Numbers that belong together."""

    heading: tuple[str, ...]
    """The lines since the piece before, the nearest last."""
    values: FloatArray
    """Float64 where they were printed."""
    unit: Float64Array
    """Of the last place printed (see `core.dat.printed`), of the same shape."""
    line: int

    @property
    def count(self) -> int:
        """How many numbers it has."""
        return self.values.size


@dataclass
class Scan:
    """All that was found in a text."""

    pieces: list[Piece] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    tail: list[str] = field(default_factory=list)
    """The lines behind the last piece."""
    cut: bool = False
    """Whether an array had dots in the place of numbers."""


def scan(text: str) -> Scan:
    """Find the pieces of a text, in time and memory that grow as its length."""
    return _Scanner(text).scan()


@dataclass
class _Bracket:
    """A bracket that is open."""

    begin: int
    """How many numbers stood before it in its array."""
    inner: list[tuple[tuple[int, ...], int]] = field(default_factory=list)
    """The shape of each bracket in it, and where its numbers begin."""
    rows: list[int] = field(default_factory=list)
    """Where a semicolon begins a new row."""
    loose: bool = False
    """Whether numbers stand beside brackets in it, or its brackets are of different shapes."""


class _Scanner:
    """Reads one text, token by token."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._found = Scan()
        self._heading: list[str] = []
        self._open: list[_Bracket] = []
        self._numbers: list[str] = []
        """Of the array that is open, or of the rows of the table."""
        self._gap = False
        self._row: list[str] = []
        """Numbers of the line, behind its last word."""
        self._columns = 0
        """Of the table; 0 where none is begun."""
        self._factor = ""
        """What the next piece is to be multiplied by."""
        self._line, self._first = 1, 1
        self._prose, self._words, self._last_word, self._arrays = 0, 0, 0, 0

    def scan(self) -> Scan:
        """Read it all."""
        for kind, begin, end in tokens(self._text):
            if self._open:
                self._inside(kind, begin, end)
            else:
                self._outside(kind, begin, end)
        if self._open:
            self._abandon("a bracket that is never closed", len(self._text))
        self._end_line(len(self._text))
        self._end_table()
        self._found.tail = self._heading
        return self._found

    def _outside(self, kind: str, begin: int, end: int) -> None:
        if kind == kinds.NUMBER:
            self._row.append(self._text[begin:end])
        elif kind == kinds.OPEN:
            self._begin_array()
        elif kind == kinds.END:
            self._end_line(begin)
            self._line += 1
            self._prose, self._words, self._arrays = end, 0, 0
        elif kind in (kinds.WORD, kinds.GAP, kinds.CLOSE):
            self._words += 1
            self._last_word = end
            self._row.clear()

    def _begin_array(self) -> None:
        self._end_table()
        self._row.clear()
        self._numbers, self._gap, self._first = [], False, self._line
        self._open.append(_Bracket(0))

    def _inside(self, kind: str, begin: int, end: int) -> None:
        bracket = self._open[-1]
        if kind == kinds.NUMBER:
            self._numbers.append(self._text[begin:end])
            bracket.loose |= bool(bracket.inner)
        elif kind == kinds.OPEN:
            bracket.loose |= len(self._numbers) > bracket.begin and not bracket.inner
            self._open.append(_Bracket(len(self._numbers)))
            if len(self._open) > DEEPEST:
                self._abandon(f"brackets more than {DEEPEST} deep", end)
        elif kind == kinds.CLOSE:
            self._close(end)
        elif kind == kinds.ROW:
            bracket.rows.append(len(self._numbers))
        elif kind == kinds.END:
            self._line += 1
        elif kind == kinds.GAP:
            self._gap = True
        elif kind == kinds.WORD:
            self._abandon(f"{self._text[begin : min(end, begin + 20)]!r} among its numbers", end)

    def _close(self, end: int) -> None:
        done = self._open.pop()
        shape = _shape(done, len(self._numbers))
        if self._open:
            above = self._open[-1]
            if done.loose or shape is None:
                above.loose = True
                above.inner += done.inner
            elif shape != (0,):
                above.loose |= bool(above.inner) and above.inner[-1][0] != shape
                above.inner.append((shape, done.begin))
            return
        self._keep_prose()
        self._end_array(done, shape)
        self._prose, self._words, self._last_word = end, 0, end
        self._arrays += 1

    def _end_array(self, done: _Bracket, shape: tuple[int, ...] | None) -> None:
        if self._gap:
            self._found.cut = True
            self._remark(f"an array with … in the place of numbers was left out; print it whole, {_HOW_TO_PRINT}")
        elif done.loose or shape is None:
            self._keep_parts(done)
        elif shape != (0,):
            self._keep(self._numbers, shape)
        self._numbers = []

    def _keep_parts(self, done: _Bracket) -> None:
        """Keep a list of arrays of different shapes, each for itself."""
        held = 0
        for shape, begin in done.inner:
            size = int(np.prod(shape))
            self._keep(self._numbers[begin : begin + size], shape)
            held += size
        if held < len(self._numbers):
            self._remark(f"{len(self._numbers) - held} numbers beside brackets were left out")

    def _abandon(self, why: str, end: int) -> None:
        """Take what is open for prose, up to a word that ends there, and say so if there were numbers."""
        if len(self._numbers) > 1:
            self._remark(f"an array of {len(self._numbers):,} numbers was left out: {why}")
        if self._line != self._first:
            self._keep_prose()
            self._prose = max(self._last_word, self._text.rfind("\n", 0, end) + 1)
        self._words, self._last_word = self._words + 1, end
        self._open.clear()
        self._numbers = []

    def _keep_prose(self) -> None:
        """Keep what stands on the line before an array."""
        if self._words:
            self._keep_line(self._text[self._prose : self._last_word])

    def _end_line(self, end: int) -> None:
        """Take a line without brackets for a row of a table, for numbers behind a name, or for prose."""
        row, self._row = self._row, []
        if not self._words:
            if row and not self._arrays:
                self._add_row(row)
            elif not self._arrays:
                self._end_table()
            return
        self._end_table()
        said = self._text[self._prose : self._last_word]
        if (factor := _FACTOR.fullmatch(self._text[self._prose : end])) is not None:
            self._factor = factor[1]
        elif row and _is_value(row, said):
            self._keep_line(said)
            self._first = self._line
            self._keep(row, (len(row),) if len(row) > 1 else ())
        else:
            self._keep_line(self._text[self._prose : end])

    def _add_row(self, row: list[str]) -> None:
        if self._columns != len(row):
            self._end_table()
            self._columns, self._numbers, self._first = len(row), [], self._line
        self._numbers += row

    def _end_table(self) -> None:
        if self._columns:
            columns, self._columns = self._columns, 0
            self._keep(self._numbers, (len(self._numbers) // columns, columns))
            self._numbers = []

    def _keep_line(self, line: str) -> None:
        for part in _OPENED.split(line):
            if any(map(str.isalpha, part)):
                self._heading.append(part.strip()[:300])

    def _keep(self, words: Sequence[str], shape: tuple[int, ...]) -> None:
        values, unit = printed(words)
        if self._factor:
            factor, self._factor = float(self._factor), ""
            values, unit = values * factor, unit * factor
        early = [line for line in self._heading[:-HEADING_LINES] if marks_epoch(line)][-1:]
        heading = (*early, *self._heading[-HEADING_LINES:])
        self._heading.clear()
        self._found.pieces.append(Piece(heading, values.reshape(shape), unit.reshape(shape), self._first))

    def _remark(self, what: str) -> None:
        if len(self._found.remarks) < MOST_REMARKS:
            self._found.remarks.append(f"line {self._first}: {what}")


MOST_REMARKS = 20
"""More are not read."""

_HOW_TO_PRINT = "with np.set_printoptions(threshold=sys.maxsize) or torch.set_printoptions(threshold=10**9)"


_FACTOR = re.compile(r"\s*([+-]?\d+(?:\.\d*)?(?:e[+-]?\d+)?)\s*\*\s*", re.IGNORECASE)
"""A line of its own, `1.0e-03 *`, by which MATLAB and old versions of PyTorch say what all numbers below are to be
multiplied by.
"""

_OPENED = re.compile(r"\{(?=\s*[\"'])")
"""Where what stands before is said of all that a dict holds."""

_OF_NUMBERS = re.compile(
    r"(?:\b|_)(?:l?[12]?[- _]?norm|mean|avg|average|std|var|variance|min|max|minimum|maximum|sum|median|abs|shape|size|"
    r"dims?|count|numel|total)\b|%|±",
    re.IGNORECASE,
)
"""Words for figures that say something of a tensor, and are not its numbers."""


def _shape(done: _Bracket, count: int) -> tuple[int, ...] | None:
    """Return the shape of what stands in a bracket that closes; None where its rows are of different lengths."""
    if done.inner:
        return (len(done.inner), *done.inner[0][0])
    size = count - done.begin
    ends = [each - done.begin for each in done.rows if each < count]
    if not ends or not size:
        return (size,)
    lengths = {last - first for first, last in itertools.pairwise([0, *ends, size])}
    return (len(ends) + 1, lengths.pop()) if len(lengths) == 1 else None


def _is_value(row: list[str], said: str) -> bool:
    """Whether numbers at a line's end are a tensor's, and not part of its name: `b3: -0.75`, but not `layer 3`."""
    if _OF_NUMBERS.search(said):
        return False
    floats = any(not word.lstrip("+-").isdigit() for word in row)
    return (floats or said.rstrip().endswith((":", "="))) and understand((said,)).part is not None
