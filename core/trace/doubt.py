"""How far what is lent to an engine may be from the numbers that it keeps to itself, and what that does to a result.

A number that the engine returned was made of numbers of its own; where those are lent by another pass, rounding parts
the two. A number that is lent was made of the lender's, and the engine's own may be as far from these.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from core.trace.equations import equation
from core.trace.names import Aside, Kind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.arrays import Float64Array
    from core.trace.equation import Bound, Equation, Product, Ref
    from core.trace.names import Name
    from core.trace.values import Values

LOSS = Aside(Kind.LOSS)


def doubt_of_sum(values: Values, made: Equation, bound: Bound, columns: dict[Ref, Float64Array]) -> float:
    """Return how far the sum may be off: Σ of Π(|factor| + doubt) − Π|factor| over its terms.

    `columns` are the factors, each as a column of terms or as a single number.
    """
    if values.lent is None or not _was_made(made.left.name):
        return 0.0
    if made.left.name == LOSS:
        return float(values.lent.doubts[LOSS]) if _is_judged_by_lent(values) else 0.0
    with np.errstate(all="ignore"):
        found = sum(_of_product(values, product, made, bound, columns) for product in made.products)
    return math.inf if math.isnan(found) else found


def doubt_of_function(values: Values, made: Equation, bound: Bound) -> float:
    """Return how far a function moves at most where its operands move by their doubts, one after the other."""
    if values.lent is None or not _was_made(made.left.name):
        return 0.0
    return _moved(values, made, bound, made.left.name)


def _was_made(result: Name) -> bool:
    """Whether an engine has the number, so that it was made of its own; the others are made of what is shown."""
    return result == LOSS or not isinstance(result, Aside)


def _is_judged_by_lent(values: Values) -> bool:
    """Whether what the loss takes, ŷ or z_L, is lent."""
    term = equation(values.network, Aside(Kind.TERM))
    return term is not None and any(ref.name in _names(values) for ref in term.refs)


def _names(values: Values) -> frozenset[Name]:
    return frozenset() if values.lent is None else frozenset(values.lent.names)


def _of_product(
    values: Values, product: Product, made: Equation, bound: Bound, columns: dict[Ref, Float64Array]
) -> float:
    sizes = [np.abs(columns[ref]) for ref in product.factors]
    doubts = [_doubt(values, ref, bound, made.left.name) for ref in product.factors]
    if not any(each is not None for each in doubts):
        return 0.0
    larger = [size if doubt is None else size + doubt.ravel() for size, doubt in zip(sizes, doubts, strict=True)]
    coefficient = abs(float(product.coefficient))
    return coefficient * float(np.sum(_times(larger) - _times(sizes)))


def _times(columns: Sequence[Float64Array]) -> Float64Array:
    return math.prod(columns, start=np.ones(1))


def _doubt(values: Values, ref: Ref, bound: Bound, result: Name) -> Float64Array | None:
    """Return the doubts of some cells, with an axis for each free letter; None where they are what the result took."""
    lent = values.lent
    if lent is None:
        return None
    if isinstance(ref.name, Aside):
        return _of_derived(values, ref, bound, result)
    found = lent.doubts.get(ref.name)
    if found is None or ref.name.layer == 0 or (ref.name in lent.names) == (result in lent.names):
        return None
    return np.asarray(found[tuple(bound.get(letter, slice(None)) for letter in ref.letters)])


def _of_derived(values: Values, ref: Ref, bound: Bound, result: Name) -> Float64Array | None:
    """Return those of the slopes of the loss and of an activation, which are made of what is lent."""
    made = equation(values.network, ref.name)
    if made is None or made.function is None:
        return None
    free, shape = ref.free(bound), dict(zip(ref.letters, values.network.shape(ref.name), strict=True))
    found = np.zeros(tuple(shape[letter] for letter in free))
    for at in np.ndindex(found.shape):
        cell = ref.at({**bound, **dict(zip(free, at, strict=True))}).cell
        found[at] = _moved(values, made, made.left.bind(cell), result)
    return found if found.any() else None


def _moved(values: Values, made: Equation, bound: Bound, result: Name) -> float:
    assert made.function is not None
    value, size = made.function.value, 0.0
    arrays = [np.array(values.along(ref, bound), np.float64) for ref in made.refs]
    with np.errstate(all="ignore"):
        start = value(arrays, bound)
        for ref, array in zip(made.refs, arrays, strict=True):
            doubt = _doubt(values, ref, bound, result)
            for at in np.ndindex(array.shape) if doubt is not None else ():
                assert doubt is not None
                kept, ends = array[at], []
                for by in (-doubt[at], doubt[at]):
                    array[at] = kept + by
                    ends.append(abs(value(arrays, bound) - start))
                array[at] = kept
                size += max(ends)
    return math.inf if math.isnan(size) else size
