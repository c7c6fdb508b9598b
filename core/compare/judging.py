"""Two passes, judged: by the bounds of their own passes where these can be computed again, else by digits and sizes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from core.agreement import digits as shared_digits
from core.compare.bounds import NoBoundsError
from core.compare.elements import UNIT_ROUNDOFF, by_both_bounds, by_one_bound, by_sizes, precision_of, printed
from core.compare.explain import downward, explained
from core.compare.judged import Judged
from core.compare.remarks import remarks_on, said_of_print
from core.compare.states import apart_by_heads, apart_by_parameters, apart_by_sizes
from core.compare.verdict import Pair, Verdict
from core.tensors import Quantity, parse_tensor_name, tensor_names

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from core.arrays import FloatArray
    from core.compare.bounds import Bounds
    from core.compare.elements import Elements
    from core.dat.reading import Found
    from core.experiment import Precision

    BoundsOf = Callable[[Found], Bounds | None]

CANCELS = 4
"""What ŷ − y may be off by, in units of roundoff, where targets are of the size of 1 and nothing more is known."""


def judge_pair(a: Found, b: Found, bounds_of: BoundsOf, digits: int) -> Pair:
    """Compare two passes; `digits` is how many have to agree where no bounds can be derived."""
    told = apart_by_heads(a, b) or _apart_by_shapes(a, b)
    if told is not None:
        verdict, why = told
        return Pair(verdict, f"{verdict.value}: {why}", "")
    judged = judged_by_the_best(a, b, bounds_of)
    if not judged.elements:
        return Pair(Verdict.EXPERIMENTS, f"{Verdict.EXPERIMENTS.value}: they have no tensor in common", "")
    verdict, line = _verdict(judged, digits)
    if verdict.equal and (missing := _not_in_both(a, b)):
        line = (
            f"{line}; not compared: {', '.join(missing[:6])}{', …' * (len(missing) > 6)}, which are not in both files"
        )
    rows = tuple(each.row() for each in judged.elements)
    remarks = (*judged.notes, *remarks_on(judged, verdict, digits))
    return Pair(verdict, line, judged.basis, rows, remarks)


def _not_in_both(a: Found, b: Found) -> list[str]:
    """Return the gradients that one side lacks, of parts that the files show, up to the last layer in them."""
    there = {**a.gradients, **b.gradients}
    names = [parse_tensor_name(name) for name in there]
    depth, parts = max(name.layer for name in names), {name.part for name in names}
    asked = (str(name) for name in tensor_names(Quantity.GRADIENT, min(depth, 100)) if name.part in parts)
    return [name for name in asked if name not in a.gradients or name not in b.gradients]


def judged_by_the_best(a: Found, b: Found, bounds_of: BoundsOf) -> Judged:
    """Judge the gradients that both have by what is known best of how far they may differ."""
    shapes = [{name: each.values.shape for name, each in side.gradients.items()} for side in (a, b)]
    names = [name for name in shapes[0] if shapes[0][name] == shapes[1].get(name)]
    lacking = [name for side in shapes for name in {**shapes[0], **shapes[1]} if name not in side]
    notes = [f"{', '.join(lacking[:6])}: in one of the files alone"] if lacking else []
    found: list[Bounds | None] = []
    for side, which in ((a, "A"), (b, "B")):
        try:
            found.append(bounds_of(side))
        except NoBoundsError as error:
            notes.append(f"no bounds can be derived for {which}: {error}")
            found.append(None)
    first, second = found
    pairs = [(name, a.gradients[name], b.gradients[name]) for name in names]
    precisions = [precision_of(side.gradients.values()) for side in (a, b)]
    precision: Precision = "float32" if "float32" in precisions else "float64"
    if first is not None and second is not None:
        elements = tuple(by_both_bounds(*each, (first, second)) for each in pairs)
        basis = "the rounding bounds of each side's own pass, computed again at its own parameters"
        return Judged(a, b, elements, basis, True, precision, tuple(notes))
    one = first or second
    if one is not None:
        elements = tuple(by_one_bound(*each, one, precisions[1 if first else 0]) for each in pairs)
        basis = f"the rounding bounds of {'A' if first else 'B'}'s pass, as if both had its parameters"
        return Judged(a, b, elements, basis, False, precision, tuple(notes))
    elements = tuple(by_sizes(*each, precision) for each in pairs)
    basis = f"the digits that are printed, and what rounding in {precision} could do at such sizes"
    return Judged(a, b, elements, basis, False, precision, tuple(notes))


def _apart_by_shapes(a: Found, b: Found) -> tuple[Verdict, str] | None:
    """Return what shapes say against a comparison: networks of other widths, or one tensor that is laid out wrong."""
    first, second = a.gradients, b.gradients
    other = [name for name in first if name in second and first[name].values.shape != second[name].values.shape]
    if not other:
        return None
    name = downward(other)[0]
    shapes = [" × ".join(map(str, side[name].values.shape)) for side in (first, second)]
    said = f"{name} is {shapes[0]} in A and {shapes[1]} in B"
    vectors = [each for each in other if first[each].values.ndim == second[each].values.ndim == 1]
    if vectors or len(other) == len(first):
        return Verdict.EXPERIMENTS, f"the networks have other widths: {said}"
    return Verdict.DIFFER, said


def _verdict(judged: Judged, digits: int) -> tuple[Verdict, str]:
    """Return the verdict and its line."""
    if not judged.outside or _alike_though_wrong(judged):
        return _equal(judged)
    if judged.by_bounds:
        return _differ(judged)
    if _share_digits(judged, digits):
        fewest = min(_fewest_digits(each) for each in judged.outside)
        line = f"equal to {int(fewest)} digits, though rounding of one pass would leave more"
        return Verdict.DIGITS, line
    if (lost := _at_rounding_level(judged)) is not None:
        return Verdict.NOTHING, f"{Verdict.NOTHING.value}: {lost}"
    return _differ(judged)


def _alike_though_wrong(judged: Judged) -> bool:
    """Whether both sides are off their references, and agree with one another all the same."""
    return judged.by_bounds and all(_wrong_sides(judged)) and not any(each.apart.any() for each in judged.elements)


def _wrong_sides(judged: Judged) -> tuple[bool, bool]:
    """Whether A, and whether B, is further from its reference than rounding can be, anywhere."""
    shares = [each.shares for each in judged.elements if each.shares is not None]
    return any((each[0] > 1).any() for each in shares), any((each[1] > 1).any() for each in shares)


def _equal(judged: Judged) -> tuple[Verdict, str]:
    """Say how equal they are, or that this says nothing."""
    if not any(each.a.values.any() or each.b.values.any() for each in judged.elements):
        return Verdict.NOTHING, f"{Verdict.NOTHING.value}: all {judged.count:,} gradients are 0 in both"
    if all(each.identical for each in judged.elements):
        return Verdict.IDENTICAL, f"{Verdict.IDENTICAL.value}: all {judged.count:,} numbers"
    if (lost := _unseen(judged)) is not None:
        return Verdict.NOTHING, f"{Verdict.NOTHING.value}: {lost}"
    if all((each.distance <= printed(each.a, each.b)).all() for each in judged.elements) and not _all_exact(judged):
        return Verdict.DIGITS, f"equal to {said_of_print(judged.elements)}, all that the files print"
    if judged.by_bounds:
        share = max(float(np.maximum(*each.shares).max()) for each in judged.elements if each.shares)
        said = f"at most {share:.2g} of what rounding can do" if share else "as the reference has them"
        return Verdict.ROUNDING, f"{Verdict.ROUNDING.value}: all {judged.count:,} numbers, {said}"
    return Verdict.ROUNDING, f"{Verdict.ROUNDING.value}: all {judged.count:,} numbers, judged by {judged.basis}"


def _all_exact(judged: Judged) -> bool:
    return all(each.a.exact and each.b.exact for each in judged.elements)


def _unseen(judged: Judged) -> str | None:
    """Say that an error could not be seen: of any number of a tensor by its bounds, of most numbers by their digits."""
    if judged.by_bounds:
        mute = [each.name for each in judged.elements if _is_mute(each)]
        which = "all gradients are" if len(mute) == len(judged.elements) else f"{', '.join(mute[:4])}: all numbers are"
        return f"{which} at rounding level, where an error of 0.1 % could not be seen" if mute else None
    unseen = sum(int(np.count_nonzero(each.unseen)) for each in judged.elements)
    if unseen * 2 <= judged.count:
        return None
    zeros = sum(int(np.count_nonzero((each.a.values == 0) & (each.b.values == 0))) for each in judged.elements)
    of_them = f", {zeros:,} of them as 0" if zeros else ""
    if sum(int(np.count_nonzero(each.blurred)) for each in judged.elements) * 2 > unseen:
        level = "at rounding level, where an error of a tenth could not be seen"
        return f"{unseen:,} of {judged.count:,} numbers are {level}"
    return f"too few digits were printed: {unseen:,} of {judged.count:,} numbers show fewer than two{of_them}"


def _is_mute(each: Elements) -> bool:
    """Whether there are numbers that are not 0, and none of them would show an error."""
    there = (each.a.values != 0) | (each.b.values != 0)
    return bool(there.any() and each.unseen[there].all())


def _share_digits(judged: Judged, digits: int) -> bool:
    return all(_fewest_digits(each) >= digits for each in judged.outside)


def _fewest_digits(each: Elements) -> float:
    return float(shared_digits(each.a.values, each.b.values)[each.outside].min())


def _at_rounding_level(judged: Judged) -> str | None:
    """Say that ŷ − y may be so small that its rounding explains all, as it carries over to every gradient."""
    of_output = downward([each.name for each in judged.elements])
    name = next((name for name in of_output if name.startswith("dL/db")), of_output[0])
    output = next(each for each in judged.elements if each.name == name)
    size = max(float(np.abs(each.values).max()) for each in (output.a, output.b))
    if not np.isfinite(size) or not size:
        return None
    relative = CANCELS * UNIT_ROUNDOFF[judged.precision] / size
    for each in judged.elements:
        allowed = each.allowed + relative * np.maximum(np.abs(each.a.values), np.abs(each.b.values))
        if not (each.distance <= allowed).all():
            return None
    return (
        f"the gradients are at rounding level: {name} is {size:.1g}, and the rounding of ŷ − y in {judged.precision} "
        f"could part them by {relative:.1g} of their size"
    )


def _differ(judged: Judged) -> tuple[Verdict, str]:
    """Say where they part, and what explains it; or that they are of different states."""
    outside = judged.outside
    right, wrong, whose, side = _sides(judged)
    allowed = {each.name: each.allowed for each in judged.elements}
    why = explained(right, wrong, allowed, [each.name for each in outside], whose)
    if not why.complete and not _same_run(judged):
        state = apart_by_parameters(judged.a, judged.b) or apart_by_sizes(judged.elements)
        if state is not None:
            return Verdict.RUNS, f"{Verdict.RUNS.value}: {state}"
    first = outside[0]
    count = int(np.count_nonzero(first.outside))
    numbers = f"{count:,} of {first.a.values.size:,} numbers" if first.a.values.size > 1 else "its only number"
    more = f", and {len(outside) - 1} tensors more" if len(outside) > 2 else ", and one more" * (len(outside) == 2)
    said = f"{Verdict.DIFFER.value}: {first.name} first, from the loss downward ({numbers}){more}{side}"
    return Verdict.DIFFER, said + (f"; {why.text}" if why.text else "")


def _same_run(judged: Judged) -> bool:
    """Whether the heads say that both passes are of one epoch of one run."""
    return judged.a.dump is not None and judged.b.dump is not None


def _sides(judged: Judged) -> tuple[Mapping[str, FloatArray], Mapping[str, FloatArray], str, str]:
    """Return what is right and what is wrong, whose numbers the right ones are, and a word on the wrong side."""
    elements = judged.elements
    a = {each.name: each.a.values for each in elements}
    b = {each.name: each.b.values for each in elements}
    if not judged.by_bounds:
        return a, b, "A's", ""
    wrong = _wrong_sides(judged)
    at = 0 if wrong[0] else 1
    expected = {each.name: each.expected[at] for each in elements if each.expected}
    which = "both sides are" if all(wrong) else f"{'AB'[at]} is"
    side = f"; {which} further from the reference pass than rounding can be"
    return expected, (a, b)[at], "what the reference pass gives", side
