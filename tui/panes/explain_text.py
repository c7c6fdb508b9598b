"""An explanation as rows of text: formula, terms, what closes the sum, the results, where engines part."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from core.tensors import TensorName
from tui.numbers import full, scientific
from tui.panes.explain_terms import SHARE, doubt_rows, term_rows
from tui.panes.pieces import GAP, MARK, Piece, Row, percent, sentence, wrapped
from tui.shown import MINE, is_derived

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from core.trace import Address, Cells, Difference, Explanation, Operand
    from core.trace.explanation import Pair

FULL_WIDTH = 23
"""Columns of a number with all digits."""


@dataclass(frozen=True)
class Room:
    """What there is room for."""

    width: int
    roomy: bool
    """Whether there are lines to spare."""

    def apart(self, *sections: Iterable[Row]) -> list[Row]:
        """Put sections under one another, with an empty line between them where there is room."""
        written = [list(each) for each in sections]
        gap = [(Piece(""),)] if self.roomy else []
        return [
            row for at, rows in enumerate(each for each in written if each) for row in (*(gap if at else ()), *rows)
        ]


def explanation_rows(explanation: Explanation, shown: str, room: Room, sample: int) -> list[Row]:
    """Write where a number comes from, as an engine has it, or how two of them come to differ."""
    engine = shown if shown in explanation.numbers else next(iter(explanation.numbers), None)
    width, pairs = room.width, _pairs(explanation, shown)
    numbers: list[Row] = []
    engines: tuple[str, ...] = ()
    if (is_derived(shown) and pairs) or engine is None:
        operands = _difference_rows(pairs)
    else:
        one = explanation.count == 1
        engines = _engines_in_columns(explanation, engine, width) if one else ()
        numbers = list(_number_rows(explanation, engine, room))
        operands = _operand_rows(explanation, engines, width) if one else term_rows(explanation, engine, width)
    return room.apart(
        [*wrapped(explanation.formula, width, indent=4), *numbers],
        operands,
        _result_rows(explanation, shown, engines, pairs),
        _beside_rows(explanation, engine),
        _remark_rows(explanation, shown, width),
        _told_differences(explanation, pairs, width),
        feeding_rows(explanation, width, sample) if explanation.leaf else _feeding_line(explanation, width),
    )


def feeding_rows(explanation: Explanation, width: int, sample: int) -> list[Row]:
    """Write what a number feeds into, a link each."""
    rows = list(wrapped(f"{explanation.address} feeds into", width, "heading"))
    for cells in explanation.used_by:
        first = _near(cells, sample)
        others = "" if str(first) == str(cells) else f"  all of {cells}"
        rows.append((Piece(" " * MARK), Piece(str(first), link=first), Piece(others, "dim")))
    return rows if explanation.used_by else [*wrapped(f"{explanation.address} feeds into nothing more.", width)]


def _near(cells: Cells, sample: int) -> Address:
    """Return the one of some cells that belongs to a sample, where they have samples; else the first."""
    first = cells.first()
    units = isinstance(cells.tensor, TensorName) and not cells.tensor.part
    return replace(first, cell=(sample, *first.cell[1:])) if units and cells.cell[0] is None else first


# The formula with numbers


def _number_rows(explanation: Explanation, engine: str, room: Room) -> Iterator[Row]:
    """Write the right side with numbers under the formula's own; of a sum what one line holds, where lines are few."""
    sign = "←" if " ← " in explanation.formula else "="
    left = explanation.formula.partition(f" {sign} ")[0]
    indent = min(len(left) + 1, 20)
    text = explanation.numbers[engine]
    if not room.roomy and explanation.count > 1:
        text = _shortened(text, room.width - MARK - indent - 2)
    return wrapped(f"{' ' * indent}{sign} {text}", room.width, indent=indent + 2)


def _shortened(text: str, width: int) -> str:
    """Leave terms of a sum out until it fits."""
    terms, sign, result = re.split(r" ([=≠]) (?=[^=≠]+$)", text)
    while len(text) > width and (cut := terms.removesuffix(" + …").rfind(" + ")) > 0:
        terms = f"{terms[:cut]} + …"
        text = f"{terms} {sign} {result}"
    return text


# A function, or a sum of one term: its operands


def _engines_in_columns(explanation: Explanation, engine: str, width: int) -> tuple[str, ...]:
    """Return the engines whose operands there are columns for, the one that is shown first."""
    fit = (width - MARK - _operand_label(explanation)) // (FULL_WIDTH + GAP)
    return (engine, *(each for each in explanation.closings if each != engine))[: max(1, fit)]


def _operand_label(explanation: Explanation) -> int:
    return max(
        len("the formula gives"), len(str(explanation.address)), *(len(each.text) for each in explanation.operands)
    )


def _operand_rows(explanation: Explanation, engines: Sequence[str], width: int) -> Iterator[Row]:
    """Write a row an operand, with all digits; then what the formula gives of them, and the engine's own number."""
    label = _operand_label(explanation)
    heading = "".join(f"{'':{GAP}}{each:<{FULL_WIDTH}}" for each in engines)
    yield (Piece(f"{'':{MARK}}{'made of':<{label}}{heading}", "heading"),)
    for operand in explanation.operands:
        yield (Piece(" " * MARK), *_operand_pieces(operand, engines, explanation, label))
    if explanation.more_operands:
        yield (Piece(f"{'':{MARK}}and {explanation.more_operands} more", "dim"),)
    yield from _closing_rows(explanation, engines, label)
    for each in engines:
        yield from doubt_rows(explanation, each, width)


