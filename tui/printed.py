"""Numbers that files print with fewer digits than a float has: shown as printed, and no other digit is shared."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from core.agreement import agreement, digits
from tui.whole import fewest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from core.agreement import Agreement
    from core.arrays import Float64Array
    from core.dat.reading import Tensor
    from tui.protocol import Matrix

PRINTED = "printed"
"""The precision of what a file prints: as many digits as there are."""


def matrix_as_printed(matrix: Matrix, held: Mapping[str, Tensor]) -> Matrix:
    """Take back the digits and the distances that the printed numbers can't tell; `held` are the engines' tensors."""
    printed = [side for side, tensor in held.items() if not tensor.exact]
    if not printed:
        return matrix
    precision = {**matrix.precision, **dict.fromkeys(printed, PRINTED)}
    if "digits" not in matrix.values:
        return replace(matrix, precision=precision)
    shared = _shared(*held.values())
    shared = shared if shared.ndim == 2 else shared.reshape(-1, 1)
    window = matrix.window
    part = shared[window.row : window.row + window.rows, window.column : window.column + window.columns]
    blocks = matrix.map
    if blocks is not None:
        least = fewest(shared, blocks.height, blocks.width)
        blocks = replace(blocks, values={**blocks.values, "digits": least})
    return replace(matrix, precision=precision, values={**matrix.values, "digits": part}, ulps={}, map=blocks)


def agreement_as_printed(a: Tensor, b: Tensor) -> Agreement:
    """Compare two tensors of one shape in the digits that are printed; zeros in both count if there is nothing else."""
    found = agreement(a.values, b.values)
    if a.exact and b.exact:
        return found
    shared = _shared(a, b)
    told = (a.values != 0) | (b.values != 0)
    shared = np.where(told, shared, np.inf) if told.any() else shared
    worst = tuple(int(i) for i in np.unravel_index(int(np.argmin(shared)), shared.shape))
    apart = float(np.float64(a.values[worst]) - np.float64(b.values[worst]))
    return replace(found, digits=float(shared[worst]), worst=worst, difference=apart)


def _shared(a: Tensor, b: Tensor) -> Float64Array:
    """Return the digits that are printed and shared, element by element, as a comparison counts them."""
    shared: Float64Array = np.minimum(digits(a.values, b.values), np.minimum(a.significant, b.significant))
    return shared
