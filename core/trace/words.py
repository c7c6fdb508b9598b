"""Sentences about an engine's number: that its formula does not give it, and what of it is not the engine's own."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from core.tensors import Quantity, TensorName
from core.trace.equations import equation
from core.trace.exact import divided, exact, nearest
from core.trace.lent import is_of_update
from core.trace.names import Aside, Kind
from core.wording import joined

if TYPE_CHECKING:
    from collections.abc import Iterator

    from core.trace.equation import Equation
    from core.trace.explanation import Closing
    from core.trace.names import Address, Name
    from core.trace.values import Values

OWN = "your file"
"""What an engine is called that others lend to: it is somebody's own."""
NEAR_ONE = 1e-4
"""A ratio that close to 1 is told by what parts the two."""


def holder(values: Values, name: Name) -> str:
    """Say who has a number, as a sentence goes on with it: `scratch has`, `your file returned`."""
    lent = values.lent
    if lent is None:
        return f"{values.name} has"
    if name in lent:
        return f"{lent.lender} has"
    if lent.follows is not None and is_of_update(name):
        return f"{lent.follows.name} has"
    returned = not is_of_update(name) and not (isinstance(name, Aside) and name.kind is not Kind.LOSS)
    return f"{OWN} returned" if returned else f"{OWN} has"


def doubt(closing: Closing, *, of_sum: bool) -> str:
    """Say that the formula does not give the number: `the terms give 1.2; your file returned 0.6: …, ratio 0.5`."""
    given = "the terms give" if of_sum else "the formula gives"
    begins = f"{given} {nearest(closing.total):.5g}; {closing.holder} {closing.result:.5g}"
    most = f" (at most {closing.allowed:.0e})" if math.isfinite(closing.allowed) else ""
    return f"{begins}: that is not rounding{most}{_ratio(closing)}"


def _ratio(closing: Closing) -> str:
    ratio = divided(exact(closing.result), closing.total)
    if ratio is None:
        return ""
    if 0 < abs(ratio - 1) < NEAR_ONE:
        return f", ratio 1 {'+' if ratio > 1 else '−'} {abs(ratio - 1):.1e}"
    return f", ratio {ratio:.5g}"


def remarks(values: Values, address: Address) -> tuple[str, ...]:
    """Say which numbers are not the engine's own, in sentences; nothing where all are."""
    lent, name = values.lent, address.tensor
    if lent is None:
        return ()
    of_parameters = isinstance(name, TensorName) and name.quantity is Quantity.PARAMETER
    if lent.follows is not None and (of_parameters or is_of_update(name)):
        whose = lent.follows.name
        made_with = "" if of_parameters else f": this update is made with {whose}'s gradient"
        return (f"{OWN} is evaluated at {whose}'s parameters{made_with}",)
    if name in lent:
        return (f"{OWN} does not return {name}: this is {lent.lender}'s, at the same parameters",)
    missing = not_returned(values, name)
    if not missing:
        return ()
    are = "those are" if len(missing) > 1 else "that is"
    return (f"{OWN} does not return {joined(missing)}: {are} {lent.lender}'s, at the same parameters",)


def not_returned(values: Values, name: Name) -> tuple[Name, ...]:
    """Return what a number of the engine's own is made of and the engine does not return; nothing if it is lent."""
    lent = values.lent
    if lent is None or name in lent:
        return ()
    made = equation(values.network, name)
    return tuple(dict.fromkeys(each for each in _made_of(values, made) if each in lent))


def _made_of(values: Values, made: Equation | None) -> Iterator[Name]:
    """Give the tensors of an equation, and in the place of a slope or a loss's term those that it is made of."""
    for ref in made.refs if made is not None else ():
        if isinstance(ref.name, Aside):
            yield from _made_of(values, equation(values.network, ref.name))
        else:
            yield ref.name
