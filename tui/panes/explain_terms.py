"""A sum as a table: its terms, what closes it, and as many columns beside them as there is room for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tui.numbers import scientific
from tui.panes.pieces import CUT, GAP, MARK, Piece, Row, percent, sentence, wrapped

if TYPE_CHECKING:
    from collections.abc import Iterator

    from core.trace import Explanation, Line, Sheet, Term
    from tui.panes.pieces import Kind

LEAST_DIGITS, TRIED_DIGITS = 4, 6
"""Significant digits of the result below which a column is left out instead; and those that a width is guessed by."""
SHARE = 8
RUNNING = "sum so far"
SHORTEST_LABEL = 12
PLAIN = 13
"""Columns of a number of a sum that can't be closed."""


def term_rows(explanation: Explanation, engine: str, width: int) -> Iterator[Row]:
    """Write a row a term, then what closes the sum."""
    label = _label(explanation, engine)
    laid = _laid(explanation, engine, label, width)
    if laid is None:
        yield from _plain_term_rows(explanation, engine, max(min(label, width - MARK - GAP - PLAIN), SHORTEST_LABEL))
    else:
        columns, numbers = laid
        yield columns.heading(explanation)
        for term, line in zip(explanation.terms, numbers.terms, strict=True):
            yield columns.term(term, line)
        yield from columns.closing(numbers)
    yield from doubt_rows(explanation, engine, width)


def doubt_rows(explanation: Explanation, engine: str, width: int) -> Iterator[Row]:
    """Say so where the formula does not give the engine's number."""
    from core.trace.words import doubt  # noqa: PLC0415 - loads NumPy, which is there by now

    closing = explanation.closings[engine]
    if not closing.reproduced:
        yield from wrapped(f"✗ {sentence(doubt(closing, of_sum=explanation.of_sum))}.", width, "wrong", indent=2)


# How wide the columns are


def _label(explanation: Explanation, engine: str) -> int:
    """Return the columns of the longest name at the left of the table."""
    closing = explanation.closings.get(engine)
    others = (_order(explanation), str(explanation.address), f"{explanation.left_out} more terms")
    names = (*others, closing.label if closing else "", *(term.text for term in explanation.terms))
    return max(map(len, names))


def _order(explanation: Explanation) -> str:
    return f"terms, {'largest first' if explanation.order == 'size' else 'in their order'}"


def _share(explanation: Explanation, engine: str) -> int:
    """Return the columns of the widest share; 0 where none has one."""
    known = [share for term in explanation.terms if (share := term.shares.get(engine)) is not None]
    return max([SHARE - 1, *(len(percent(share)) for share in known)]) if known else 0


def _laid(explanation: Explanation, engine: str, label: int, width: int) -> tuple[_Columns, Sheet] | None:
    """Lay the sum out with as many columns as leave enough digits to each number; None where it can't be closed."""
    from core.trace.sheet import sheet  # noqa: PLC0415 - loads NumPy, which is there when an explanation is

    tried = sheet(explanation, engine, TRIED_DIGITS)
    if tried is None:
        return None
    share = _share(explanation, engine)
    for columns in (_Columns(label, engine, share, True), _Columns(label, engine, share), _Columns(label, engine)):
        room = columns.room(width)
        digits = min(TRIED_DIGITS + room - _widest(tried, columns), _digits(explanation, engine))
        while digits >= LEAST_DIGITS:
            laid = sheet(explanation, engine, digits)
            assert laid is not None
            if (number := _widest(laid, columns)) <= room:
                return columns.of(number), laid
            digits -= 1
    laid = sheet(explanation, engine, LEAST_DIGITS)
    assert laid is not None
    number = _widest(laid, columns)
    return columns.shortened(width - MARK - GAP - max(number, len(engine))).of(number), laid


def _digits(explanation: Explanation, engine: str) -> int:
    return 17 if explanation.closings[engine].precision == "float64" else 9


def _widest(laid: Sheet, columns: _Columns) -> int:
    lines = [line for line in (*laid.terms, laid.left_out, laid.rounding, laid.result) if line is not None]
    return max(max(len(line.text), len(line.running) if columns.running else 0) for line in lines)


