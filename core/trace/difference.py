"""Where two engines' numbers part: through which operand a difference comes in, and in which cell it first arose."""

from __future__ import annotations

import math
from collections import defaultdict
from typing import TYPE_CHECKING

import numpy as np

from core.trace.equations import equation
from core.trace.exact import less, nearest, summed
from core.trace.explanation import Cause, Difference, Operand, Pair
from core.trace.reading import Reading, parts, read, rounding, total
from core.trace.words import OWN, not_returned
from core.wording import joined

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from core.arrays import Float64Array
    from core.trace.names import Address
    from core.trace.network import Network
    from core.trace.values import Values

SHOWN = 5
"""How many causes are listed if nothing else is asked for."""

ALL = 0.995
"""A share from which on it is called all."""


def differences(
    network: Network, engines: Mapping[str, Values], address: Address, most: int | None = SHOWN
) -> dict[Pair, Difference]:
    """Trace the differences between the first engine and each other one, where both have the number."""
    names = list(engines)
    found: dict[Pair, Difference] = {}
    for other in names[1:]:
        traced = _Trace(network, engines[names[0]], engines[other]).of(address, most)
        if traced is not None:
            found[names[0], other] = traced
    return found


class _Trace:
    """Two engines of one frame."""

    def __init__(self, network: Network, first: Values, second: Values) -> None:
        self.network, self.first, self.second = network, first, second

    def of(self, address: Address, most: int | None) -> Difference | None:
        """Return the difference at an address; None where there is none, or one of the two has no such number."""
        amount = self._amount(address)
        if amount is None or amount == 0:
            return None
        causes = self._causes(address, amount)
        told = tuple(self._cause(where, part, amount) for where, part in causes[:most])
        path, arises = self._path(address, causes)
        left_out = summed(part for _, part in causes[len(told) :])
        return Difference(amount, told, left_out, path, arises, self._text(address, told, path, arises=arises))

    def _text(self, address: Address, causes: Sequence[Cause], path: Sequence[Address], *, arises: bool) -> str:
        """Say it in a sentence: `all of the difference in dL/dW1[2,0] comes in through dL/dz2[0,3]`."""
        if not causes:
            return f"the engines differ in {address} before this pass"
        first, hidden = causes[0], self._hidden(path[-1])
        if first.operand is None:
            how = f"here{hidden}" if hidden else "here, in how each engine computes it"
            return f"{_part(first)} the difference in {address} arises {how}"
        begins = f"{_part(first)} the difference in {address} comes in through {first.operand.address}"
        last = f"where it arises{hidden}" if arises else "in which the engines differ before this pass"
        return f"{begins}, {last}" if len(path) <= 2 else f"{begins}; it leads to {path[-1]}, {last}"

    def _hidden(self, address: Address) -> str:
        """Say what a number is made of that its engine does not return: the difference may come in through that."""
        hidden = not_returned(self.second, address.tensor)
        return f", or in {joined(hidden)}, which {OWN} does not return" if hidden else ""

    def _amount(self, address: Address) -> float | None:
        a, b = self.first.of(address), self.second.of(address)
        if a is None or b is None:
            return None
        same = a == b or (math.isnan(a) and math.isnan(b))
        return 0.0 if same else a - b

    def _cause(self, where: Address | None, part: float, amount: float) -> Cause:
        share = part / amount if math.isfinite(part) and math.isfinite(amount) else None
        if where is None:
            return Cause(None, part, share)
        sides = {each.name: each.of(where) for each in (self.first, self.second)}
        values = {name: value for name, value in sides.items() if value is not None}
        return Cause(Operand(where, values, equation(self.network, where.tensor) is None), part, share)

    def _causes(self, address: Address, amount: float) -> list[tuple[Address | None, float]]:
        """Return what each operand brings in, and under None what arises here, the largest first."""
        a, b = read(self.first, address), read(self.second, address)
        if a is None or b is None:
            return []
        brought: dict[Address | None, float] = defaultdict(float)
        with np.errstate(all="ignore"):
            pairs = _through_function(a, b) if a.made.function is not None else _through_sum(self.network, a, b)
            for where, part in pairs:
                brought[where] += part
        if a.made.function is None:
            found = parts(self.network, a.made, a.bound)
            brought[None] = nearest(less(rounding(a, total(a, found)), rounding(b, total(b, found))))
        else:
            brought[None] = amount - summed(brought.values())
        present = [(where, part) for where, part in brought.items() if part != 0]
        return sorted(present, key=lambda each: abs(each[1]) if not math.isnan(each[1]) else math.inf, reverse=True)

    def _path(self, address: Address, causes: list[tuple[Address | None, float]]) -> tuple[tuple[Address, ...], bool]:
        """Follow the largest cause each time; tell whether the difference arises at the end."""
        path = [address]
        while causes and causes[0][0] is not None:
            path.append(causes[0][0])
            amount = self._amount(path[-1])
            causes = self._causes(path[-1], amount) if amount else []
        return tuple(path), bool(causes)


def _through_sum(network: Network, a: Reading, b: Reading) -> Iterable[tuple[Address, float]]:
    """Part the difference of two sums of products among the operands.

    A product's difference is that of its factors, one exchanged after the other: from the first to the last and from
    the last to the first, and the mean of both. For two, uv − u′v′ = (u − u′)(v + v′)/2 + (v − v′)(u + u′)/2.
    """
    for part in parts(network, a.made, a.bound):
        factors, coefficient = part.product.factors, float(part.product.coefficient)
        for ref, brought in zip(factors, _exchanged(a.columns(part), b.columns(part)), strict=True):
            every = np.broadcast_to(brought * coefficient, (part.count,))
            if not ref.free(a.bound):
                yield ref.at(a.bound), summed(every.tolist())
                continue
            for place in np.flatnonzero(every).tolist():
                yield ref.at(part.at(place)), float(every[place])


def _exchanged(first: Sequence[Float64Array], second: Sequence[Float64Array]) -> list[Float64Array]:
    brought = []
    for at, (u, v) in enumerate(zip(first, second, strict=True)):
        forward = math.prod([*second[:at], *first[at + 1 :]], start=np.ones(1))
        backward = math.prod([*first[:at], *second[at + 1 :]], start=np.ones(1))
        brought.append((u - v) * (forward + backward) / 2)
    return brought


def _through_function(a: Reading, b: Reading) -> Iterable[tuple[Address, float]]:
    """Exchange one operand after the other, in float64."""
    function = a.made.function
    assert function is not None
    now = [np.array(a.arrays[ref], np.float64) for ref in function.operands]
    before = function.value(now, a.bound)
    for ref, array in zip(function.operands, now, strict=True):
        theirs = np.asarray(b.arrays[ref], np.float64)
        for at in np.ndindex(array.shape):
            if array[at] != theirs[at]:
                array[at] = theirs[at]
                after = function.value(now, a.bound)
                yield ref.at({**a.bound, **dict(zip(ref.free(a.bound), at, strict=True))}), before - after
                before = after


def _part(cause: Cause) -> str:
    if cause.share is None or ALL <= cause.share <= 2 - ALL:
        return "all of"
    if cause.share > 1:
        return "more than all of"
    return f"{cause.share:.0%} of" if cause.share > 0 else "the largest part, outweighed by the others, of"
