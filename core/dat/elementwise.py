"""Arrays that are written an element a line: `dW1[0][1] = 0.25`, or `W1,0,1,0.25` in a CSV."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.dat.headings import understand

if TYPE_CHECKING:
    from collections.abc import Sequence

_NUMBER = r"(?P<number>[+-]?(?:\d+\.\d*|\.\d+|\d+(?=e)|nan\b|inf\b)(?:[ed][+-]?\d+)?)"
_INDEX = r"[ \t]*(?P<row>\d{1,6})[ \t]*"
_ELEMENT = re.compile(
    rf"""[ \t]*+ (?P<name> [^\[(,;\t\n]{{1,60}}? ) [ \t]*+
    (?: [\[(] {_INDEX} (?: (?: , | \][ \t]*\[ ) [ \t]*(?P<column>\d{{1,6}})[ \t]* )? [\])] [ \t]*+ [:=]?
      | (?P<cell> [,;\t] ) [ \t]*(?P<cell_row>\d{{1,6}})[ \t]* (?P=cell)
        (?: [ \t]*(?P<cell_column>\d{{1,6}}|) (?P=cell) )? )
    [ \t]*+ {_NUMBER} [ \t,;]*+""",
    re.VERBOSE | re.IGNORECASE,
)
_LONGEST = 200
"""Of such a line."""


@dataclass(frozen=True)
class _Element:
    name: str
    index: tuple[int, ...]
    number: str


def gathered(text: str) -> str:
    """Return a text with such elements put into arrays in brackets, each on the line of its first element.

    Only those of one name are, which count through all rows and columns from 0 or 1 in order.
    """
    lines = text.split("\n")
    elements = [_element(line) for line in lines]
    at = 0
    for name, group in itertools.groupby(elements, key=lambda each: each.name if each else None):
        run = list(group)
        if name is not None and (array := _array([each for each in run if each], name)):
            lines[at : at + len(run)] = [array, *[""] * (len(run) - 1)]
        at += len(run)
    return "\n".join(lines)


def _element(line: str) -> _Element | None:
    found = _ELEMENT.fullmatch(line) if len(line) <= _LONGEST else None
    if found is None:
        return None
    row, column = found["row"] or found["cell_row"], found["column"] or found["cell_column"]
    return _Element(found["name"].strip(), (int(row), int(column)) if column else (int(row),), found["number"])


def _array(elements: Sequence[_Element], name: str) -> str | None:
    """Return elements as an array in brackets; None where they are no whole one, or the index may be a layer's."""
    said = understand((name,))
    shape = _shape([each.index for each in elements])
    if shape is None or said.part is None or (len(shape) == 1 and said.layer is None):
        return None
    numbers = [each.number for each in elements]
    if len(shape) == 1:
        return f"{name} = [{', '.join(numbers)}]"
    rows = [", ".join(numbers[begin : begin + shape[1]]) for begin in range(0, len(numbers), shape[1])]
    return f"{name} = [[{'], ['.join(rows)}]]"


def _shape(indices: Sequence[tuple[int, ...]]) -> tuple[int, ...] | None:
    """Return the shape whose elements these are, in the order of rows."""
    first, last = indices[0], indices[-1]
    if len(set(map(len, indices))) > 1 or len(set(first)) > 1 or first[0] > 1:
        return None
    shape = tuple(end - begin + 1 for begin, end in zip(first, last, strict=True))
    ranges = (range(begin, begin + size) for begin, size in zip(first, shape, strict=True))
    return shape if list(indices) == list(itertools.product(*ranges)) else None