@dataclass(frozen=True)
class _Columns:
    """Label and value; beside them the share in the result and the sum so far, where there is room."""

    label: int
    engine: str
    share: int = 0
    """Columns of the shares; 0 where they are left out."""
    running: bool = False
    number: int = 0
    """Columns of a number."""

    def room(self, width: int) -> int:
        """Return the columns that a number may have."""
        room = width - MARK - self.label - GAP - (GAP + self.share if self.share else 0)
        if self.running:
            room = min((room - GAP) // 2, room - GAP - len(RUNNING))
        return room if room >= len(self.engine) else 0

    def of(self, number: int) -> _Columns:
        """Return them with so many columns for a number."""
        return _Columns(self.label, self.engine, self.share, self.running, number)

    def shortened(self, label: int) -> _Columns:
        """Return them with no more than so many columns for a label."""
        label = max(min(self.label, label), SHORTEST_LABEL)
        return _Columns(label, self.engine, self.share, self.running, self.number)

    @property
    def _value(self) -> int:
        return max(self.number, len(self.engine))

    def heading(self, explanation: Explanation) -> Row:
        """Name the columns."""
        running = f"{'':{GAP}}{RUNNING:>{self._sum}}" if self.running else ""
        share = f"{'':{GAP}}{'share':>{self.share}}" if self.share else ""
        name = f"{'':{MARK}}{_short(_order(explanation), self.label):<{self.label}}"
        return (Piece(f"{name}{'':{GAP}}{self.engine:>{self._value}}{share}{running}", "heading"),)

    @property
    def _sum(self) -> int:
        return max(self.number, len(RUNNING))

    def term(self, term: Term, line: Line) -> Row:
        """Write a term: its operands as links, its value, and what is beside it."""
        share = term.shares.get(self.engine)
        value = Piece(f"{'':{GAP}}{line.text:>{self._value}}", number=float(line.value))
        beside = Piece(self._beside("" if share is None else percent(share), line.running), "dim")
        return (Piece(" " * MARK), *_linked(term, self.label), value, beside)

    def closing(self, laid: Sheet) -> Iterator[Row]:
        """Write what is left out, what rounding makes of it, and the result."""
        if laid.left_out is not None:
            yield self._line(laid.left_out, "dim")
        yield self._line(laid.rounding, "dim")
        yield self._line(laid.result, "text")

    def _line(self, line: Line, kind: Kind) -> Row:
        text = f"{'':{MARK}}{_short(line.label, self.label):<{self.label}}{'':{GAP}}{line.text:>{self._value}}"
        return Piece(text, kind), Piece(self._beside("", line.running) if kind == "dim" else "", "dim")

    def _beside(self, share: str, running: str) -> str:
        parts = [f"{share:>{self.share}}"] if self.share else []
        parts += [f"{running:>{self._sum}}"] if self.running else []
        return "".join(" " * GAP + part for part in parts)


def _short(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 1] + CUT


def _linked(term: Term, width: int) -> Iterator[Piece]:
    """Write a term's text with its operands as links, as wide as the column; what is cut ends in its mark."""
    room = width if len(term.text) <= width else width - 1
    rest, used = term.text, 0
    for operand in term.operands:
        before, found, after = rest.partition(operand.text)
        if not found:
            continue
        if before[: room - used]:
            yield Piece(before[: room - used])
        used += len(before)
        if found[: max(room - used, 0)]:
            yield Piece(found[: room - used], link=operand.address)
        rest, used = after, used + len(found)
    end = rest[: max(room - used, 0)] + ("" if room == width else CUT)
    yield Piece(end.ljust(max(0, width - min(used, room))))


def _plain_term_rows(explanation: Explanation, engine: str, label: int) -> Iterator[Row]:
    """Write the terms of a sum that is not finite, and so can't be closed."""
    for term in explanation.terms:
        value = float(term.values[engine]) if engine in term.values else None
        text = "" if value is None else scientific(value, 5)
        yield Piece(" " * MARK), *_linked(term, label), Piece(f"{'':{GAP}}{text:>{PLAIN}}", number=value)
    if explanation.left_out:
        yield (Piece(f"{'':{MARK}}{explanation.left_out} more terms", "dim"),)