def _operand_pieces(operand: Operand, engines: Sequence[str], explanation: Explanation, label: int) -> Iterator[Piece]:
    yield Piece(operand.text, link=operand.address)
    yield Piece(" " * (label - len(operand.text)))
    for each in engines:
        value = operand.values.get(each)
        text = "" if value is None else full(value, explanation.closings[each].precision)
        yield Piece(f"{'':{GAP}}{text:<{FULL_WIDTH}}", number=value)


def _closing_rows(explanation: Explanation, engines: Sequence[str], label: int) -> Iterator[Row]:
    from core.trace.exact import nearest  # noqa: PLC0415 - as above

    closings = [explanation.closings[each] for each in engines]
    given = [full(nearest(each.total), each.precision) for each in closings]
    roundings = [f"{nearest(each.rounding): .1e}" for each in closings]
    results = [full(each.result, each.precision) for each in closings]
    rows = [
        ("the formula gives", given, "dim"),
        (max((each.label for each in closings), key=len), roundings, "dim"),
        (str(explanation.address), results, ""),
    ]
    for name, texts, dim in rows:
        line = "".join(f"{'':{GAP}}{text:<{FULL_WIDTH}}" for text in texts)
        yield (Piece(f"{'':{MARK}}{name:<{label}}{line}", "dim" if dim else "text"),)


# What comes last


def _result_rows(
    explanation: Explanation, shown: str, written: Sequence[str], pairs: Mapping[Pair, Difference]
) -> Iterator[Row]:
    """Write the number as each engine has it, but for those that have it in columns; say where all have the same."""
    label = str(explanation.address)
    others = {engine: value for engine, value in explanation.results.items() if engine not in written}
    for engine, value in others.items():
        closing = explanation.closings.get(engine)
        text = full(value, closing.precision if closing else "float64")
        yield Piece(f"{'':{MARK}}{label:<{len(str(explanation.address))}}  {engine:<9}"), Piece(text, number=value)
        label = ""
    if is_derived(shown) and len(explanation.results) > 1 and not pairs:
        both = f"{next(iter(explanation.results))} and {MINE}" if shown.endswith(MINE) else "The engines"
        yield (Piece(f"{'':{MARK}}{sentence(both)} have the same number, to the last bit."),)


def _remark_rows(explanation: Explanation, shown: str, width: int) -> Iterator[Row]:
    """Say which numbers are not the user's own, where theirs are looked at."""
    if shown.endswith(MINE):
        for text in explanation.remarks.get(MINE, ()):
            yield from wrapped(f"{sentence(text)}.", width)


def _beside_rows(explanation: Explanation, engine: str | None) -> Iterator[Row]:
    """Write what is worth seeing beside it, such as the weight before and after."""
    for operand in explanation.beside:
        value = operand.values.get(engine or "", next(iter(operand.values.values()), None))
        if value is not None:
            when = "after" if operand.text.startswith("next") else "before"
            text = Piece(full(value, "float64"), number=value)
            yield Piece(" " * MARK), Piece(operand.text, link=operand.address), Piece(f"  {when}  ", "dim"), text


def _feeding_line(explanation: Explanation, width: int) -> Iterable[Row]:
    """Say in one line what it feeds into."""
    if not explanation.used_by:
        return ()
    return wrapped(f"u: feeds into {', '.join(map(str, explanation.used_by))}", width, "dim", indent=3)


# How two engines come to differ


def _pairs(explanation: Explanation, shown: str) -> dict[Pair, Difference]:
    """Return what parts the two engines that are looked at; of the first one, what parts it from each other."""
    of_mine, first = shown.endswith(MINE), next(iter(explanation.results), "")
    return {pair: each for pair, each in explanation.differences.items() if shown == first or (MINE in pair) == of_mine}


def _told_differences(explanation: Explanation, pairs: Mapping[Pair, Difference], width: int) -> Iterator[Row]:
    """Say in a sentence each through which operand the engines come to differ."""
    for (first, other), each in pairs.items():
        which = f"{first} − {other}: " if len(explanation.results) > 2 else ""
        yield from wrapped(f"{which}{each.text if which else sentence(each.text)}.", width)


def _difference_rows(pairs: Mapping[Pair, Difference]) -> Iterator[Row]:
    for (first, other), difference in pairs.items():
        yield from _cause_rows(f"{first} − {other}", difference)


def _cause_rows(title: str, difference: Difference) -> Iterator[Row]:
    """Write a row for each operand that a difference comes in through."""
    texts = ["arises here" if each.operand is None else each.operand.text for each in difference.causes]
    label = max(map(len, [*texts, "comes in through", "what is left out"]))
    yield (Piece(f"{'':{MARK}}{'comes in through':<{label}}{title:>22}{'share':>{SHARE}}", "heading"),)
    for each, text in zip(difference.causes, texts, strict=True):
        share = "" if each.share is None else percent(each.share)
        link = each.operand.address if each.operand else None
        amount = Piece(f"{scientific(each.amount, 3):>22}", number=each.amount)
        yield (
            Piece(" " * MARK),
            Piece(text, link=link),
            Piece(" " * (label - len(text))),
            amount,
            Piece(f"{share:>{SHARE}}", "dim"),
        )
    if difference.left_out:
        yield (Piece(f"{'':{MARK}}{'what is left out':<{label}}{scientific(difference.left_out, 3):>22}", "dim"),)
    yield (Piece(f"{'':{MARK}}{'together':<{label}}{scientific(difference.amount, 3):>22}"),)


def link_text(explanation: Explanation, link: Address) -> tuple[str, Mapping[str, float]]:
    """Return a link's text, and its number by engine where the explanation has it."""
    for operand in (*explanation.operands, *explanation.beside):
        if operand.address == link:
            return operand.text, operand.values
    return str(link), {}
