"""What is said beside a verdict, without effect on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from core.compare.bounds import drift
from core.compare.elements import printed
from core.compare.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from core.compare.elements import Elements
    from core.compare.judged import Judged

SOME_SIZE = 100
"""So many numbers of two passes that were written apart seldom match to the last bit."""


def remarks_on(judged: Judged, verdict: Verdict, digits: int) -> Iterator[str]:
    """Go through what is worth saying of two passes."""
    if verdict is Verdict.IDENTICAL:
        yield from _on_identity(judged)
    yield from _on_wrong_alike(judged, verdict)
    yield from _on_drift(judged)
    yield from _on_no_numbers(judged)
    if verdict.equal:
        yield from _on_unseen(judged)
        yield from _on_last_places(judged)
    if not judged.by_bounds:
        yield from _on_few_digits(judged, digits)


def _on_identity(judged: Judged) -> Iterator[str]:
    first, second = judged.a.dump, judged.b.dump
    same_engine = first is not None and second is not None and first.engine == second.engine
    numbers = sum(int(np.count_nonzero(each.a.values)) for each in judged.elements)
    if not same_engine and numbers >= SOME_SIZE:
        yield f"every one of {numbers:,} numbers matches to the last bit: passes that were written apart seldom do"


def _on_no_numbers(judged: Judged) -> Iterator[str]:
    for side, which in ((0, "A"), (1, "B")):
        count = sum(int(np.count_nonzero(~np.isfinite((each.a, each.b)[side].values))) for each in judged.elements)
        if count:
            verb = "are" if count > 1 else "is"
            yield f"{count:,} of {judged.count:,} numbers {verb} nan or infinite in {which}"


def _on_wrong_alike(judged: Judged, verdict: Verdict) -> Iterator[str]:
    if judged.by_bounds and verdict.equal and judged.outside:
        yield f"neither is right: {judged.outside[0].name} is further from the reference pass than rounding, in both"


def _on_drift(judged: Judged) -> Iterator[str]:
    moved = drift(judged.a, judged.b)
    if moved:
        yield f"the parameters of the two have drifted apart by {moved:.2g} of the largest"


def _on_unseen(judged: Judged) -> Iterator[str]:
    unseen = sum(int(np.count_nonzero(each.unseen)) for each in judged.elements)
    if unseen:
        why = "at rounding level" if judged.by_bounds else "of too few digits"
        yield f"{unseen:,} of {judged.count:,} numbers are {why}: of them nothing is shown"


def _on_last_places(judged: Judged) -> Iterator[str]:
    """Tell of numbers that are printed differently, and are the same but for the rounding of their last place."""
    count = sum(int(np.count_nonzero(_parted_in_print(each))) for each in judged.elements)
    if count:
        verb = "differ in their" if count > 1 else "differs in its"
        yield f"{count:,} of {judged.count:,} numbers {verb} last printed place, as rounding can make them"


def _parted_in_print(each: Elements) -> np.ndarray:
    least = printed(each.a, each.b)
    return (each.distance > 0) & (each.distance <= least) & (each.distance >= least / 2)


def _on_few_digits(judged: Judged, digits: int) -> Iterator[str]:
    few = sum(
        int(np.count_nonzero(np.minimum(each.a.significant, each.b.significant) < digits)) for each in judged.elements
    )
    if few:
        yield f"{few:,} of {judged.count:,} numbers show fewer than {digits} significant digits"


def said_of_print(elements: Sequence[Elements]) -> str:
    """Name the digits that two files print: decimals where all numbers have the same, else significant digits."""
    units = np.unique(np.concatenate([np.maximum(each.a.unit, each.b.unit).ravel() for each in elements]))
    if len(units) == 1 and 0 < units[0] < 1:
        return f"{round(-np.log10(units[0]))} decimals"
    shown = np.concatenate([np.minimum(each.a.significant, each.b.significant).ravel() for each in elements])
    known = shown[np.isfinite(shown) & (shown > 0)]
    return f"{int(np.median(known)) if known.size else 0} digits"
