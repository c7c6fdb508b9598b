"""Two files, compared: which pass of one belongs to which of the other, and what all pairs come to."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from core.compare.bounds import bounds_of
from core.compare.judging import judge_pair
from core.compare.verdict import Comparison, Pair, Verdict

if TYPE_CHECKING:
    from core.compare.judging import BoundsOf
    from core.dat.reading import Found, Reading

DIGITS = 5
"""Significant digits that have to agree where no bounds can be derived."""

_ORDER = (
    Verdict.DIFFER,
    Verdict.EXPERIMENTS,
    Verdict.RUNS,
    Verdict.EPOCHS,
    Verdict.DIGITS,
    Verdict.ROUNDING,
    Verdict.IDENTICAL,
    Verdict.NOTHING,
)
"""Of several pairs, the first of these counts: pairs that say nothing count only if all do."""


def compare(a: Reading, b: Reading, bounds: BoundsOf = bounds_of, *, digits: int = DIGITS) -> Comparison:
    """Compare the gradients of two files.

    `bounds` returns how far rounding can move those of a pass, or None; `digits` have to agree where it does.
    """
    remarks = [f"{which}: {remark}" for which, reading in (("A", a), ("B", b)) for remark in reading.remarks]
    matched, more = _matched(a, b)
    if not matched:
        return Comparison(Verdict.EPOCHS, f"{Verdict.EPOCHS.value}: {more[0]}", (), tuple(remarks))
    if _is_one_of_many(a, b):
        pairs = [_of_many(a, b, bounds, digits)]
    else:
        pairs = [compare_passes(first, second, bounds, digits) for first, second in matched]
    verdict = next(each for each in _ORDER if any(pair.verdict is each for pair in pairs))
    telling = next(pair for pair in pairs if pair.verdict is verdict)
    line = telling.line
    if len(pairs) > 1:
        alike = sum(pair.verdict is verdict for pair in pairs)
        line = f"{line} (so {alike} of {len(pairs)} passes; this one is {' and '.join(dict.fromkeys(telling.labels))})"
    return Comparison(verdict, line, tuple(pairs), (*remarks, *more))


def side_by_side(a: Reading, b: Reading) -> list[tuple[Found | None, Found | None]]:
    """Put the passes of two files side by side; the only pass of a file beside each of the other's.

    They are in the order of `Comparison.pairs`, where each has been compared for it; what has no counterpart follows.
    """
    if _is_one_of_many(a, b):
        return [(first, second) for first in a.epochs for second in b.epochs]
    matched, _ = _matched(a, b)
    taken = {id(each) for pair in matched for each in pair}
    alone_a: list[tuple[Found | None, None]] = [(each, None) for each in a.epochs if id(each) not in taken]
    alone_b: list[tuple[None, Found | None]] = [(None, each) for each in b.epochs if id(each) not in taken]
    return [*matched, *alone_a, *alone_b]


def _is_one_of_many(a: Reading, b: Reading) -> bool:
    """Whether one file has one pass and the other has several."""
    fewest, most = sorted((len(a.epochs), len(b.epochs)))
    return fewest == 1 < most


def _matched(a: Reading, b: Reading) -> tuple[list[tuple[Found, Found]], list[str]]:
    """Put passes together: by their epochs where all have one, else in their order."""
    first, second = ({each.epoch: each for each in side.epochs} for side in (a, b))
    numbered = len(first) == len(a.epochs) and len(second) == len(b.epochs) and None not in {**first, **second}
    if numbered and max(len(first), len(second)) > 1:
        common = [epoch for epoch in first if epoch in second]
        alone = [epoch for epoch in {**first, **second} if epoch not in common]
        more = [f"epoch {', '.join(map(str, alone[:8]))}: in one of the files alone"] if alone else []
        if common or min(len(first), len(second)) > 1:
            return [(first[epoch], second[epoch]) for epoch in common], more
    count = min(len(a.epochs), len(b.epochs))
    left = max(len(a.epochs), len(b.epochs)) - count
    more = [f"{left} passes of {'A' if len(a.epochs) > count else 'B'} have no counterpart"] if left else []
    return list(zip(a.epochs[:count], b.epochs[:count], strict=True)), more


def _of_many(a: Reading, b: Reading, bounds: BoundsOf, digits: int) -> Pair:
    """Compare a file of one pass with that of several which agrees best with it."""
    pairs = [compare_passes(first, second, bounds, digits) for first in a.epochs for second in b.epochs]
    most = max(len(pair.rows) for pair in pairs)
    whole = [pair for pair in pairs if len(pair.rows) == most]  # not one that agrees in the few tensors that it has
    best = max(whole, key=lambda pair: (pair.verdict.equal, _ORDER.index(pair.verdict), _digits(pair)))
    which, label = ("A", best.labels[0]) if len(a.epochs) > 1 else ("B", best.labels[1])
    remark = f"of {len(pairs)} passes in {which}, {label} agrees best with the other file's only one, and was taken"
    return replace(best, remarks=(*best.remarks, remark))


def _digits(pair: Pair) -> float:
    return min((row.digits[0] for row in pair.rows), default=0.0)


def compare_passes(a: Found, b: Found, bounds: BoundsOf, digits: int) -> Pair:
    """Compare two passes; both ways where square weights could be read otherwise and that changes the verdict."""
    pair = replace(judge_pair(a, b, bounds, digits), labels=(a.label, b.label))
    if pair.verdict.equal:
        return pair
    outside = {row.name for row in pair.rows if row.outside}
    square = [name for name in outside if name in a.either_way or name in b.either_way]
    if not square:
        return pair
    turned = replace(b, tensors={**b.tensors, **{name: b.tensors[name].turned() for name in square}})
    other = replace(judge_pair(a, turned, bounds, digits), labels=pair.labels)
    better = [name for name in square if _outside(other, name) < _outside(pair, name)]
    if not better:
        return pair
    remark = _remark(a, b, sorted(better))
    if other.verdict is pair.verdict:
        return replace(pair, remarks=(*pair.remarks, remark))
    return replace(pair, remarks=(*pair.remarks, remark), other_way=other)


def _remark(a: Found, b: Found, names: list[str]) -> str:
    name = names[0]
    which, why = ("B", b.either_way[name]) if name in b.either_way else ("A", a.either_way[name])
    many = f"{', '.join(names[:4])} are" if len(names) > 1 else f"{name} is"
    return f"{many} square: in {which} {why}; transposed the two would agree better"


def _outside(pair: Pair, name: str) -> int:
    return next((row.outside for row in pair.rows if row.name == name), 0)
